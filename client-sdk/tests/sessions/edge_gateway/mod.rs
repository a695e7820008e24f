//! The `edge_gateway` session and its tokens.

mod refresh;
mod saved;
mod session;

use crate::server::{Answer, Asked, SECRET, Server, direct, known_waits, reply};
use gatehouse_client::edge_gateway::{Builder, Session};
use serde_json::{Value, json};

const LOGIN: &str = "/v1.0/openapi/auth/login";
const PRODUCT: &str = "/v1.0/openapi/createProduct";
const EXCHANGE: &str = "/v1.0/openapi/token/";

/// The server's time in Unix seconds, which no test's machine has.
const NOW: i64 = 1_000_000_000;

fn envelope(status: u16, body: &Value) -> Answer {
    reply(status, body.to_string()).with("X-Trace-ID", "trace-1")
}

fn success(result: &Value) -> Answer {
    envelope(200, &json!({ "code": 0, "success": true, "t": NOW * 1000, "result": result }))
}

fn failure(status: u16, code: i32, msg: &str) -> Answer {
    envelope(status, &json!({ "code": code, "success": false, "msg": msg, "t": NOW * 1000 }))
}

/// The tokens `a<name>` and `r<name>`; the access token is good for 7200 s.
fn pair(name: &str) -> Answer {
    success(&json!({ "access_token": format!("a{name}"), "expire": NOW + 7200, "refresh_token": format!("r{name}") }))
}

fn product() -> Answer {
    success(&json!({
        "id": 1, "name": "First Product", "product_key": "Ol98KeAD6vSlegu1", "created_time": "2023-06-10 08:34:56",
    }))
}

/// The successor of the refresh token in this path: that of `r1` is `1.1`, that of `r1.1` is `1.1.1`.
fn successor(path: &str) -> Answer {
    pair(&format!("{}.1", path.strip_prefix(EXCHANGE).unwrap().strip_prefix('r').unwrap()))
}

/// Logins give the pairs 1, 2, …, and refresh tokens their successors, unless `other` knows better.
async fn serving(other: impl Fn(&Asked, usize) -> Option<Answer> + Send + Sync + 'static) -> Server {
    Server::start(move |asked, before| {
        other(asked, before).unwrap_or_else(|| match asked.path() {
            LOGIN => pair(&(before + 1).to_string()),
            PRODUCT => product(),
            path => successor(path),
        })
    })
    .await
}

/// Whether the request is one with this access token.
fn is_with(asked: &Asked, token: &str) -> bool {
    asked.path() == PRODUCT && asked.header("x-token") == token
}

fn nobody(server: &Server) -> Builder {
    Session::builder().base_url(&server.url).http_client(direct()).timeout(None).retry(known_waits())
}

fn builder(server: &Server) -> Builder {
    nobody(server).username("admin").password(SECRET)
}

fn session(server: &Server) -> Session {
    builder(server).build().unwrap()
}

/// How often the refresh token was presented.
fn exchanges(server: &Server, token: &str) -> usize {
    server.asked(&format!("{EXCHANGE}{token}")).len()
}

/// The access tokens that operations came with.
fn shown(server: &Server) -> Vec<String> {
    server.asked(PRODUCT).iter().map(|asked| asked.header("x-token").to_owned()).collect()
}
