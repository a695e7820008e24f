//! A reverse proxy that judges what it passes on, for tests whose client is somebody else's: the SDK, `requests`, `axios`,
//! a browser. WebSockets pass through it once they are open.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client, server, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

use crate::judge::{Seen, judge};

/// A running proxy. It ends with the test's runtime.
pub struct Proxy {
    address: SocketAddr,
    backend: Arc<Mutex<SocketAddr>>,
    violations: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy before the server at `backend`.
    ///
    /// # Panics
    /// If there is no free port on loopback.
    pub async fn start(backend: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let violations = Arc::new(Mutex::new(Vec::new()));
        let found = Arc::clone(&violations);
        let backend = Arc::new(Mutex::new(backend));
        let to = Arc::clone(&backend);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (found, to) = (Arc::clone(&found), Arc::clone(&to));
                let service = service_fn(move |request| {
                    let backend = *to.lock().unwrap();
                    forward(backend, request, Arc::clone(&found))
                });
                let connection =
                    server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
                // A client that leaves is no event of ours.
                tokio::spawn(async move { connection.await.unwrap_or_default() });
            }
        });
        Self { address, backend, violations }
    }

    /// Passes on to another server from the next request on.
    pub fn lead_to(&self, backend: SocketAddr) {
        *self.backend.lock().unwrap() = backend;
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What replies departed from the document so far.
    pub fn violations(&self) -> Vec<String> {
        self.violations.lock().unwrap().clone()
    }
}

type Reply = Response<Full<Bytes>>;

async fn forward(
    backend: SocketAddr,
    request: Request<Incoming>,
    found: Arc<Mutex<Vec<String>>>,
) -> Result<Reply, Infallible> {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    // A server that is down, or goes down meanwhile, is what some tests are about.
    let Some(reply) = pass(backend, request).await else {
        let mut gone = Response::new(Full::default());
        *gone.status_mut() = StatusCode::BAD_GATEWAY;
        return Ok(gone);
    };
    let (parts, body) = reply;
    let verdict = judge(Seen {
        method: &method,
        path: &path,
        status: parts.status.as_u16(),
        headers: &parts.headers,
        body: &body,
    });
    found.lock().unwrap().extend(verdict);
    Ok(Response::from_parts(parts, Full::new(body)))
}

async fn pass(backend: SocketAddr, mut request: Request<Incoming>) -> Option<(http::response::Parts, Bytes)> {
    let stream = TcpStream::connect(backend).await.ok()?;
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(async move { connection.with_upgrades().await.unwrap_or_default() });
    let client_side = hyper::upgrade::on(&mut request);
    let keep_alive = !request.headers().contains_key(header::UPGRADE);
    if keep_alive {
        // The connection to the server serves this one request.
        request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let mut response = sender.send_request(request).await.ok()?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let server_side = hyper::upgrade::on(&mut response);
        tokio::spawn(async move {
            if let (Ok(client), Ok(server)) = tokio::join!(client_side, server_side) {
                let (mut client, mut server) = (TokioIo::new(client), TokioIo::new(server));
                let _either_side_left = copy_bidirectional(&mut client, &mut server).await;
            }
        });
        return Some((response.into_parts().0, Bytes::new()));
    }
    let (mut parts, body) = response.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    parts.headers.remove(header::CONNECTION);
    parts.headers.remove(header::TRANSFER_ENCODING);
    Some((parts, body))
}
