//! A server for tests: it records what it is asked, and answers what a test tells it to.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use gatehouse_client::RetryPolicy;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Asked {
    pub verb: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Asked {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The body, which is JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The value of a header; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

pub type Peer = WebSocketStream<TcpStream>;
type Play = Box<dyn FnOnce(Peer) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// What the server does about a request.
pub enum Answer {
    Reply {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Closes the connection without a word.
    HangUp,
    /// Becomes a WebSocket, which the function serves.
    Socket(Play),
}

impl Answer {
    /// A reply with these headers beside those that it has.
    pub fn with(self, name: &'static str, value: impl ToString) -> Self {
        match self {
            Self::Reply { status, mut headers, body } => {
                headers.push((name, value.to_string()));
                Self::Reply { status, headers, body }
            }
            other => other,
        }
    }
}

/// A reply of any kind.
pub fn reply(status: u16, body: impl Into<String>) -> Answer {
    Answer::Reply { status, headers: Vec::new(), body: body.into() }
}

pub fn socket<F>(play: impl FnOnce(Peer) -> F + Send + 'static) -> Answer
where
    F: Future<Output = ()> + Send + 'static,
{
    Answer::Socket(Box::new(move |peer| Box::pin(play(peer))))
}

/// A running server; it ends with this.
pub struct Server {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: AbortHandle,
}

impl Server {
    /// Starts a server that answers with `answer`, which gets the request and how many of the same verb and path came
    /// before it.
    pub async fn start(answer: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut stream = stream;
                    let Some(request) = read(&mut stream).await else { return };
                    let before = {
                        let mut log = log.lock().unwrap();
                        let same = |other: &&Asked| other.path() == request.path() && other.verb == request.verb;
                        let before = log.iter().filter(same).count();
                        log.push(request.clone());
                        before
                    };
                    serve(stream, &request, answer(&request, before)).await;
                });
            }
        });
        Self { url, asked, task: task.abort_handle() }
    }

    /// The requests for this path, in their order.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|request| request.path() == path).cloned().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (verb, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers: Vec<(String, String)> = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut request = Asked { verb, target, headers, body: String::new() };
    let length = request.header("content-length").parse().unwrap_or(0);
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    request.body = String::from_utf8(body).ok()?;
    Some(request)
}

async fn serve(mut stream: TcpStream, request: &Asked, answer: Answer) {
    match answer {
        Answer::HangUp => {}
        Answer::Reply { status, headers, body } => {
            let mut head = format!(
                "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n",
                body.len()
            );
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            // A client that is gone is that test's own doing.
            let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Answer::Socket(play) => {
            let accept = derive_accept_key(request.header("sec-websocket-key").as_bytes());
            let head = format!(
                "HTTP/1.1 101 -\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            play(WebSocketStream::from_raw_socket(stream, Role::Server, None).await).await;
        }
    }
}

/// An HTTP client that a test begins with: without proxies, kept connections and timeouts, whose timers would move a
/// paused clock.
pub fn direct() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap()
}

/// A policy whose waits are known: 1 s, 2 s, 4 s.
pub fn known_waits() -> RetryPolicy {
    RetryPolicy::default().base(Duration::from_secs(1)).jitter(|| 1.0)
}

/// The outcomes of so many tasks that do the same at once.
pub async fn at_once<F>(tasks: usize, task: impl Fn() -> F) -> Vec<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let outcomes = join_all((0..tasks).map(|_| tokio::spawn(task()))).await;
    outcomes.into_iter().map(Result::unwrap).collect()
}

/// What must not be printed.
pub const SECRET: &str = "hunter2hunter2hunter2hunter2hunt";
