//! `createCode`: a Code for whoever asks.

use contract_tests::{
    fixture::{ADMIN, Fixture},
    transcript,
    wire::Request,
};

use super::{CODES, code, code_request};

#[tokio::test]
async fn ok() {
    transcript!(Fixture::start().await.send(code_request(ADMIN)).await);
}

#[tokio::test]
async fn ok_in_english() {
    transcript!(Fixture::start().await.send(code_request(ADMIN).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn ok_with_type() {
    transcript!(Fixture::start().await.send(code_request(ADMIN).query("type", "0")).await);
}

#[tokio::test]
async fn ok_by_sms() {
    let server = Fixture::start().await;
    let exchange = server.send(code_request("13800138000").query("type", "1")).await;
    assert_eq!(server.outbox().len(), 1);
    transcript!(exchange);
}

#[tokio::test]
async fn unknown_account() {
    transcript!(Fixture::start().await.send(code_request("nobody")).await);
}

#[tokio::test]
async fn account_with_a_zero_byte() {
    transcript!(Fixture::start().await.send(code_request("a\0b")).await);
}

#[tokio::test]
async fn no_account() {
    transcript!(Fixture::start().await.send(Request::get(CODES)).await);
}

#[tokio::test]
async fn no_account_in_english() {
    transcript!(Fixture::start().await.send(Request::get(CODES).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn empty_account() {
    transcript!(Fixture::start().await.send(code_request("")).await);
}

#[tokio::test]
async fn account_too_long() {
    transcript!(Fixture::start().await.send(code_request(&"x".repeat(255))).await);
}

#[tokio::test]
async fn account_twice() {
    transcript!(Fixture::start().await.send(code_request(ADMIN).query("account", "other")).await);
}

#[tokio::test]
async fn account_bad_utf8() {
    transcript!(Fixture::start().await.send(Request::get(format!("{CODES}?account=%ff"))).await);
}

#[tokio::test]
async fn type_out_of_range() {
    transcript!(Fixture::start().await.send(code_request(ADMIN).query("type", "2")).await);
}

#[tokio::test]
async fn type_no_number() {
    transcript!(Fixture::start().await.send(code_request(ADMIN).query("type", "sms")).await);
}

#[tokio::test]
async fn head_is_not_answered() {
    let server = Fixture::start().await;
    let reply = server.send(Request::new("HEAD", format!("{CODES}?account=admin"))).await.reply;
    assert_eq!((reply.status, reply.header("allow")), (405, "GET"));
}

#[tokio::test]
async fn no_two_codes_are_the_same() {
    let server = Fixture::start().await;
    assert_ne!(code(&server, ADMIN).await, code(&server, ADMIN).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(code_request(ADMIN)).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    server.execute("ALTER TABLE login_name RENAME TO gone").await;
    transcript!(server.send(code_request(ADMIN)).await);
}

#[tokio::test]
async fn body_too_large() {
    transcript!(super::body_too_large("GET", "/base/auth/v1.0/tokens/codes").await);
}
