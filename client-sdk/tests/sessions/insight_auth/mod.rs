//! The `insight_auth` session and its tokens.

mod checker;
mod configs;
mod refresh;
mod saved;
mod session;
mod sign_in;
mod wechat;

use crate::server::{Answer, Asked, SECRET, Server, direct, known_waits, reply};
use gatehouse_client::insight_auth::{Builder, PasswordDigest, Session, signature};
use serde_json::{Value, json};

const CODES: &str = "/base/auth/v1.0/tokens/codes";
const TOKENS: &str = "/base/auth/v1.0/tokens";
const STATUS: &str = "/base/auth/v1.0/tokens/status";

fn envelope(status: u16, body: &Value) -> Answer {
    reply(status, body.to_string()).with("X-Trace-ID", "trace-1")
}

fn success(data: &Value) -> Answer {
    optioned(data, &Value::Null)
}

fn optioned(data: &Value, option: &Value) -> Answer {
    envelope(200, &json!({ "success": true, "code": 200, "message": "请求成功", "data": data, "option": option }))
}

fn failure(status: u16, code: i32, message: &str) -> Answer {
    envelope(status, &json!({ "success": false, "code": code, "message": message, "data": null, "option": null }))
}

fn too_soon() -> Answer {
    failure(200, 490, "您请求过于频繁，请稍后重试！")
}

fn invalid_token() -> Answer {
    failure(200, 421, "无效凭证")
}

fn expired() -> Answer {
    failure(200, 422, "凭证过期，需刷新")
}

fn elsewhere() -> Answer {
    failure(200, 400, "您的账号已在其他设备登录")
}

/// The tokens `a<access>` and `r<refresh>`; the access token is good for 7200 s.
fn tokens(access: &str, refresh: &str) -> Answer {
    success(&json!({
        "accessToken": format!("a{access}"), "refreshToken": format!("r{refresh}"),
        "expire": 7_200_000, "failure": 86_400_000,
        "userInfo": {
            "id": "00000000000000000000000000000000", "tenantId": null, "name": "系统管理员", "account": "admin",
            "mobile": null, "email": null, "headImg": null, "builtin": true, "createdTime": "2019-05-17 05:28:33",
        },
    }))
}

/// The Code that is given out as the `nth`, counted from 1.
fn code(nth: usize) -> String {
    format!("{nth:032x}")
}

/// Codes are numbered, logins give the tokens 1, 2, …, and renewals those of `r1` are `a1.1`, `a1.2`, …, unless `other`
/// knows better.
async fn serving(other: impl Fn(&Asked, usize) -> Option<Answer> + Send + Sync + 'static) -> Server {
    Server::start(move |asked, before| {
        let nth = before + 1;
        other(asked, before).unwrap_or_else(|| match (asked.verb.as_str(), asked.path()) {
            ("GET", CODES) => success(&json!(code(nth))),
            ("POST", TOKENS) => tokens(&nth.to_string(), &nth.to_string()),
            ("PUT", TOKENS) => {
                let refresh = asked.header("authorization").strip_prefix('r').unwrap();
                tokens(&format!("{refresh}.{nth}"), refresh)
            }
            _ => success(&Value::Null),
        })
    })
    .await
}

/// Whether the request is for this operation.
fn is(asked: &Asked, verb: &str, path: &str) -> bool {
    asked.verb == verb && asked.path() == path
}

/// Whether the request is a check of this access token.
fn checks(asked: &Asked, token: &str) -> bool {
    is(asked, "GET", STATUS) && asked.header("authorization") == token
}

fn nobody(server: &Server) -> Builder {
    Session::builder().base_url(&server.url).http_client(direct()).timeout(None).retry(known_waits())
}

fn builder(server: &Server) -> Builder {
    nobody(server).app_id("app").account("admin").password(SECRET)
}

fn session(server: &Server) -> Session {
    builder(server).build().unwrap()
}

/// How often the server was asked for a Code, a login and a renewal.
fn counts(server: &Server) -> (usize, usize, usize) {
    let tokens = server.asked(TOKENS);
    let of = |verb: &str| tokens.iter().filter(|asked| asked.verb == verb).count();
    (server.asked(CODES).len(), of("POST"), of("PUT"))
}

/// The access tokens that checks came with.
fn shown(server: &Server) -> Vec<String> {
    server.asked(STATUS).iter().map(|asked| asked.header("authorization").to_owned()).collect()
}

/// The right signature of the session's user for the `nth` Code.
fn signed(nth: usize) -> String {
    signature("admin", &PasswordDigest::of(SECRET), &code(nth))
}
