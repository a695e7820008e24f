//! A provider of SMS of one test: a webhook over real sockets that keeps what it is given.

use std::{collections::VecDeque, convert::Infallible, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch};

use crate::must;

/// The path, with a secret in its query, as providers like it.
pub const PATH: &str = "/send?key=provider-secret";

/// How a try is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With this status.
    Status(u16),
    /// With a redirection to a path that takes everything.
    Redirect,
    /// With 10 MB.
    Huge,
    /// Not at all.
    Stall,
}

/// A try to hand over a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Try {
    /// Path and query.
    pub uri: String,
    /// The same for the same message.
    pub id: String,
    /// The message.
    pub json: Value,
}

/// A running provider. It ends with the test's runtime.
pub struct Provider {
    address: SocketAddr,
    tries: Arc<watch::Sender<Vec<Try>>>,
}

impl Provider {
    /// Starts a provider at `127.0.0.1` that gives these answers, one each, and then takes everything.
    ///
    /// # Panics
    /// If there is no free port on loopback.
    pub async fn start(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let tries = Arc::new(watch::Sender::new(Vec::new()));
        let answers = Arc::new(std::sync::Mutex::new(VecDeque::from(answers.to_vec())));
        let shared = Arc::clone(&tries);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tries, answers) = (Arc::clone(&shared), Arc::clone(&answers));
                let service = service_fn(move |request| {
                    let answer = answers.lock().unwrap().pop_front().unwrap_or(Answer::Status(200));
                    take(Arc::clone(&tries), answer, request)
                });
                let connection = server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // A client that leaves is no event of ours.
                tokio::spawn(async move { connection.await.unwrap_or_default() });
            }
        });
        Self { address, tries }
    }

    /// The webhook.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Waits for so many tries, and gives all that there are.
    pub async fn tries(&self, count: usize) -> Vec<Try> {
        let mut watching = self.tries.subscribe();
        must("the SMS", watching.wait_for(|tries| tries.len() >= count)).await.expect("the provider runs").clone()
    }

    /// The tries so far.
    pub fn tries_so_far(&self) -> Vec<Try> {
        self.tries.borrow().clone()
    }
}

async fn take(
    tries: Arc<watch::Sender<Vec<Try>>>,
    answer: Answer,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let uri = request.uri().to_string();
    let id = request.headers().get("Idempotency-Key").map(|id| id.to_str().expect("ASCII").to_owned());
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let json = serde_json::from_slice(&body).unwrap_or_default();
    tries.send_modify(|tries| tries.push(Try { uri, id: id.unwrap_or_default(), json }));
    let mut reply = Response::new(Full::default());
    match answer {
        Answer::Status(status) => *reply.status_mut() = StatusCode::from_u16(status).expect("a status"),
        Answer::Redirect => {
            *reply.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            reply.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/elsewhere"));
        }
        Answer::Huge => *reply.body_mut() = Full::new(vec![b' '; 10_000_000].into()),
        Answer::Stall => std::future::pending().await,
    }
    Ok(reply)
}
