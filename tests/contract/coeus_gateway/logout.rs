//! `logout`: the session ends, and no other. What a restart makes of it stands in `restart`.

use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, Fixture},
    transcript,
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::{LOGOUT, code_of, list_request, logout_request, token_of_admin};

/// Sends this body with the administrator's token.
async fn send(body: &Value) -> Exchange {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.send(Request::post(LOGOUT).bearer(&token).json(body)).await
}

/// Sends these bytes as JSON with the administrator's token.
async fn send_raw(bytes: &[u8]) -> Exchange {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.send(Request::post(LOGOUT).bearer(&token).body("application/json", bytes)).await
}

#[tokio::test]
async fn ok() {
    transcript!(send(&json!({})).await);
}

#[tokio::test]
async fn ok_in_chinese() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(logout_request(&token).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn ok_with_bare_token() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(Request::post(LOGOUT).header("Authorization", token).json(&json!({}))).await);
}

#[tokio::test]
async fn ok_with_unknown_fields() {
    transcript!(send(&json!({ "all": true })).await);
}

#[tokio::test]
async fn twice() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    assert_eq!(code_of(&server.send(logout_request(&token)).await.reply), 0);
    transcript!(server.send(logout_request(&token)).await);
}

#[tokio::test]
async fn the_other_sessions_of_the_user_stay() {
    let server = Fixture::start().await;
    let (one, other) = (token_of_admin(&server).await, token_of_admin(&server).await);
    let login = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
    let edge = server.send(Request::post("/v1.0/openapi/auth/login").json(&login)).await.reply.json();
    let edge = edge["result"]["access_token"].as_str().unwrap().to_owned();
    // Each is used once before, so that nothing is only remembered.
    for token in [&one, &other] {
        assert_eq!(code_of(&server.send(list_request(token, &json!({}))).await.reply), 0);
    }
    assert_eq!(code_of(&server.send(logout_request(&one)).await.reply), 0);
    assert_eq!(server.send(list_request(&one, &json!({}))).await.reply.status, 401);
    assert_eq!(code_of(&server.send(list_request(&other, &json!({}))).await.reply), 0);
    let product = Request::get("/v1.0/openapi/createProduct").header("x-token", &edge);
    assert_eq!(server.send(product).await.reply.json()["success"], true);
}

#[tokio::test]
async fn body_no_object() {
    transcript!(send(&json!([])).await);
}

#[tokio::test]
async fn body_no_object_in_chinese() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    let request = Request::post(LOGOUT).bearer(&token).json(&json!(null));
    transcript!(server.send(request.header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn no_body() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(Request::post(LOGOUT).bearer(&token)).await);
}

#[tokio::test]
async fn what_is_refused_ends_no_session() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    assert_eq!(code_of(&server.send(Request::post(LOGOUT).bearer(&token).json(&json!([]))).await.reply), 1003);
    assert_eq!(code_of(&server.send(list_request(&token, &json!({}))).await.reply), 0);
}

#[tokio::test]
async fn bad_json() {
    transcript!(send_raw(b"{").await);
}

#[tokio::test]
async fn bad_utf8() {
    transcript!(send_raw(b"{\"\xff\": 0}").await);
}

#[tokio::test]
async fn form_body() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(Request::post(LOGOUT).bearer(&token).form(&[("all", "1")])).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let token = token_of_admin(&server).await;
    let body = json!({ "padding": "x".repeat(512) });
    transcript!(server.send(Request::post(LOGOUT).bearer(&token).json(&body)).await);
}

#[tokio::test]
async fn no_token() {
    transcript!(Fixture::start().await.send(Request::post(LOGOUT).json(&json!({}))).await);
}

#[tokio::test]
async fn no_token_in_chinese() {
    let request = Request::post(LOGOUT).json(&json!({})).header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(logout_request(&token)).await);
}

/// What cannot be recorded is not done either.
#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.execute("ALTER TABLE audit_event RENAME TO gone").await;
    let failed = server.send(logout_request(&token)).await;
    assert_eq!(code_of(&server.send(list_request(&token, &json!({}))).await.reply), 0, "the session goes on");
    transcript!(failed);
}
