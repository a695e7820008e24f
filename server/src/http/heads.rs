//! What hyper answers by itself, kept back: heads that it cannot read it refuses without asking anybody, by a bare reply
//! that knows neither envelopes nor trace ids.
//!
//! [`Heads`] lies around the connection, and sees such a reply go by. It keeps it from the client, with the beginning of
//! the request that it was for, so that [`server`](super::server) can write a proper one when hyper has given up. It also
//! ends connections on which a head is waited for too long: hyper does so by a new timer for each request, of which one
//! for each connection is enough.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::trace::X_TRACE_ID;

/// Bytes remembered of a request: enough for the method, what tells one dialect's paths from another's, and the headers
/// that a reply depends on, where they stand at their usual place.
const REMEMBERED: usize = 1024;

/// What the connection and the service on it tell each other.
#[derive(Debug, Default)]
pub struct Progress {
    /// A request has been read, and its reply has not begun.
    answering: AtomicBool,
    /// No further request is to be read.
    ending: AtomicBool,
}

impl Progress {
    /// A request has been read.
    pub fn answering(&self) {
        self.answering.store(true, Ordering::Relaxed);
    }

    /// The server shuts down: a request of which only a part of the head has come ends here, since nobody knows whether
    /// the rest will ever come. hyper itself closes connections that are idle, and lets requests finish.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }
}

/// A connection that remembers how the request began, and keeps hyper's own refusals back.
#[derive(Debug)]
pub struct Heads<T> {
    io: T,
    progress: Arc<Progress>,
    begin: Vec<u8>,
    /// The reply to what is remembered has begun, so that the next bytes belong to another request. Where requests come
    /// without waiting for replies, several may share one read; the first one then stands for all of them.
    answered: bool,
    /// What goes over the connection is no HTTP any more.
    upgraded: bool,
    kept_back: Option<Bytes>,
    patience: Patience,
}

/// The wait for a head.
#[derive(Debug)]
struct Patience {
    /// The longest wait.
    limit: Duration,
    /// When this one began.
    since: Option<Instant>,
    /// Goes off when the limit may have been reached: it is set to no later time before, since most waits are short.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    /// Ready when somebody has waited for too long.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let end = *self.since.get_or_insert_with(Instant::now) + self.limit;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(end)));
        loop {
            ready!(alarm.as_mut().poll(cx));
            if alarm.deadline() >= end {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(end);
        }
    }
}

/// A request that hyper did not read, and what it would have answered.
#[derive(Debug)]
pub struct Unread {
    /// The status of hyper's refusal: 400, 414 or 431.
    pub status: StatusCode,
    /// The value of its `Date` header.
    pub date: Option<String>,
    /// The beginning of the request: its first line, or of a longer one so much as is remembered.
    pub line: String,
    /// Those of its headers that are remembered and can be read.
    pub headers: HeaderMap,
}

impl<T> Heads<T> {
    /// The connection, before anything was read. It ends when a head is waited for longer than `patience`, from the end of
    /// what was written before.
    pub fn new(io: T, progress: Arc<Progress>, patience: Duration) -> Self {
        let begin = Vec::new();
        let patience = Patience { limit: patience, since: None, alarm: None };
        Self { io, progress, begin, answered: false, upgraded: false, kept_back: None, patience }
    }

    /// The connection, and what was kept back on it.
    pub fn into_parts(self) -> (T, Option<Unread>) {
        let unread = self.kept_back.as_ref().and_then(|refusal| self.unread(refusal));
        (self.io, unread)
    }

    fn unread(&self, refusal: &[u8]) -> Option<Unread> {
        let head = std::str::from_utf8(refusal).ok()?;
        let status = head.get(9..12)?.parse().ok()?;
        let date = head.lines().find_map(|line| line.strip_prefix("date: ")).map(str::to_owned);
        let begin = String::from_utf8_lossy(&self.begin);
        // Empty lines before a request are nothing (RFC 9112, 2.2).
        let mut lines = begin.trim_start_matches(['\r', '\n']).split_inclusive('\n');
        let line = lines.next().unwrap_or_default().trim_end().to_owned();
        // What is remembered may be the head of a request before this one, which has been answered.
        let headers = if self.answered { HeaderMap::new() } else { readable(lines) };
        Some(Unread { status, date, line, headers })
    }

    fn remember(&mut self, read: &[u8]) {
        if read.is_empty() || self.upgraded {
            return;
        }
        if self.answered {
            self.answered = false;
            self.begin.clear();
        }
        let taken = read.len().min(REMEMBERED - self.begin.len());
        self.begin.extend_from_slice(&read[..taken]);
    }

    /// Whether a head is what the connection waits for, or the rest of one.
    fn waits_for_a_head(&self) -> bool {
        !self.upgraded && !self.progress.answering.load(Ordering::Relaxed)
    }

    /// Whether a request has begun to come, and not come to the service.
    fn is_within_a_head(&self) -> bool {
        !self.begin.is_empty() && !self.answered && !self.progress.answering.load(Ordering::Relaxed)
    }

    /// Whether bytes that are to be written are hyper's own refusal, which is then kept back.
    ///
    /// Replies are told from the middle of bodies by how they begin. A body that is cut where it looks like a refusal
    /// would be JSON or a document with a carriage return in it, which neither has; and where a WebSocket's client
    /// chooses the bytes, nothing is looked at any more.
    fn keeps_back(&mut self, bytes: &[u8]) -> bool {
        if self.upgraded || !bytes.starts_with(b"HTTP/1.") {
            return false;
        }
        match bytes.get(9..12) {
            Some(b"101") => self.upgraded = true,
            Some([b'1', ..]) => return false,
            Some([b'4', ..]) if is_bare(bytes) => {
                self.kept_back = Some(Bytes::copy_from_slice(bytes));
                return true;
            }
            _ => {}
        }
        self.answered = true;
        self.progress.answering.store(false, Ordering::Relaxed);
        false
    }
}

/// The headers in these lines, up to the empty one, but for what is none. A line without an end is not all there.
fn readable<'a>(lines: impl Iterator<Item = &'a str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.map_while(|line| line.strip_suffix('\n')) {
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && let (Ok(name), Ok(value)) = (HeaderName::from_str(name), HeaderValue::from_str(value.trim()))
        {
            headers.append(name, value);
        }
    }
    headers
}

/// Whether a reply is a head that no part of ours made: each of ours has a trace id.
fn is_bare(reply: &[u8]) -> bool {
    let trace_id = X_TRACE_ID;
    let name = trace_id.as_str().as_bytes();
    reply.ends_with(b"\r\n\r\n") && !reply.windows(name.len()).any(|window| window == name)
}

impl<T: AsyncRead + Unpin> AsyncRead for Heads<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.progress.ending.load(Ordering::Relaxed) && self.is_within_a_head() {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        if Pin::new(&mut self.io).poll_read(cx, buf)?.is_pending() {
            if !self.waits_for_a_head() {
                return Poll::Pending;
            }
            return self.patience.poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        self.remember(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Heads<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.patience.since = None;
        if self.keeps_back(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.patience.since = None;
        if let Some(first) = parts.first()
            && self.keeps_back(first)
        {
            return Poll::Ready(Ok(first.len()));
        }
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        if self.waits_for_a_head() {
            // hyper reads again only when something has come, or this alarm makes it look.
            let _too_long = self.patience.poll(cx);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.kept_back.is_some() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use http::Response;
    use http_body_util::Full;
    use hyper::{server::conn::http1, service::service_fn};
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const REFUSAL: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\
                           date: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n";

    const PATIENCE: Duration = Duration::from_secs(30);

    fn connection() -> (DuplexStream, Heads<DuplexStream>, Arc<Progress>) {
        let (client, server) = duplex(4096);
        let progress = Arc::new(Progress::default());
        (client, Heads::new(server, progress.clone(), PATIENCE), progress)
    }

    async fn read(client: &mut DuplexStream, heads: &mut Heads<DuplexStream>, text: &str) {
        client.write_all(text.as_bytes()).await.unwrap();
        heads.read_exact(&mut vec![0; text.len()]).await.unwrap();
    }

    #[tokio::test]
    async fn a_refusal_is_kept_back_with_the_line_that_it_is_for() {
        let (mut client, mut heads, progress) = connection();
        read(&mut client, &mut heads, "GET /first HTTP/1.1\r\n\r\n").await;
        progress.answering();
        let reply = "HTTP/1.1 404 Not Found\r\nx-trace-id: a\r\n\r\n";
        heads.write_all(reply.as_bytes()).await.unwrap();
        read(&mut client, &mut heads, "\r\nGET /sec").await;
        read(&mut client, &mut heads, "ond HTTP/1.1\r\nbad\r\n\r\n").await;
        heads.write_all(REFUSAL.as_bytes()).await.unwrap();
        heads.shutdown().await.unwrap();
        let (io, unread) = heads.into_parts();
        let unread = unread.unwrap();
        assert_eq!((unread.status.as_u16(), unread.line.as_str()), (431, "GET /second HTTP/1.1"));
        assert_eq!(unread.date.as_deref(), Some("Fri, 02 Jan 2026 03:04:05 GMT"));
        drop(io);
        let mut seen = String::new();
        client.read_to_string(&mut seen).await.unwrap();
        assert_eq!(seen, reply);
    }

    #[tokio::test]
    async fn what_follows_an_upgrade_is_never_kept_back() {
        let (mut client, mut heads, _) = connection();
        let accepted = "HTTP/1.1 101 Switching Protocols\r\nx-trace-id: a\r\n\r\n";
        heads.write_all(accepted.as_bytes()).await.unwrap();
        heads.write_all(REFUSAL.as_bytes()).await.unwrap();
        assert!(heads.into_parts().1.is_none());
        let mut seen = String::new();
        client.read_to_string(&mut seen).await.unwrap();
        assert_eq!(seen, format!("{accepted}{REFUSAL}"));
    }

    #[tokio::test]
    async fn at_the_end_only_half_a_head_is_cut() {
        let (mut client, mut heads, progress) = connection();
        read(&mut client, &mut heads, "POST / HTTP/1.1\r\n").await;
        progress.answering();
        progress.end();
        read(&mut client, &mut heads, "the body of a request in flight").await;
        heads.write_all(b"HTTP/1.1 200 OK\r\nx-trace-id: a\r\n\r\n").await.unwrap();
        read(&mut client, &mut heads, "GET").await;
        assert_eq!(heads.read(&mut [0; 10]).await.unwrap(), 0);
    }

    /// Whether, after `wait`, the connection still waits for more.
    async fn waits(heads: &mut Heads<DuplexStream>, wait: Duration) -> bool {
        match tokio::time::timeout(wait, heads.read(&mut [0; 10])).await {
            Err(_) => true,
            Ok(outcome) => {
                assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
                false
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_is_waited_for_from_the_end_of_the_last_reply_and_no_longer_for_coming_bit_by_bit() {
        let (mut client, mut heads, progress) = connection();
        assert!(waits(&mut heads, PATIENCE / 2).await);
        progress.answering();
        assert!(waits(&mut heads, PATIENCE * 2).await, "a request in flight has another limit");
        heads.write_all(b"HTTP/1.1 200 OK\r\nx-trace-id: a\r\n\r\n").await.unwrap();
        assert!(waits(&mut heads, PATIENCE / 2).await);
        heads.write_all(b"the rest of its body").await.unwrap();
        assert!(waits(&mut heads, PATIENCE * 3 / 4).await, "the wait began anew");
        read(&mut client, &mut heads, "GET / HTTP/1.1\r\n").await;
        assert!(waits(&mut heads, PATIENCE / 8).await);
        assert!(!waits(&mut heads, PATIENCE / 4).await, "a part of a head is none");
    }

    /// hyper reads no more after a reply until something comes, so that reading alone would not notice a wait.
    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_idle_after_a_reply_ends() {
        for requests in 1..=3 {
            for yields in 0..=2 {
                let (mut client, heads, progress) = connection();
                let service = service_fn(move |_| {
                    progress.answering();
                    async move {
                        for _ in 0..yields {
                            tokio::task::yield_now().await;
                        }
                        let body = Full::new(Bytes::from_static(b"{}"));
                        Response::builder().header(X_TRACE_ID, "a").body(body)
                    }
                });
                let connection = http1::Builder::new()
                    .header_read_timeout(None)
                    .half_close(true)
                    .serve_connection(TokioIo::new(heads), service);
                let serving = tokio::spawn(connection);
                let mut seen = [0; 1024];
                for _ in 0..requests {
                    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
                    assert!(client.read(&mut seen).await.unwrap() > 0);
                    tokio::time::advance(PATIENCE / 3).await;
                }
                let waited = Instant::now();
                let end = tokio::time::timeout(PATIENCE * 9, client.read(&mut seen)).await;
                assert_eq!(end.expect("it ends").unwrap(), 0);
                // hyper takes whatever ends an idle connection for no error.
                let _ended = serving.await.unwrap();
                let waited = waited.elapsed() + PATIENCE / 3;
                assert_eq!(waited.as_secs(), PATIENCE.as_secs(), "{requests} requests, {yields} yields: {waited:?}");
            }
        }
    }

    #[tokio::test]
    async fn of_a_long_line_the_beginning_is_remembered() {
        let (mut client, mut heads, _) = connection();
        read(&mut client, &mut heads, &format!("GET /{} HTTP/1.1\r\n", "a".repeat(2000))).await;
        heads.write_all(REFUSAL.as_bytes()).await.unwrap();
        assert_eq!(heads.into_parts().1.unwrap().line.len(), REMEMBERED);
    }
}
