//! WebSockets: the handshake, and frames that handlers can use without knowing the transport.

use std::{fmt, future::Future, marker::PhantomData, pin::Pin};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use poem::{
    FromRequest, IntoResponse, OnUpgrade, Request, RequestBody, Response, Upgraded,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};

use super::{Answer, Context, Fault, Operation, Refusal, Refused, Reply};

/// A request that asks for a WebSocket (RFC 6455, 4.2.1).
pub struct SocketUpgrade {
    accept: HeaderValue,
    upgrade: OnUpgrade,
}

impl<'a> FromRequest<'a> for SocketUpgrade {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let refused = || Refused::new(Refusal::BadHandshake, "the request is not a WebSocket handshake");
        let headers = request.headers();
        let asks = *request.method() == Method::GET
            && lists(headers, header::UPGRADE, "websocket")
            && lists(headers, header::CONNECTION, "upgrade")
            && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
        let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| asks && is_key(key)).ok_or_else(refused)?;
        let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(|_| refused())?;
        let upgrade = request.take_upgrade().map_err(|_| refused())?;
        Ok(Self { accept, upgrade })
    }
}

/// Whether a value is 16 bytes in base64, as every client's key is.
fn is_key(value: &HeaderValue) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    value.as_bytes().strip_suffix(b"==").is_some_and(|digits| digits.len() == 22 && digits.iter().all(digit))
}

/// Whether a header lists a token, in any case.
fn lists(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}

type Run = Box<dyn FnOnce(Socket) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// What a handler does with the socket once it is open.
pub struct OnSocket {
    max_frame: usize,
    run: Run,
}

impl OnSocket {
    /// Serves the socket with `run`; frames and messages over `max_frame` bytes are [`SocketError::TooLarge`].
    pub fn new<F, Fut>(max_frame: usize, run: F) -> Self
    where
        F: FnOnce(Socket) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self { max_frame, run: Box::new(move |socket| Box::pin(run(socket))) }
    }
}

impl fmt::Debug for OnSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnSocket").field("max_frame", &self.max_frame).finish_non_exhaustive()
    }
}

/// The server's side of an open WebSocket.
pub struct Socket(WebSocketStream<Upgraded>);

/// What goes over a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketFrame {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// A ping; the socket answers the peer's by itself.
    Ping(Bytes),
    /// A pong.
    Pong(Bytes),
    /// The end, with its code and reason.
    Close(u16, String),
}

/// Why a socket cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketError {
    /// A frame or message was larger than the socket reads.
    TooLarge,
    /// A text was not UTF-8.
    NotText,
    /// The peer broke the protocol.
    Protocol,
    /// The connection is gone.
    Gone,
}

impl Socket {
    /// The next frame; `None` once the socket is closed. It may be dropped and called again.
    ///
    /// # Errors
    ///
    /// What the peer did wrong; the socket can only be closed after that.
    pub async fn receive(&mut self) -> Option<Result<SocketFrame, SocketError>> {
        loop {
            return match self.0.next().await? {
                Ok(Message::Text(text)) => Some(Ok(SocketFrame::Text(text.as_str().to_owned()))),
                Ok(Message::Binary(bytes)) => Some(Ok(SocketFrame::Binary(bytes))),
                Ok(Message::Ping(bytes)) => Some(Ok(SocketFrame::Ping(bytes))),
                Ok(Message::Pong(bytes)) => Some(Ok(SocketFrame::Pong(bytes))),
                Ok(Message::Close(frame)) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                        (u16::from(frame.code), frame.reason.as_str().to_owned())
                    });
                    Some(Ok(SocketFrame::Close(code, reason)))
                }
                Ok(Message::Frame(_)) => continue,
                Err(error) => Some(Err(error.into())),
            };
        }
    }

    /// Sends a frame and flushes it.
    ///
    /// # Errors
    ///
    /// [`SocketError::Gone`] once the connection is.
    pub async fn send(&mut self, frame: SocketFrame) -> Result<(), SocketError> {
        let message = match frame {
            SocketFrame::Text(text) => Message::text(text),
            SocketFrame::Binary(bytes) => Message::Binary(bytes),
            SocketFrame::Ping(bytes) => Message::Ping(bytes),
            SocketFrame::Pong(bytes) => Message::Pong(bytes),
            SocketFrame::Close(code, reason) => {
                Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
            }
        };
        Ok(self.0.send(message).await?)
    }
}

impl From<tungstenite::Error> for SocketError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Capacity(_) => Self::TooLarge,
            tungstenite::Error::Utf8(_) => Self::NotText,
            tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)
            | tungstenite::Error::ConnectionClosed
            | tungstenite::Error::AlreadyClosed
            | tungstenite::Error::Io(_) => Self::Gone,
            _ => Self::Protocol,
        }
    }
}

/// The answer to a handshake: the upgrade, or an envelope.
pub enum SocketAnswer<O> {
    /// The connection speaks WebSocket from here on.
    Upgraded {
        /// The reply of the handshake.
        accept: HeaderValue,
        /// What keeps the operation's name.
        operation: PhantomData<O>,
    },
    /// The handler refused.
    Refused(Answer<O>),
}

impl<O: Operation> SocketAnswer<O> {
    /// Upgrades the connection and serves it, or says why not.
    pub fn of(
        cx: &Context,
        upgrade: SocketUpgrade,
        outcome: Result<OnSocket, Fault<<O::Reply as Reply>::Code>>,
    ) -> Self {
        let serve = match outcome {
            Ok(serve) => serve,
            Err(fault) => return Self::Refused(Answer::fault(cx, &fault)),
        };
        let SocketUpgrade { accept, upgrade } = upgrade;
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else {
                return;
            };
            let config = WebSocketConfig::default()
                .max_frame_size(Some(serve.max_frame))
                .max_message_size(Some(serve.max_frame));
            let stream = WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(config)).await;
            (serve.run)(Socket(stream)).await;
        });
        Self::Upgraded { accept, operation: PhantomData }
    }
}

impl<O: Operation> IntoResponse for SocketAnswer<O> {
    fn into_response(self) -> Response {
        match self {
            Self::Upgraded { accept, .. } => Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header(header::CONNECTION, "upgrade")
                .header(header::UPGRADE, "websocket")
                .header(header::SEC_WEBSOCKET_ACCEPT, accept)
                .finish(),
            Self::Refused(answer) => answer.into_response(),
        }
    }
}

impl<O: Operation> ApiResponse for SocketAnswer<O> {
    fn meta() -> MetaResponses {
        Answer::<O>::meta()
    }

    fn register(registry: &mut Registry) {
        Answer::<O>::register(registry);
    }
}
