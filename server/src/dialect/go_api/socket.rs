//! The WebSocket of `go_api`, as `go-api.asyncapi.yaml` describes it.

use std::{collections::BTreeSet, time::Duration};

use gatehouse_api::{
    go_api::ErrorCode,
    runtime::{Context, ErrorCode as _, Socket, SocketError, SocketFrame},
};
use prometheus_client::metrics::gauge::Gauge;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::Proven;
use crate::domain::{
    Core, Error,
    event::{Event, Topic},
};

/// How often the token is looked at again; revocation and expiry close the socket within a second.
const CHECK: Duration = Duration::from_millis(500);
/// How long a socket whose token was revoked waits to learn why.
const TELL: Duration = Duration::from_millis(250);
/// How long one frame may take to be written before the consumer counts as too slow.
const WRITE: Duration = Duration::from_secs(5);
/// How long the peer has to answer a close.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why the server closes a socket, with the code on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Close {
    GoingAway = 1001,
    Protocol = 1002,
    NotText = 1007,
    TooLarge = 1009,
    Fault = 1011,
    TokenOver = 4401,
    TooSlow = 4408,
    TooMany = 4429,
}

impl Close {
    fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "the server shuts down",
            Self::Protocol => "protocol error",
            Self::NotText => "the text is not UTF-8",
            Self::TooLarge => "the frame is too large",
            Self::Fault => "the server failed",
            Self::TokenOver => "the token expired or was revoked",
            Self::TooSlow => "the consumer is too slow",
            Self::TooMany => "too many sockets",
        }
    }
}

/// What holds for every socket.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Sockets that one application may have open.
    pub per_app: usize,
    /// Events that may wait for a socket.
    pub queue: usize,
    /// How often the server pings.
    pub ping: Duration,
    /// Cancelled when the server shuts down.
    pub shutdown: CancellationToken,
    /// Counts open sockets.
    pub open: Gauge,
    /// Keeps the shutdown waiting for open sockets.
    pub tracker: TaskTracker,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Request {
    Subscribe { topics: Vec<TopicName> },
    Unsubscribe { topics: Vec<TopicName> },
    Ping { id: Option<Value> },
}

impl Request {
    /// The request in a text. Serde would also read one from a list of its values, hence the look at the first character.
    fn read(text: &str) -> Option<Self> {
        text.trim_ascii_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
    }
}

/// A topic from its name only; serde would also read one from `{"app.created": null}`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct TopicName(Topic);

impl TryFrom<String> for TopicName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Topic::parse(&name).map(Self).ok_or("unknown topic")
    }
}

/// An event frame, in the documented order of keys.
#[derive(Serialize)]
struct EventFrame<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    topic: &'static str,
    id: &'a str,
    at: String,
    data: &'a Value,
}

/// One open socket.
pub struct Session {
    cx: Context,
    core: Core,
    caller: Proven,
    rules: Rules,
    topics: BTreeSet<&'static str>,
}

impl Session {
    /// The session of a caller who has proven itself.
    pub fn new(cx: Context, core: Core, caller: Proven, rules: Rules) -> Self {
        Self { cx, core, caller, rules, topics: BTreeSet::new() }
    }

    /// Serves the socket until one side has enough.
    pub async fn run(mut self, mut socket: Socket) {
        let _open = self.rules.tracker.token();
        self.rules.open.inc();
        if let Err(close) = self.serve(&mut socket).await {
            farewell(&mut socket, close).await;
        }
        self.rules.open.dec();
    }

    /// `Ok` when the peer is gone, `Err` when it is the server that closes.
    async fn serve(&mut self, socket: &mut Socket) -> Result<(), Close> {
        let app = self.caller.caller.app.clone();
        let subscription = self.core.events.subscribe_at_most(&app, self.rules.queue, self.rules.per_app);
        let mut events = subscription.ok_or(Close::TooMany)?;
        let shutdown = self.rules.shutdown.clone();
        let mut check = tokio::time::interval(CHECK);
        let mut ping = tokio::time::interval(self.rules.ping);
        ping.reset();
        let mut silent_pings = 0;
        send(socket, self.hello()).await?;
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return Err(Close::GoingAway),
                event = events.next() => {
                    let event = event.map_err(|_| Close::TooSlow)?;
                    self.forward(socket, &event).await?;
                }
                _ = check.tick() => {
                    match self.core.tokens.verify(&self.caller.token).await {
                        Ok(_) => {}
                        Err(Error::Unauthorized | Error::TokenExpired) => {
                            // Why it is over is told before it ends, unless the store cannot say in time.
                            if self.core.clock.now() < self.caller.caller.expires_at {
                                let _untold = timeout(TELL, self.core.apps.tell()).await;
                            }
                            while let Some(event) = events.waiting() {
                                self.forward(socket, &event).await?;
                            }
                            return Err(Close::TokenOver);
                        }
                        // Nobody knows whether the token is still good, and a client that is told it is not would
                        // log in again for nothing.
                        Err(_) => return Err(Close::Fault),
                    }
                }
                _ = ping.tick() => {
                    if silent_pings == 2 {
                        return Ok(());
                    }
                    silent_pings += 1;
                    write(socket, SocketFrame::Ping(bytes::Bytes::new())).await?;
                }
                frame = socket.receive() => {
                    silent_pings = 0;
                    match frame {
                        None | Some(Err(SocketError::Gone)) => return Ok(()),
                        Some(Ok(SocketFrame::Close(..))) => {
                            drain(socket).await;
                            return Ok(());
                        }
                        Some(Ok(SocketFrame::Text(text))) => send(socket, self.answer(&text)).await?,
                        Some(Ok(SocketFrame::Binary(_))) => send(socket, self.error()).await?,
                        Some(Ok(SocketFrame::Ping(_) | SocketFrame::Pong(_))) => {}
                        Some(Err(SocketError::TooLarge)) => return Err(Close::TooLarge),
                        Some(Err(SocketError::NotText)) => return Err(Close::NotText),
                        Some(Err(SocketError::Protocol)) => return Err(Close::Protocol),
                    }
                }
            }
        }
    }

    /// Sends an event that the client subscribed to.
    async fn forward(&self, socket: &mut Socket, event: &Event) -> Result<(), Close> {
        if self.topics.contains(event.topic.name()) {
            send(socket, event_frame(event)).await?;
        }
        Ok(())
    }

    fn hello(&self) -> String {
        let caller = &self.caller.caller;
        json!({
            "type": "hello",
            "trace": { "id": self.cx.trace.as_str() },
            "data": { "app_id": caller.app.app_id.as_str(), "expires_at": caller.expires_at.rfc3339() },
        })
        .to_string()
    }

    fn answer(&mut self, text: &str) -> String {
        match Request::read(text) {
            Some(Request::Subscribe { topics }) => {
                self.topics.extend(topics.into_iter().map(|topic| topic.0.name()));
                json!({ "type": "subscribed", "topics": self.topics }).to_string()
            }
            Some(Request::Unsubscribe { topics }) => {
                for topic in topics {
                    self.topics.remove(topic.0.name());
                }
                json!({ "type": "unsubscribed", "topics": self.topics }).to_string()
            }
            Some(Request::Ping { id }) => json!({ "type": "pong", "id": id }).to_string(),
            None => self.error(),
        }
    }

    fn error(&self) -> String {
        let code = ErrorCode::InvalidParameter;
        json!({ "type": "error", "code": code.number(), "msg": code.message(self.cx.language) }).to_string()
    }
}

fn event_frame(event: &Event) -> String {
    let frame = EventFrame {
        kind: "event",
        topic: event.topic.name(),
        id: &event.id,
        at: event.at.rfc3339(),
        data: &event.data,
    };
    serde_json::to_string(&frame).unwrap_or_default()
}

async fn send(socket: &mut Socket, text: String) -> Result<(), Close> {
    write(socket, SocketFrame::Text(text)).await
}

/// Writes a frame. A peer that is gone is noticed by the next read, which ends the session.
async fn write(socket: &mut Socket, frame: SocketFrame) -> Result<(), Close> {
    match timeout(WRITE, socket.send(frame)).await {
        Ok(Ok(()) | Err(SocketError::Gone)) => Ok(()),
        Ok(Err(_)) => Err(Close::Fault),
        Err(_) => Err(Close::TooSlow),
    }
}

/// Says why, and lets the peer answer, so that the reason is not lost in a reset.
async fn farewell(socket: &mut Socket, close: Close) {
    let frame = SocketFrame::Close(close as u16, close.reason().to_owned());
    if let Ok(Ok(())) = timeout(FAREWELL, socket.send(frame)).await {
        drain(socket).await;
    }
}

/// Reads until the peer is gone, or has had its time. Reading is also what sends the answer to the peer's close, without
/// which it would take the end for a broken connection.
async fn drain(socket: &mut Socket) {
    let drained = async { while let Some(Ok(_)) = socket.receive().await {} };
    let _gone_or_late = timeout(FAREWELL, drained).await;
}
