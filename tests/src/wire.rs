//! A client that hides nothing: it writes a request byte by byte and keeps what came back as it came.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    judge::{Seen, judge},
    must,
};

/// The boundary of multipart bodies.
const BOUNDARY: &str = "gatehouse-boundary";

/// What transcripts show of a long body, in characters.
const SHOWN: usize = 240;

/// A request as it goes over the wire.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
    chunked: bool,
}

impl Request {
    /// A request without a body; the target is path and query.
    pub fn new(method: &str, target: impl Into<String>) -> Self {
        Self { method: method.to_owned(), target: target.into(), headers: Vec::new(), body: None, chunked: false }
    }

    /// `GET`.
    pub fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    /// `POST`.
    pub fn post(target: impl Into<String>) -> Self {
        Self::new("POST", target)
    }

    /// The same with one more header; names may repeat.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// The same with one more parameter in the query.
    pub fn query(self, name: &str, value: &str) -> Self {
        let pair = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
        let separator = if self.target.contains('?') { '&' } else { '?' };
        Self { target: format!("{}{separator}{pair}", self.target), ..self }
    }

    /// The same from a device that nothing else came from, as far as the server can tell.
    pub fn from_new_device(self) -> Self {
        static DEVICES: AtomicU64 = AtomicU64::new(0);
        let device = DEVICES.fetch_add(1, Ordering::Relaxed);
        self.header("User-Agent", format!("device {device}"))
    }

    /// The same with `Authorization: Bearer <token>`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// The same with a body of this media type.
    pub fn body(self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(bytes.into()), ..self.header("Content-Type", media_type) }
    }

    /// The same with a body that has no media type.
    pub fn untyped(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(bytes.into()), ..self }
    }

    /// The same with its body in chunks, so that its length is not known beforehand.
    pub fn chunked(self) -> Self {
        Self { chunked: true, ..self }
    }

    /// The same with a JSON body.
    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// The same with an urlencoded body.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded", encoded)
    }

    /// The same with a multipart body of text fields.
    pub fn multipart(self, fields: &[(&str, &str)]) -> Self {
        let mut body = String::new();
        for (name, value) in fields {
            write!(body, "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").unwrap();
        }
        write!(body, "--{BOUNDARY}--\r\n").unwrap();
        self.body(&format!("multipart/form-data; boundary={BOUNDARY}"), body)
    }

    /// The method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path, without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Sends the request over a connection of its own and judges the reply.
    ///
    /// # Panics
    /// If the reply is not one that the document promises, or no HTTP at all.
    pub async fn send(self, to: SocketAddr) -> Exchange {
        let exchange = self.send_unjudged(to).await;
        let verdict = exchange.verdict();
        assert!(verdict.is_empty(), "{}\n\n{exchange}", verdict.join("\n"));
        exchange
    }

    /// As [`send`](Self::send), without a judgement.
    ///
    /// # Panics
    /// If the reply is no HTTP.
    pub async fn send_unjudged(self, to: SocketAddr) -> Exchange {
        let reply = Reply::parse(&converse(to, &self.bytes(to)).await, self.method == "HEAD");
        Exchange { request: self, reply }
    }

    /// The request as bytes, which ask for the connection's end after the reply.
    pub fn bytes(&self, to: SocketAddr) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n", self.method, self.target);
        if let Some(body) = &self.body {
            match self.chunked {
                true => bytes.push_str("Transfer-Encoding: chunked\r\n"),
                false => write!(bytes, "Content-Length: {}\r\n", body.len()).unwrap(),
            }
        }
        let mut bytes = bytes.into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        let body = self.body.as_deref().unwrap_or_default();
        if self.chunked {
            for chunk in body.chunks(1000) {
                bytes.extend([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            bytes.extend(body);
        }
        bytes
    }
}

/// Sends bytes, which need not be HTTP at all, over a connection of its own, and gives everything that came back.
///
/// # Panics
/// If the server does not end the connection.
pub async fn converse(to: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let stream = TcpStream::connect(to).await.expect("the server accepts connections");
    let (mut read, mut write) = stream.into_split();
    let mut answer = Vec::new();
    let both = async {
        // A server may answer and close before it has read everything; what it said is what counts.
        let (_written, read) = tokio::join!(write.write_all(bytes), read.read_to_end(&mut answer));
        read
    };
    let _reset_after_the_reply = must("a reply", both).await;
    answer
}

/// A reply as it came.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The reply in these bytes, which hold nothing else.
    ///
    /// # Panics
    /// If they are no HTTP.
    pub fn parse(bytes: &[u8], to_head: bool) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a reply has a head");
        let head = std::str::from_utf8(&bytes[..end]).expect("a reply's head is text");
        let mut lines = head.split("\r\n");
        let status_line = lines.next().unwrap_or_default();
        let status = status_line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).expect("an HTTP/1.1 reply");
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").expect("a header is `name: value`");
            let name: HeaderName = name.parse().expect("a header's name");
            headers.append(name, HeaderValue::from_str(value).expect("a header's value"));
        }
        let body = bytes[end + 4..].to_vec();
        let length = headers.get("content-length").map(|value| value.to_str().unwrap().parse::<usize>().unwrap());
        match length {
            _ if to_head => assert!(body.is_empty(), "a reply to HEAD has no body"),
            Some(length) => assert_eq!(body.len(), length, "Content-Length is the body's length"),
            None => assert!(body.is_empty() && status == "204", "a reply says how long it is: {head}"),
        }
        Self { status: status.parse().expect("a status is a number"), headers, body }
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code in the envelope of `go_api` and of every other dialect that names it `code`.
    pub fn code(&self) -> i64 {
        self.json()["code"].as_i64().expect("the envelope has a code")
    }

    /// The value of a header; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A request and its reply.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What was sent.
    pub request: Request,
    /// What came back.
    pub reply: Reply,
}

impl Exchange {
    /// In what the reply departs from the document.
    pub fn verdict(&self) -> Vec<String> {
        let Self { request, reply } = self;
        let (method, path) = (request.method(), request.path());
        judge(Seen { method, path, status: reply.status, headers: &reply.headers, body: &reply.body })
    }
}

/// Headers that say nothing about the contract: the moment, the connection, the length that is checked elsewhere.
const LEFT_OUT: [&str; 3] = ["date", "connection", "content-length"];

impl std::fmt::Display for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { request, reply } = self;
        writeln!(f, "{} {}", request.method, request.target)?;
        for (name, value) in &request.headers {
            writeln!(f, "{name}: {}", shown(value))?;
        }
        if let Some(body) = &request.body {
            writeln!(f, "{}\n{}", if request.chunked { "Transfer-Encoding: chunked\n" } else { "" }, shown(body))?;
        }
        write_reply(f, reply)
    }
}

/// A reply as transcripts show it.
pub fn write_reply(f: &mut impl std::fmt::Write, reply: &Reply) -> std::fmt::Result {
    let reason = StatusCode::from_u16(reply.status).ok().and_then(|status| status.canonical_reason());
    writeln!(f, "\n=> {} {}", reply.status, reason.unwrap_or_default())?;
    for (name, value) in &reply.headers {
        if !LEFT_OUT.contains(&name.as_str()) {
            writeln!(f, "{name}: {}", shown(value.as_bytes()))?;
        }
    }
    if !reply.body.is_empty() {
        writeln!(f, "\n{}", pretty(&reply.body))?;
    }
    Ok(())
}

/// JSON with line breaks, but only if taking them out again gives the very bytes that came.
fn pretty(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) if value.to_string().as_bytes() == body => serde_json::to_string_pretty(&value).unwrap(),
        _ => shown(body),
    }
}

/// Bytes as text, without carriage returns; what is not UTF-8 is escaped, and what is long is cut.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.replace('\r', ""),
        Err(_) => bytes.escape_ascii().to_string(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}… ({} bytes)", &text[..cut], bytes.len()),
        None => text,
    }
}
