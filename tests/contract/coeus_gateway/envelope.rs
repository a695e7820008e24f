//! What no operation answers, and what every reply has: the envelope, the trace id, the language.

use contract_tests::{fixture::Fixture, transcript, wire::Request};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{CREATE_PROJECT, LOGIN, LOGOUT, code_of, login_request};

#[tokio::test]
async fn unknown_path() {
    transcript!(Fixture::start().await.send(Request::post("/api/v1/project/update").json(&json!({}))).await);
}

#[tokio::test]
async fn unknown_path_in_chinese() {
    transcript!(Fixture::start().await.send(Request::get("/api/v1/nowhere").header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn unknown_path_by_head() {
    transcript!(Fixture::start().await.send(Request::new("HEAD", "/api/v1/nowhere")).await);
}

#[tokio::test]
async fn prefix_alone() {
    transcript!(Fixture::start().await.send(Request::get("/api/v1")).await);
}

#[tokio::test]
async fn trailing_slash() {
    transcript!(Fixture::start().await.send(Request::post(format!("{LOGIN}/")).json(&json!({}))).await);
}

#[tokio::test]
async fn path_in_capitals() {
    transcript!(Fixture::start().await.send(Request::post("/api/v1/Login").json(&json!({}))).await);
}

#[tokio::test]
async fn wrong_method() {
    transcript!(Fixture::start().await.send(Request::get(LOGIN)).await);
}

#[tokio::test]
async fn wrong_method_in_chinese() {
    transcript!(Fixture::start().await.send(Request::new("DELETE", LOGOUT).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn wrong_method_without_a_token() {
    transcript!(Fixture::start().await.send(Request::new("PUT", CREATE_PROJECT)).await);
}

#[tokio::test]
async fn head_of_a_post() {
    transcript!(Fixture::start().await.send(Request::new("HEAD", LOGIN)).await);
}

#[tokio::test]
async fn unknown_method() {
    transcript!(Fixture::start().await.send(Request::new("BREW", LOGIN)).await);
}

#[tokio::test]
async fn query_that_is_not_utf8_where_none_is_read() {
    let request = Request::post(format!("{LOGIN}?x=%ff")).json(&json!({ "user_name": "nobody", "password": "x" }));
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn trace_taken_over() {
    let request = login_request("nobody", "x").header("X-Trace-ID", "Mine.1_2-3");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn trace_with_other_characters() {
    let request = login_request("nobody", "x").header("X-Trace-ID", "<script>");
    transcript!(Fixture::start().await.send(request).await);
}

/// Only `go_api` has a header of its own for the language.
#[tokio::test]
async fn lang_does_not_choose_the_language() {
    transcript!(Fixture::start().await.send(login_request("nobody", "x").header("lang", "zh")).await);
}

#[tokio::test]
async fn unknown_languages_are_english() {
    let request = login_request("nobody", "x").header("Accept-Language", "fr, *;q=0.5");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn the_preferred_language_wins() {
    let request = login_request("nobody", "x").header("Accept-Language", "en;q=0.5, zh-TW;q=0.8");
    transcript!(Fixture::start().await.send(request).await);
}

/// The envelope has no place for a detail, not even in debug mode.
#[tokio::test]
async fn no_detail_in_debug_mode() {
    let server = Fixture::with(|config| config.debug = true).await;
    transcript!(server.send(Request::post(LOGIN).json(&json!({ "user_name": "x" }))).await);
}

#[tokio::test]
async fn compressed_body() {
    let request = login_request("nobody", "x").header("Content-Encoding", "gzip");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn a_body_that_is_encoded_as_itself_is_read() {
    let request = login_request("nobody", "x").header("Content-Encoding", "Identity");
    let exchange = Fixture::start().await.send(request).await;
    assert_eq!(code_of(&exchange.reply), 1002, "{exchange}");
}

/// Whoever asks before sending is answered without being invited, and whoever never sends is not waited for.
#[tokio::test]
async fn a_body_too_large_need_not_be_sent_to_be_refused() {
    let server = Fixture::start().await;
    for expect in ["", "Expect: 100-continue\r\n"] {
        let head = format!(
            "POST {LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{expect}Content-Length: 99999999\r\n\r\n"
        );
        let mut socket = TcpStream::connect(server.address()).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains(r#""code":1003"#), "{answer}");
    }
}
