//! `sendAuthCode`: whom a code is sent to, and how often.

use std::time::Duration;

use contract_tests::{
    fixture::{ADMIN, Fixture},
    transcript,
    wire::{Exchange, Request},
};
use gatehouse_server::domain::user::{Handle, NewUser};
use serde_json::{Value, json};

use super::{ADDRESS, AUTH_CODE, LORY, add, auth_code_request, code, new_user};

/// Sends this body.
async fn send(body: &Value) -> Exchange {
    Fixture::start().await.send(Request::post(AUTH_CODE).json(body)).await
}

/// Sends these bytes as JSON.
async fn send_raw(bytes: &[u8]) -> Exchange {
    Fixture::start().await.send(Request::post(AUTH_CODE).body("application/json", bytes)).await
}

/// Sends this address; nothing is mailed where it is refused.
async fn refused_email(email: &str) -> Exchange {
    let server = Fixture::start().await;
    let exchange = server.send(auth_code_request(LORY, email)).await;
    assert_eq!(server.outbox(), [] as [String; 0]);
    exchange
}

/// Sends this name; nothing is mailed where it is refused.
async fn refused_name(user_name: &str) -> Exchange {
    let server = Fixture::start().await;
    let exchange = server.send(auth_code_request(user_name, ADDRESS)).await;
    assert_eq!(server.outbox(), [] as [String; 0]);
    exchange
}

/// Asks once more after this time.
async fn asked_again(after: Duration, user_name: &str, email: &str) -> Exchange {
    let server = Fixture::start().await;
    code(&server, LORY, ADDRESS).await;
    server.clock.advance(after);
    server.send(auth_code_request(user_name, email)).await
}

#[tokio::test]
async fn ok() {
    transcript!(send(&json!({ "user_name": LORY, "email": ADDRESS })).await);
}

#[tokio::test]
async fn ok_in_chinese() {
    let request = auth_code_request(LORY, ADDRESS).header("Accept-Language", "zh-CN,zh;q=0.9");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn ok_with_unknown_fields() {
    transcript!(send(&json!({ "user_name": LORY, "email": ADDRESS, "reg_code": "0000", "code_ttl": 1e9 })).await);
}

#[tokio::test]
async fn ok_with_longest_fields() {
    let email = format!("{}@{}.example.com", "a".repeat(64), "b".repeat(63));
    transcript!(send(&json!({ "user_name": "数".repeat(32), "email": email })).await);
}

#[tokio::test]
async fn ok_with_a_bad_token() {
    let request = auth_code_request(LORY, ADDRESS).bearer("nonsense");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn again_within_a_minute() {
    transcript!(asked_again(Duration::from_millis(59_999), LORY, ADDRESS).await);
}

#[tokio::test]
async fn again_within_a_minute_in_chinese() {
    let server = Fixture::start().await;
    code(&server, LORY, ADDRESS).await;
    transcript!(server.send(auth_code_request(LORY, ADDRESS).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn again_within_a_minute_for_another_name() {
    transcript!(asked_again(Duration::ZERO, "laura", ADDRESS).await);
}

#[tokio::test]
async fn again_within_a_minute_to_a_look_alike_by_case() {
    transcript!(asked_again(Duration::ZERO, LORY, "Civet148@126.COM").await);
}

#[tokio::test]
async fn again_within_a_minute_to_a_look_alike_by_width() {
    transcript!(asked_again(Duration::ZERO, LORY, "ｃivet148@１26.com").await);
}

#[tokio::test]
async fn again_after_a_minute() {
    transcript!(asked_again(Duration::from_secs(60), LORY, ADDRESS).await);
}

#[tokio::test]
async fn another_address_at_once() {
    transcript!(asked_again(Duration::ZERO, LORY, "civet149@126.com").await);
}

#[tokio::test]
async fn name_taken_shows_nothing() {
    transcript!(send(&json!({ "user_name": ADMIN, "email": ADDRESS })).await);
}

#[tokio::test]
async fn email_taken_shows_nothing() {
    let server = Fixture::start().await;
    add(&server, NewUser { email: Some(Handle::email(ADDRESS).unwrap()), ..new_user("laura") }).await;
    transcript!(server.send(auth_code_request(LORY, ADDRESS)).await);
}

#[tokio::test]
async fn email_missing() {
    transcript!(send(&json!({ "user_name": LORY })).await);
}

#[tokio::test]
async fn email_missing_in_chinese() {
    let request = Request::post(AUTH_CODE).json(&json!({ "user_name": LORY })).header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn email_null() {
    transcript!(send(&json!({ "user_name": LORY, "email": null })).await);
}

#[tokio::test]
async fn email_of_wrong_type() {
    transcript!(send(&json!({ "user_name": LORY, "email": [ADDRESS] })).await);
}

#[tokio::test]
async fn email_empty() {
    transcript!(refused_email("").await);
}

#[tokio::test]
async fn email_without_at() {
    transcript!(refused_email("civet148.126.com").await);
}

#[tokio::test]
async fn email_with_two_ats() {
    transcript!(refused_email("civet148@126.com@example.com").await);
}

#[tokio::test]
async fn email_without_a_top_level_domain() {
    transcript!(refused_email("civet148@localhost").await);
}

#[tokio::test]
async fn email_with_another_header() {
    transcript!(refused_email("civet148@126.com\r\nBcc: eve@example.com").await);
}

#[tokio::test]
async fn email_with_another_recipient() {
    transcript!(refused_email("civet148@126.com,eve@example.com").await);
}

#[tokio::test]
async fn email_with_a_name() {
    transcript!(refused_email("Lory <civet148@126.com>").await);
}

#[tokio::test]
async fn email_too_long() {
    transcript!(refused_email(&format!("a@{}com", "b.".repeat(125))).await);
}

#[tokio::test]
async fn name_missing() {
    transcript!(send(&json!({ "email": ADDRESS })).await);
}

#[tokio::test]
async fn name_null() {
    transcript!(send(&json!({ "user_name": null, "email": ADDRESS })).await);
}

#[tokio::test]
async fn name_of_wrong_type() {
    transcript!(send(&json!({ "user_name": 1234, "email": ADDRESS })).await);
}

#[tokio::test]
async fn name_too_short() {
    transcript!(refused_name("lo").await);
}

#[tokio::test]
async fn name_too_long() {
    transcript!(refused_name(&"数".repeat(33)).await);
}

#[tokio::test]
async fn name_with_spaces() {
    transcript!(refused_name("lory lou").await);
}

#[tokio::test]
async fn name_with_a_line_break() {
    transcript!(refused_name("lory\r\nBcc: eve@example.com").await);
}

#[tokio::test]
async fn name_with_at() {
    transcript!(refused_name(ADDRESS).await);
}

#[tokio::test]
async fn name_with_a_wide_at() {
    transcript!(refused_name("civet148＠126.com").await);
}

#[tokio::test]
async fn name_with_an_invisible_character() {
    transcript!(refused_name("lo\u{200b}ry").await);
}

#[tokio::test]
async fn field_twice() {
    transcript!(send_raw(br#"{"user_name":"lory","email":"civet148@126.com","email":"eve@example.com"}"#).await);
}

#[tokio::test]
async fn body_no_object() {
    transcript!(send(&json!([LORY, ADDRESS])).await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(send_raw(br#"{"user_name": "lory", "email": "civet148@126.com""#).await);
}

#[tokio::test]
async fn bad_json_in_chinese() {
    let request = Request::post(AUTH_CODE).body("application/json", "{").header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn bad_utf8() {
    transcript!(send_raw(b"{\"user_name\": \"\xff\xfe\xfd\", \"email\": \"civet148@126.com\"}").await);
}

#[tokio::test]
async fn empty_body() {
    transcript!(send_raw(b"").await);
}

#[tokio::test]
async fn no_body() {
    transcript!(Fixture::start().await.send(Request::post(AUTH_CODE)).await);
}

#[tokio::test]
async fn form_body() {
    let request = Request::post(AUTH_CODE).form(&[("user_name", LORY), ("email", ADDRESS)]);
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn body_without_media_type() {
    let body = json!({ "user_name": LORY, "email": ADDRESS }).to_string();
    transcript!(Fixture::start().await.send(Request::post(AUTH_CODE).untyped(body)).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let body = json!({ "user_name": LORY, "email": ADDRESS, "padding": "x".repeat(512) });
    transcript!(server.send(Request::post(AUTH_CODE).json(&body)).await);
}

#[tokio::test]
async fn outbox_broken() {
    let server = Fixture::with(|config| std::fs::write(config.data_dir.join("outbox"), "a file").unwrap()).await;
    transcript!(server.send(auth_code_request(LORY, ADDRESS)).await);
}
