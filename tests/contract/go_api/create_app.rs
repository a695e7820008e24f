//! `createApp`: bodies right and wrong. What is wrong with tokens stands in `refused_tokens`.

use contract_tests::{
    fixture::{DEMO_SECRET, Fixture},
    transcript,
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::{APP, app_request, create, example_app};

/// Sends this body with the demo application's token.
async fn send(app: &Value) -> Exchange {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.send(app_request(&token, app)).await
}

/// Sends these bytes as JSON with the demo application's token.
async fn send_raw(bytes: &[u8]) -> Exchange {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.send(Request::post(APP).bearer(&token).body("application/json", bytes)).await
}

#[tokio::test]
async fn ok() {
    transcript!(send(&example_app()).await);
}

#[tokio::test]
async fn ok_in_chinese() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let app = json!({ "app_name": "我的应用", "description": "应用描述" });
    transcript!(server.send(app_request(&token, &app).header("lang", "zh")).await);
}

#[tokio::test]
async fn name_only() {
    transcript!(send(&json!({ "app_name": "Bare" })).await);
}

#[tokio::test]
async fn null_for_what_is_optional() {
    transcript!(send(&json!({ "app_name": "Bare", "description": null, "redirect_uri": null })).await);
}

#[tokio::test]
async fn longest_fields() {
    let uri = format!("https://example.com/{}", "a".repeat(480));
    let app = json!({ "app_name": "数".repeat(50), "description": "é".repeat(500), "redirect_uri": uri });
    transcript!(send(&app).await);
}

#[tokio::test]
async fn bare_token() {
    let server = Fixture::start().await;
    let token = server.token().await;
    transcript!(server.send(Request::post(APP).header("Authorization", token).json(&example_app())).await);
}

#[tokio::test]
async fn unknown_fields() {
    let app = json!({
        "app_name": "Bold", "id": 1, "app_id": "go-api-mine0000", "app_secret": "mine", "secret_hash": "x", "enabled": false,
        "status": "disabled", "may_create": false, "created_by": 99, "created_at": 0, "tokens_valid_from": 9e15,
    });
    transcript!(send(&app).await);
}

#[tokio::test]
async fn name_taken() {
    let server = Fixture::start().await;
    let token = server.token().await;
    create(&server, &token, "My Application").await;
    transcript!(server.send(app_request(&token, &example_app())).await);
}

#[tokio::test]
async fn name_taken_in_chinese() {
    let server = Fixture::start().await;
    let token = server.token().await;
    create(&server, &token, "My Application").await;
    transcript!(server.send(app_request(&token, &example_app()).header("lang", "zh")).await);
}

#[tokio::test]
async fn name_missing() {
    transcript!(send(&json!({ "description": "Nameless" })).await);
}

#[tokio::test]
async fn name_missing_in_chinese() {
    let server = Fixture::start().await;
    let token = server.token().await;
    transcript!(server.send(app_request(&token, &json!({})).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn name_null() {
    transcript!(send(&json!({ "app_name": null })).await);
}

#[tokio::test]
async fn name_empty() {
    transcript!(send(&json!({ "app_name": "" })).await);
}

#[tokio::test]
async fn name_blank() {
    transcript!(send(&json!({ "app_name": "   " })).await);
}

#[tokio::test]
async fn name_too_long() {
    transcript!(send(&json!({ "app_name": "数".repeat(51) })).await);
}

#[tokio::test]
async fn name_of_wrong_type() {
    transcript!(send(&json!({ "app_name": 7 })).await);
}

#[tokio::test]
async fn description_too_long() {
    transcript!(send(&json!({ "app_name": "Talkative", "description": "d".repeat(501) })).await);
}

#[tokio::test]
async fn description_of_wrong_type() {
    transcript!(send(&json!({ "app_name": "Odd", "description": ["a"] })).await);
}

#[tokio::test]
async fn redirect_uri_relative() {
    transcript!(send(&json!({ "app_name": "Lost", "redirect_uri": "/callback" })).await);
}

#[tokio::test]
async fn redirect_uri_of_other_scheme() {
    transcript!(send(&json!({ "app_name": "Sly", "redirect_uri": "javascript:alert(1)" })).await);
}

#[tokio::test]
async fn redirect_uri_too_long() {
    let uri = format!("https://example.com/{}", "a".repeat(481));
    transcript!(send(&json!({ "app_name": "Far", "redirect_uri": uri })).await);
}

#[tokio::test]
async fn body_no_object() {
    transcript!(send(&json!(["My Application"])).await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(send_raw(br#"{"app_name": "My Application""#).await);
}

#[tokio::test]
async fn bad_utf8() {
    transcript!(send_raw(b"{\"app_name\": \"\xff\xfe\"}").await);
}

#[tokio::test]
async fn empty_body() {
    transcript!(send_raw(b"").await);
}

#[tokio::test]
async fn no_body() {
    let server = Fixture::start().await;
    let token = server.token().await;
    transcript!(server.send(Request::post(APP).bearer(&token)).await);
}

#[tokio::test]
async fn form_body() {
    let server = Fixture::start().await;
    let token = server.token().await;
    transcript!(server.send(Request::post(APP).bearer(&token).form(&[("app_name", "My Application")])).await);
}

#[tokio::test]
async fn body_without_media_type() {
    let server = Fixture::start().await;
    let token = server.token().await;
    transcript!(server.send(Request::post(APP).bearer(&token).untyped(r#"{"app_name":"My Application"}"#)).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let token = server.token().await;
    let app = json!({ "app_name": "Large", "padding": "x".repeat(512) });
    transcript!(server.send(app_request(&token, &app)).await);
}

#[tokio::test]
async fn no_right() {
    let server = Fixture::start().await;
    server.provision("go-api-limited1", false).await;
    let token = server.token_of("go-api-limited1", DEMO_SECRET).await;
    transcript!(server.send(app_request(&token, &example_app())).await);
}

#[tokio::test]
async fn no_right_in_chinese() {
    let server = Fixture::start().await;
    server.provision("go-api-limited1", false).await;
    let token = server.token_of("go-api-limited1", DEMO_SECRET).await;
    transcript!(server.send(app_request(&token, &example_app()).header("lang", "zh")).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(app_request(&token, &example_app())).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.execute("ALTER TABLE app RENAME TO gone").await;
    transcript!(server.send(app_request(&token, &example_app())).await);
}
