//! The `coeus_gateway` session, its list of projects, and registration.

mod projects;
mod registration;
mod session;

use crate::server::{Answer, Asked, Server, direct, known_waits, reply};
use gatehouse_client::coeus_gateway::{Builder, Session};
use serde_json::{Value, json};

const LOGIN: &str = "/api/v1/login";
const LIST: &str = "/api/v1/project/list";
const CREATE: &str = "/api/v1/project/create";
const DELETE: &str = "/api/v1/project/delete";
const LOGOUT: &str = "/api/v1/platform/logout";

/// A password, and its digest.
const PASSWORD: &str = "123456";
const DIGEST: &str = "e10adc3949ba59abbe56e057f20f883e";

fn envelope(status: u16, code: i32, message: &str, counts: (usize, usize), data: &Value) -> Answer {
    let (total, count) = counts;
    let header = json!({ "code": code, "message": message, "total": total, "count": count });
    reply(status, json!({ "header": header, "data": data }).to_string()).with("X-Trace-ID", "trace-1")
}

fn success(data: &Value) -> Answer {
    envelope(200, 0, "OK", (1, 1), data)
}

fn failure(status: u16, code: i32, message: &str) -> Answer {
    envelope(status, code, message, (0, 0), &json!({}))
}

fn unauthorized() -> Answer {
    envelope(401, 1001, "unauthorized", (0, 0), &Value::Null)
}

/// The reply to a login.
fn granted(token: &str) -> Answer {
    success(&json!({
        "version": "v0.1.0", "user_name": "admin", "auth_token": token, "login_ip": "127.0.0.1",
        "login_time": 1_767_323_045, "role": "admin", "privilege": [],
    }))
}

/// Logins give the tokens t1, t2, …; everything else is up to `rest`.
async fn logging_in(rest: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |asked, before| match asked.path() {
        LOGIN => granted(&format!("t{}", before + 1)),
        _ => rest(asked, before),
    })
    .await
}

fn builder(server: &Server) -> Builder {
    let shared = Session::builder().base_url(&server.url).http_client(direct()).timeout(None).retry(known_waits());
    shared.user_name("admin").password(PASSWORD)
}

fn session(server: &Server) -> Session {
    builder(server).build().unwrap()
}
