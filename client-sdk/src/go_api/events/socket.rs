//! One WebSocket: the handshake with its subscription, and what comes in after it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Upgraded;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::frame::{self, FromClient, FromServer};
use super::{Event, Topic};
use crate::access::Login;
use crate::error::failure;
use crate::go_api::raw::credentials;
use crate::go_api::{Credentials, Error, GoApi, Session};
use crate::renewal::Issued;
use crate::retry::RetryPolicy;
use crate::secret::Secret;

/// The server pings every 30 s. Two of them missing, the connection is dead, whatever TCP thinks.
const SILENCE: Duration = Duration::from_secs(75);
/// How large a message may be, against a server that never ends one.
const LARGEST: usize = 1 << 20;

/// The token has expired or was revoked.
pub(super) const TOKEN_OVER: u16 = 4401;
/// The reader was too slow for the server's queue.
const TOO_SLOW: u16 = 4408;
/// The application has too many sockets.
const TOO_MANY: u16 = 4429;
/// No close frame came (RFC 6455, 7.1.5).
const NO_FRAME: u16 = 1006;

/// A socket that is subscribed.
pub(super) struct Connection {
    socket: WebSocketStream<Upgraded>,
    /// What came before the subscription was acknowledged.
    early: VecDeque<Event>,
    /// The token that it was opened with.
    pub token: Issued<Secret>,
    pub since: Instant,
}

/// What a socket yields.
pub(super) enum Step {
    Event(Event),
    /// The server did not like a message; the socket stays.
    Refused(Error),
    Closed(Close),
    Lost(&'static str),
}

/// How the server closed a socket.
pub(super) struct Close {
    pub code: u16,
    reason: String,
}

impl Close {
    fn new(frame: Option<CloseFrame>) -> Self {
        frame.map_or_else(
            || Self { code: NO_FRAME, reason: String::new() },
            |frame| Self { code: frame.code.into(), reason: frame.reason.to_string() },
        )
    }

    /// Whether a new socket would be closed for the same reason: too many of them, or a message that breaks the
    /// protocol (RFC 6455, 7.4.1).
    pub fn is_final(&self) -> bool {
        matches!(self.code, TOO_MANY | 1002 | 1003 | 1007..=1010)
    }

    /// Whether the reader has to know.
    pub fn is_told(&self) -> bool {
        self.is_final() || self.code == TOO_SLOW
    }
}

impl From<Close> for Error {
    fn from(close: Close) -> Self {
        Self::Closed { code: close.code, reason: close.reason }
    }
}

impl Connection {
    /// Opens a socket and subscribes. A token that the server does not take any more is renewed once.
    pub(super) async fn open(session: &Session, topics: &[Topic]) -> Result<Self, Error> {
        let token = session.access.issued().await?;
        match Self::open_with(session, topics, token.clone()).await {
            Err(error) if Credentials::is_stale(&error, token.fresh) || is_over(&error) => {
                session.access.reject(&token).await;
                let token = session.access.issued().await?;
                Self::open_with(session, topics, token).await
            }
            outcome => outcome,
        }
    }

    async fn open_with(session: &Session, topics: &[Topic], token: Issued<Secret>) -> Result<Self, Error> {
        // Reconnecting has its own waits.
        let caller =
            session.line().caller().retry(RetryPolicy::none()).with(credentials::query_token(token.value.expose()));
        let outcome = session.line().client(caller.clone()).open_socket().await;
        let seen = caller.seen();
        let upgraded = outcome.map_err(|raw| failure::<GoApi, _>(raw, &seen))?.into_inner();
        if !seen.is_websocket() {
            let what = "the handshake's key was not answered".to_owned();
            return Err(Error::Decode { what, status: seen.status, trace_id: seen.trace_id });
        }
        let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
        let socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
        let mut connection = Self { socket, early: VecDeque::new(), token, since: Instant::now() };
        let subscribing = connection.subscribe(topics);
        match session.line().timeout() {
            None => subscribing.await?,
            Some(limit) => timeout(limit, subscribing).await.unwrap_or_else(|_| Err(lost("no answer in time")))?,
        }
        Ok(connection)
    }

    async fn subscribe(&mut self, topics: &[Topic]) -> Result<(), Error> {
        let topics: Vec<&str> = topics.iter().map(|topic| topic.name()).collect();
        let message = FromClient::Subscribe { topics: &topics };
        let text = serde_json::to_string(&message).map_err(|error| Error::Invalid(error.to_string()))?;
        self.socket.send(Message::text(text)).await.map_err(broken)?;
        loop {
            match self.receive().await? {
                Ok(FromServer::Subscribed {}) => return Ok(()),
                Ok(FromServer::Event { id, at, topic, data }) => {
                    self.early.push_back(frame::event(topic, id, at, data));
                }
                Ok(FromServer::Error { code, msg }) => return Err(refused(code, msg)),
                Ok(FromServer::Hello {} | FromServer::Other) => {}
                Err(close) => return Err(close.into()),
            }
        }
    }

    /// The next thing that the reader or the feed has to know of.
    pub(super) async fn step(&mut self) -> Step {
        if let Some(event) = self.early.pop_front() {
            return Step::Event(event);
        }
        loop {
            let Ok(received) = timeout(SILENCE, self.receive_any()).await else {
                return Step::Lost("the server is silent");
            };
            return match received {
                // Only that something came: a ping, or a message of no interest.
                Ok(Ok(None | Some(FromServer::Hello {} | FromServer::Subscribed {} | FromServer::Other))) => continue,
                Ok(Ok(Some(FromServer::Event { id, at, topic, data }))) => {
                    Step::Event(frame::event(topic, id, at, data))
                }
                Ok(Ok(Some(FromServer::Error { code, msg }))) => Step::Refused(refused(code, msg)),
                Ok(Err(close)) => Step::Closed(close),
                Err(Error::Decode { what, status, trace_id }) => {
                    Step::Refused(Error::Decode { what, status, trace_id })
                }
                Err(_) => Step::Lost("the connection broke"),
            };
        }
    }

    /// The next message.
    async fn receive(&mut self) -> Result<Result<FromServer, Close>, Error> {
        loop {
            match self.receive_any().await? {
                Ok(Some(message)) => return Ok(Ok(message)),
                Ok(None) => {}
                Err(close) => return Ok(Err(close)),
            }
        }
    }

    /// The next frame: a message, nothing for a ping or pong (which is answered here), or the close.
    async fn receive_any(&mut self) -> Result<Result<Option<FromServer>, Close>, Error> {
        match self.socket.next().await {
            None | Some(Err(WsError::ConnectionClosed | WsError::AlreadyClosed)) => Ok(Err(Close::new(None))),
            Some(Err(error)) => Err(broken(error)),
            Some(Ok(Message::Text(text))) => {
                serde_json::from_str(&text).map(|message| Ok(Some(message))).map_err(|_| {
                    let what = "a message of the socket".to_owned();
                    Error::Decode { what, status: None, trace_id: None }
                })
            }
            Some(Ok(Message::Close(frame))) => Ok(Err(Close::new(frame))),
            Some(Ok(Message::Ping(_))) => {
                // The pong is written with the next flush, and a quiet socket has no other.
                self.socket.flush().await.map_err(broken)?;
                Ok(Ok(None))
            }
            Some(Ok(_)) => Ok(Ok(None)),
        }
    }
}

fn broken(error: WsError) -> Error {
    Error::Socket(Arc::new(error))
}

fn lost(what: &'static str) -> Error {
    broken(WsError::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, what)))
}

fn refused(code: i32, message: String) -> Error {
    Error::Api { code: code.into(), message, trace_id: None, rate: None, status: 101, retry_after: None }
}

/// The token ended between the handshake and the subscription.
fn is_over(error: &Error) -> bool {
    matches!(error, Error::Closed { code: TOKEN_OVER, .. })
}
