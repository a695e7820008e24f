//! The `go_api` session, its lists and its events.

mod events;
mod paging;
mod session;

use crate::server::{Answer, SECRET, Server, direct, reply};
use gatehouse_client::go_api::{Builder, Session};
use serde_json::{Value, json};

const LOGIN: &str = "/go-api/external/service/auth/token";
const APPS: &str = "/go-api/external/service/auth/app";
const PING: &str = "/go-api/external/service/ping";
const SOCKET: &str = "/ws";

/// A reply in the envelope.
fn envelope(status: u16, code: i32, msg: &str, data: &Value) -> Answer {
    let body = json!({ "code": code, "msg": msg, "trace": { "id": "trace-1", "desc": "" }, "data": data });
    reply(status, body.to_string()).with("X-Trace-ID", "trace-1")
}

fn success(data: &Value) -> Answer {
    envelope(200, 0, "ok", data)
}

fn refusal(code: i32, msg: &str) -> Answer {
    envelope(200, code, msg, &Value::Null)
}

/// The reply to a login.
fn token(text: &str, expires_in: u64) -> Answer {
    success(&json!({ "token": text, "expires_in": expires_in }))
}

/// The settings of a session that a test begins with.
fn builder(server: &Server) -> Builder {
    Session::builder()
        .base_url(&server.url)
        .app_id("go-api-test0001")
        .app_secret(SECRET)
        .http_client(direct())
        .timeout(None)
}
