//! A WebSocket client that keeps a transcript.

use std::{
    fmt::{self, Write as _},
    net::SocketAddr,
};

use futures_util::{SinkExt, StreamExt};
use http::{Response, header};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        self, Message,
        protocol::frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

use crate::{
    asyncapi,
    judge::{Seen, judge},
    must,
    wire::{Reply, shown, write_reply},
};

/// The key of every handshake: that of RFC 6455, so that transcripts repeat.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// An open WebSocket. Displayed, it is the handshake and every frame so far.
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    path: String,
    transcript: String,
}

/// What a server says last.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed {
    /// The code.
    pub code: u16,
    /// The reason.
    pub reason: String,
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.transcript)
    }
}

impl Socket {
    /// Opens a WebSocket at this target and judges the handshake.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn open(to: SocketAddr, target: &str) -> Self {
        Self::open_in(to, target, "").await
    }

    /// As [`open`](Self::open), with this `Accept-Language`.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn open_in(to: SocketAddr, target: &str, language: &str) -> Self {
        let request = http::Request::get(format!("ws://{to}{target}"))
            .header(header::HOST, to.to_string())
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, KEY)
            .header(header::ACCEPT_LANGUAGE, language)
            .body(())
            .expect("a handshake");
        let stream = TcpStream::connect(to).await.expect("the server accepts connections");
        let (stream, response) = match must("a handshake", client_async(request, stream)).await {
            Ok(open) => open,
            Err(tungstenite::Error::Http(refused)) => panic!("the server refused: {refused:?}"),
            Err(error) => panic!("no WebSocket: {error}"),
        };
        let reply = reply(&response);
        let path = target.split('?').next().unwrap_or_default();
        let seen = Seen { method: "GET", path, status: reply.status, headers: &reply.headers, body: &[] };
        assert_eq!(judge(seen), [] as [String; 0]);
        let mut transcript = format!("GET {target}\nUpgrade: websocket\n");
        if !language.is_empty() {
            writeln!(transcript, "Accept-Language: {language}").expect("a text takes everything");
        }
        write_reply(&mut transcript, &reply).expect("a text takes everything");
        transcript.push('\n');
        Self { stream, path: path.to_owned(), transcript }
    }

    /// Sends a text frame.
    pub async fn send(&mut self, text: &str) {
        self.note('>', text);
        self.stream.send(Message::text(text)).await.expect("the socket is open");
    }

    /// Sends a binary frame.
    pub async fn send_binary(&mut self, bytes: &[u8]) {
        self.note('>', &format!("(binary) {}", bytes.escape_ascii()));
        self.stream.send(Message::binary(bytes.to_vec())).await.expect("the socket is open");
    }

    /// Sends a text frame of these bytes, whatever they are.
    pub async fn send_raw_text(&mut self, bytes: &[u8]) {
        self.note('>', &format!("(text) {}", shown(bytes)));
        let frame = Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), true);
        self.stream.send(Message::Frame(frame)).await.expect("the socket is open");
    }

    /// Closes the socket and waits for the server's answer, without which a client takes the connection for broken.
    ///
    /// # Panics
    /// If the connection ends without one.
    pub async fn close(&mut self) {
        self.stream.close(None).await.expect("the socket is open");
        loop {
            match must("the answer to a close", self.stream.next()).await {
                Some(Ok(Message::Close(_))) => return,
                Some(Ok(_)) => {}
                other => panic!("the close was not answered: {other:?}"),
            }
        }
    }

    /// Waits for a ping of the server's.
    ///
    /// # Panics
    /// If something else comes.
    pub async fn pinged(&mut self) {
        match must("a ping", self.stream.next()).await {
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("no ping, but {other:?}"),
        }
    }

    /// The next text frame, as JSON, held against the AsyncAPI document.
    ///
    /// # Panics
    /// If the socket closes, or something else comes.
    pub async fn receive(&mut self) -> Value {
        loop {
            match must("a frame", self.stream.next()).await {
                Some(Ok(Message::Text(text))) => {
                    self.note('<', text.as_str());
                    let frame = serde_json::from_str(text.as_str()).expect("a frame is JSON");
                    assert!(asyncapi::is_documented(&self.path, &frame), "no documented message: {frame}");
                    return frame;
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no text frame, but {other:?}"),
            }
        }
    }

    /// Sends a text frame and gives the answer.
    pub async fn ask(&mut self, text: &str) -> Value {
        self.send(text).await;
        self.receive().await
    }

    /// How the server closes; frames before that are skipped.
    ///
    /// # Panics
    /// If the connection ends without a close frame.
    pub async fn closed(&mut self) -> Closed {
        loop {
            match must("the end of the socket", self.stream.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    let closed = Closed { code: frame.code.into(), reason: frame.reason.as_str().to_owned() };
                    self.note('<', &format!("(close) {} {}", closed.code, closed.reason));
                    return closed;
                }
                Some(Ok(_)) => {}
                other => panic!("the socket ended without a reason: {other:?}"),
            }
        }
    }

    fn note(&mut self, direction: char, frame: &str) {
        writeln!(self.transcript, "{direction} {frame}").expect("a text takes everything");
    }
}

fn reply<B>(response: &Response<B>) -> Reply {
    Reply { status: response.status().as_u16(), headers: response.headers().clone(), body: Vec::new() }
}
