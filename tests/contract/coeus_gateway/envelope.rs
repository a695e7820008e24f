//! What no operation answers, and what every reply has: the envelope, the trace id, the language.

use contract_tests::{fixture::Fixture, transcript, wire::Request};
use serde_json::json;

use super::{CREATE_PROJECT, LOGIN, LOGOUT, login_request};

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
