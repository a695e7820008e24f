//! The least transport that a generated server needs: a context for each request, and a socket to listen on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use contract_tests::must;
use gatehouse_api::runtime::{Context, Dialect, Language, RouteTable, TraceId};
use poem::{
    Endpoint, Request, Response, Server,
    http::HeaderValue,
    listener::{Acceptor as _, Listener as _, TcpListener},
};
use serde_json::Value;

/// When every request comes in, in milliseconds since the Unix epoch.
pub const AT_MILLIS: i64 = 1_767_322_800_123;

/// The largest body that is read, in bytes.
pub const BODY_LIMIT: usize = 4096;

/// The trace id of every reply.
pub const TRACE: &str = "golden";

struct Transport<D: Dialect>(RouteTable<D>);

impl<D: Dialect> Endpoint for Transport<D> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let lang = request.headers().get("lang").and_then(|value| Language::of_tag(value.to_str().ok()?));
        let cx = Context {
            operation: None,
            trace: TraceId::new(TRACE.as_bytes()).unwrap(),
            language: lang.unwrap_or(D::DOCUMENT.language),
            client_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            at_millis: AT_MILLIS,
            reveal: false,
            body_limit: BODY_LIMIT,
        };
        let operation = D::DOCUMENT.position(request.method().as_str(), request.uri().path());
        let mut response = self.0.call(&cx, operation, request).await.response;
        response.headers_mut().insert("X-Trace-ID", HeaderValue::from_static(TRACE));
        Ok(response)
    }
}

/// Serves a dialect until the test ends, and says where.
pub async fn serve<D: Dialect>(routes: D) -> String {
    let acceptor = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).into_acceptor().await.unwrap();
    let address = acceptor.local_addr().remove(0);
    let address = *address.as_socket_addr().unwrap();
    tokio::spawn(Server::new_with_acceptor(acceptor).run(Transport(RouteTable::new(routes))));
    format!("http://{address}")
}

/// What came back for a request: the status, and the body as JSON or null where there is none.
pub async fn send(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = must("the reply", request.send()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = must("the body", response.bytes()).await.unwrap();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    (status, body)
}

/// A client that the generator made, for a server at this address.
#[macro_export]
macro_rules! client {
    ($document:ident, $url:expr) => {
        $crate::client!($document, $url, gatehouse_client::wire::Caller::new())
    };
    ($document:ident, $url:expr, $caller:expr) => {
        $crate::generated::$document::client::Client::new_with_client($url, reqwest::Client::new(), $caller)
    };
}
