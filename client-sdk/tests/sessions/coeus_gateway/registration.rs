//! Registration, which needs no token.

use super::{DIGEST, LOGIN, PASSWORD, failure, success};
use crate::server::{Answer, SECRET, Server, direct, known_waits};
use gatehouse_client::coeus_gateway::{ErrorCode, Registration};
use serde_json::json;

const CODE: &str = "/api/v1/auth-code";
const REGISTER: &str = "/api/v1/register";

fn registration(server: &Server) -> Registration {
    let builder = Registration::builder().base_url(&server.url).http_client(direct()).timeout(None);
    builder.retry(known_waits()).build().unwrap()
}

#[tokio::test]
async fn a_code_is_sent_and_redeemed_with_the_digest_of_the_password() {
    let server = Server::start(|_, _| success(&json!({}))).await;
    let registration = registration(&server);
    let sent = registration.send_code("somebody", "somebody@example.com").await.unwrap();
    assert_eq!(sent.trace_id(), Some("trace-1"));
    registration.register("somebody", PASSWORD, "somebody@example.com", "1234").await.unwrap();
    let asked = server.asked(CODE);
    assert_eq!(asked[0].json(), json!({ "user_name": "somebody", "email": "somebody@example.com" }));
    assert_eq!(asked[0].header("authorization"), "");
    let expected = json!({
        "user_name": "somebody", "password": DIGEST, "email": "somebody@example.com", "reg_code": "1234",
    });
    assert_eq!(server.asked(REGISTER)[0].json(), expected);
    assert!(server.asked(LOGIN).is_empty());
}

#[tokio::test]
async fn refusals_are_typed() {
    let server = Server::start(|asked, before| match (asked.path(), before) {
        (CODE, _) => failure(200, 429, "too many requests"),
        (_, 0) => failure(200, 1008, "invalid auth code"),
        (_, 1) => failure(200, 1018, "Email already exist"),
        _ => failure(200, 1005, "data already exist"),
    })
    .await;
    let registration = registration(&server);
    let error = registration.send_code("somebody", "somebody@example.com").await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::TooManyRequests));
    for expected in [ErrorCode::InvalidAuthCode, ErrorCode::EmailExists, ErrorCode::DataExists] {
        let refused = registration.register("somebody", SECRET, "somebody@example.com", "1234").await.unwrap_err();
        assert_eq!((refused.code(), refused.trace_id()), (Some(expected), Some("trace-1")));
        assert!(!format!("{refused:?} {registration:?}").contains("hunter2"));
    }
}

#[tokio::test(start_paused = true)]
async fn neither_step_is_repeated_once_it_may_have_arrived() {
    let server = Server::start(|_, _| Answer::HangUp).await;
    let registration = registration(&server);
    assert!(registration.send_code("somebody", "somebody@example.com").await.unwrap_err().is_retryable());
    let outcome = registration.register("somebody", SECRET, "somebody@example.com", "1234").await;
    assert!(outcome.unwrap_err().is_retryable());
    assert_eq!((server.asked(CODE).len(), server.asked(REGISTER).len()), (1, 1));
}

#[tokio::test]
async fn what_breaks_a_rule_is_not_sent() {
    let server = Server::start(|_, _| success(&json!({}))).await;
    let registration = registration(&server);
    let error = registration.send_code("me", "somebody@example.com").await.unwrap_err();
    assert_eq!(error.to_string(), "the request was not sent: `user_name` has fewer than 3 characters");
    let error = registration.register("somebody", "", "somebody@example.com", "1234").await.unwrap_err();
    assert_eq!(error.to_string(), "the request was not sent: `password` is empty");
    assert!(server.asked(CODE).is_empty() && server.asked(REGISTER).is_empty());
}
