//! `register`: codes right and wrong, and what is taken.

use std::time::Duration;

use contract_tests::{
    fixture::{ADMIN, Fixture},
    transcript,
    wire::{Exchange, Request},
};
use gatehouse_server::domain::user::{Handle, NewUser};
use serde_json::{Value, json};

use super::{
    ADDRESS, DIGEST, LORY, REGISTER, add, auth_code_request, code, code_of, login_request, new_user, other_code,
    registration,
};

/// A registration of the document's example, once its code was sent.
async fn example(server: &Fixture) -> Value {
    let code = code(server, LORY, ADDRESS).await;
    json!({ "user_name": LORY, "password": DIGEST, "email": ADDRESS, "reg_code": code })
}

/// Sends the example with one field changed, or without it.
async fn with_field(field: &str, value: Option<Value>) -> Exchange {
    let server = Fixture::start().await;
    let mut body = example(&server).await;
    match value {
        Some(value) => body[field] = value,
        None => drop(body.as_object_mut().unwrap().shift_remove(field)),
    }
    server.send(Request::post(REGISTER).json(&body)).await
}

/// Sends these bytes as JSON.
async fn send_raw(bytes: &[u8]) -> Exchange {
    Fixture::start().await.send(Request::post(REGISTER).body("application/json", bytes)).await
}

/// Registers by this name and address with the right code where `laura` of `laura@126.com` is.
async fn beside_laura(user_name: &str, email: &str) -> (Fixture, Request) {
    let server = Fixture::start().await;
    add(&server, NewUser { email: Some(Handle::email("laura@126.com").unwrap()), ..new_user("laura") }).await;
    let code = code(&server, user_name, email).await;
    let request = registration(user_name, email, &code);
    (server, request)
}

#[tokio::test]
async fn ok() {
    let server = Fixture::start().await;
    let body = example(&server).await;
    transcript!(server.send(Request::post(REGISTER).json(&body)).await);
}

#[tokio::test]
async fn ok_in_chinese() {
    let server = Fixture::start().await;
    let body = example(&server).await;
    transcript!(server.send(Request::post(REGISTER).json(&body).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn ok_with_unknown_fields() {
    let server = Fixture::start().await;
    let mut body = example(&server).await;
    for (field, value) in [("id", json!(4711)), ("is_admin", json!(true)), ("role", json!("admin"))] {
        body[field] = value;
    }
    transcript!(server.send(Request::post(REGISTER).json(&body)).await);
}

#[tokio::test]
async fn ok_written_as_a_look_alike_of_what_the_code_was_sent_for() {
    let server = Fixture::start().await;
    let code = code(&server, LORY, ADDRESS).await;
    transcript!(server.send(registration("Lory", "Civet148@126.com", &code)).await);
}

#[tokio::test]
async fn ok_in_the_last_millisecond() {
    let server = Fixture::start().await;
    let body = example(&server).await;
    server.clock.advance(Duration::from_millis(299_999));
    transcript!(server.send(Request::post(REGISTER).json(&body)).await);
}

#[tokio::test]
async fn an_upper_case_digest_is_the_same() {
    let server = Fixture::start().await;
    let mut body = example(&server).await;
    body["password"] = json!(DIGEST.to_uppercase());
    let registered = server.send(Request::post(REGISTER).json(&body)).await;
    assert_eq!(code_of(&registered.reply), 0, "{registered}");
    for digest in [DIGEST, &DIGEST.to_uppercase()] {
        let login = server.send(login_request(LORY, digest)).await;
        assert_eq!(code_of(&login.reply), 0, "{login}");
    }
}

#[tokio::test]
async fn code_wrong() {
    let server = Fixture::start().await;
    let code = code(&server, LORY, ADDRESS).await;
    transcript!(server.send(registration(LORY, ADDRESS, &other_code(&code))).await);
}

#[tokio::test]
async fn code_wrong_in_chinese() {
    let server = Fixture::start().await;
    let code = code(&server, LORY, ADDRESS).await;
    let request = registration(LORY, ADDRESS, &other_code(&code)).header("Accept-Language", "zh");
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn code_never_sent() {
    transcript!(Fixture::start().await.send(registration(LORY, ADDRESS, "6328")).await);
}

#[tokio::test]
async fn code_expired() {
    let server = Fixture::start().await;
    let body = example(&server).await;
    server.clock.advance(Duration::from_secs(300));
    transcript!(server.send(Request::post(REGISTER).json(&body)).await);
}

#[tokio::test]
async fn code_used() {
    let server = Fixture::start().await;
    let body = example(&server).await;
    assert_eq!(code_of(&server.send(Request::post(REGISTER).json(&body)).await.reply), 0);
    transcript!(server.send(Request::post(REGISTER).json(&body)).await);
}

#[tokio::test]
async fn code_for_another_name() {
    let server = Fixture::start().await;
    let code = code(&server, LORY, ADDRESS).await;
    transcript!(server.send(registration("laura", ADDRESS, &code)).await);
}

#[tokio::test]
async fn code_for_another_mailbox_that_folds_to_the_same() {
    for (mailed, registered) in [("x@straße.de", "x@strasse.de"), ("ｙ@example.com", "y@example.com")] {
        let server = Fixture::start().await;
        let code = code(&server, LORY, mailed).await;
        let exchange = server.send(registration(LORY, registered, &code)).await;
        assert_eq!(code_of(&exchange.reply), 1008, "{exchange}");
    }
}

#[tokio::test]
async fn an_address_in_another_case_is_the_same_mailbox() {
    let server = Fixture::start().await;
    let code = code(&server, LORY, "Bob@Example.com").await;
    let exchange = server.send(registration(LORY, "bob@example.com", &code)).await;
    assert_eq!(code_of(&exchange.reply), 0, "{exchange}");
}

#[tokio::test]
async fn a_code_outlives_the_wrong_tries_of_others() {
    let server = Fixture::start().await;
    let code = code(&server, LORY, ADDRESS).await;
    for _ in 0..6 {
        let exchange = server.send(registration("mallory", ADDRESS, &other_code(&code))).await;
        assert_eq!(code_of(&exchange.reply), 1008, "{exchange}");
    }
    let exchange = server.send(registration(LORY, ADDRESS, &code)).await;
    assert_eq!(code_of(&exchange.reply), 0, "{exchange}");
}

#[tokio::test]
async fn code_for_another_address() {
    let server = Fixture::start().await;
    let code = code(&server, LORY, ADDRESS).await;
    transcript!(server.send(registration(LORY, "civet149@126.com", &code)).await);
}

#[tokio::test]
async fn code_replaced() {
    let server = Fixture::start().await;
    let first = code(&server, LORY, ADDRESS).await;
    server.clock.advance(Duration::from_secs(60));
    let second = code(&server, LORY, ADDRESS).await;
    assert_ne!(first, second, "the test needs two codes that differ");
    transcript!(server.send(registration(LORY, ADDRESS, &first)).await);
}

#[tokio::test]
async fn code_right_at_the_fifth_try() {
    let server = Fixture::start().await;
    let code = code(&server, LORY, ADDRESS).await;
    for _ in 0..4 {
        assert_eq!(code_of(&server.send(registration(LORY, ADDRESS, &other_code(&code))).await.reply), 1008);
    }
    transcript!(server.send(registration(LORY, ADDRESS, &code)).await);
}

#[tokio::test]
async fn code_right_after_five_tries() {
    let server = Fixture::start().await;
    let code = code(&server, LORY, ADDRESS).await;
    for _ in 0..5 {
        assert_eq!(code_of(&server.send(registration(LORY, ADDRESS, &other_code(&code))).await.reply), 1008);
    }
    transcript!(server.send(registration(LORY, ADDRESS, &code)).await);
}

#[tokio::test]
async fn email_taken() {
    let (server, request) = beside_laura(LORY, "laura@126.com").await;
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn email_taken_in_chinese() {
    let (server, request) = beside_laura(LORY, "laura@126.com").await;
    transcript!(server.send(request.header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn email_taken_by_a_look_alike_by_case() {
    let (server, request) = beside_laura(LORY, "Laura@126.COM").await;
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn email_taken_by_a_look_alike_by_width() {
    let (server, request) = beside_laura(LORY, "ｌaura@１26.com").await;
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn name_taken() {
    let (server, request) = beside_laura("laura", ADDRESS).await;
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn name_taken_in_chinese() {
    let (server, request) = beside_laura("laura", ADDRESS).await;
    transcript!(server.send(request.header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn name_taken_by_a_look_alike_by_case() {
    let (server, request) = beside_laura("LAURA", ADDRESS).await;
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn name_taken_by_a_look_alike_by_width() {
    let (server, request) = beside_laura("ｌａｕｒａ", ADDRESS).await;
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn name_taken_by_the_administrator() {
    let (server, request) = beside_laura(ADMIN, ADDRESS).await;
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn name_taken_by_a_phone() {
    let server = Fixture::start().await;
    add(&server, NewUser { phone: Some(Handle::phone("13800138000").unwrap()), ..new_user("laura") }).await;
    let code = code(&server, "13800138000", ADDRESS).await;
    transcript!(server.send(registration("13800138000", ADDRESS, &code)).await);
}

#[tokio::test]
async fn name_and_email_taken() {
    let (server, request) = beside_laura("laura", "laura@126.com").await;
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn a_code_is_spent_by_a_taken_name() {
    let (server, request) = beside_laura("laura", ADDRESS).await;
    assert_eq!(code_of(&server.send(request.clone()).await.reply), 1005);
    assert_eq!(code_of(&server.send(request).await.reply), 1008);
    assert_eq!(code_of(&server.send(auth_code_request(LORY, ADDRESS)).await.reply), 429);
}

#[tokio::test]
async fn what_was_refused_leaves_no_user() {
    let (server, request) = beside_laura("laura", ADDRESS).await;
    assert_eq!(code_of(&server.send(request).await.reply), 1005);
    assert_eq!(code_of(&server.send(login_request(ADDRESS, DIGEST)).await.reply), 1002);
    server.clock.advance(Duration::from_secs(60));
    let code = code(&server, LORY, ADDRESS).await;
    assert_eq!(code_of(&server.send(registration(LORY, ADDRESS, &code)).await.reply), 0, "the address is still free");
}

#[tokio::test]
async fn password_not_hexadecimal() {
    transcript!(with_field("password", Some(json!("g10adc3949ba59abbe56e057f20f883e"))).await);
}

#[tokio::test]
async fn password_of_31_digits() {
    transcript!(with_field("password", Some(json!(DIGEST[1..]))).await);
}

#[tokio::test]
async fn password_of_33_digits() {
    transcript!(with_field("password", Some(json!(format!("{DIGEST}0")))).await);
}

#[tokio::test]
async fn password_with_a_line_break() {
    transcript!(with_field("password", Some(json!(format!("{DIGEST}\n")))).await);
}

#[tokio::test]
async fn password_missing() {
    transcript!(with_field("password", None).await);
}

#[tokio::test]
async fn password_null() {
    transcript!(with_field("password", Some(Value::Null)).await);
}

#[tokio::test]
async fn name_missing() {
    transcript!(with_field("user_name", None).await);
}

#[tokio::test]
async fn name_too_short() {
    transcript!(with_field("user_name", Some(json!("lo"))).await);
}

#[tokio::test]
async fn name_too_long() {
    transcript!(with_field("user_name", Some(json!("l".repeat(33)))).await);
}

#[tokio::test]
async fn name_of_wrong_type() {
    transcript!(with_field("user_name", Some(json!({ "lory": 1 }))).await);
}

#[tokio::test]
async fn email_missing() {
    transcript!(with_field("email", None).await);
}

#[tokio::test]
async fn email_without_at() {
    transcript!(with_field("email", Some(json!("civet148.126.com"))).await);
}

#[tokio::test]
async fn code_missing() {
    transcript!(with_field("reg_code", None).await);
}

#[tokio::test]
async fn code_missing_in_chinese() {
    let request = Request::post(REGISTER).json(&json!({ "user_name": LORY, "password": DIGEST, "email": ADDRESS }));
    transcript!(Fixture::start().await.send(request.header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn code_empty() {
    transcript!(with_field("reg_code", Some(json!(""))).await);
}

#[tokio::test]
async fn code_too_long() {
    transcript!(with_field("reg_code", Some(json!("0".repeat(17)))).await);
}

#[tokio::test]
async fn code_of_wrong_type() {
    transcript!(with_field("reg_code", Some(json!(6328))).await);
}

#[tokio::test]
async fn body_no_object() {
    transcript!(send_raw(b"[]").await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(send_raw(br#"{"user_name": "lory","#).await);
}

#[tokio::test]
async fn bad_utf8() {
    transcript!(send_raw(b"{\"user_name\": \"\xff\"}").await);
}

#[tokio::test]
async fn form_body() {
    transcript!(Fixture::start().await.send(Request::post(REGISTER).form(&[("user_name", LORY)])).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let mut body = example(&server).await;
    body["padding"] = json!("x".repeat(512));
    transcript!(server.send(Request::post(REGISTER).json(&body)).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let body = example(&server).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(Request::post(REGISTER).json(&body)).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let body = example(&server).await;
    server.execute("ALTER TABLE login_name RENAME TO gone").await;
    transcript!(server.send(Request::post(REGISTER).json(&body)).await);
}
