//! `login`: by name, address or number, and everything that is wrong with credentials. What is in a token stands in
//! `tokens`.

use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, Fixture},
    transcript,
    wire::{Exchange, Request},
};
use gatehouse_server::domain::user::{Handle, NewUser};
use serde_json::{Value, json};

use super::{ADDRESS, DIGEST, LOGIN, LORY, add, login_request, new_user};

/// The digest of another password.
const WRONG: &str = "00000000000000000000000000000000";

/// A server with an ordinary user who has everything to log in with.
async fn with_lory() -> Fixture {
    let server = Fixture::start().await;
    let user = NewUser {
        name: Some("Lory Lou".to_owned()),
        email: Some(Handle::email("Civet148@126.com").unwrap()),
        phone: Some(Handle::phone("+8613800138000").unwrap()),
        ..new_user("Lory")
    };
    add(&server, user).await;
    server
}

/// A server with a banned user.
async fn with_banned() -> Fixture {
    let server = Fixture::start().await;
    let user = add(&server, new_user(LORY)).await;
    server.core.users.ban(user.id).await.unwrap();
    server
}

/// Sends this body.
async fn send(body: &Value) -> Exchange {
    Fixture::start().await.send(Request::post(LOGIN).json(body)).await
}

/// Sends these bytes as JSON.
async fn send_raw(bytes: &[u8]) -> Exchange {
    Fixture::start().await.send(Request::post(LOGIN).body("application/json", bytes)).await
}

#[tokio::test]
async fn ok() {
    transcript!(with_lory().await.send(login_request("Lory", DIGEST)).await);
}

#[tokio::test]
async fn ok_in_chinese() {
    transcript!(with_lory().await.send(login_request("Lory", DIGEST).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn ok_for_the_administrator() {
    transcript!(Fixture::start().await.send(login_request(ADMIN, DIGEST)).await);
}

#[tokio::test]
async fn ok_by_a_look_alike_of_the_name() {
    transcript!(with_lory().await.send(login_request("ｌORY", DIGEST)).await);
}

#[tokio::test]
async fn ok_by_email() {
    transcript!(with_lory().await.send(login_request(ADDRESS, DIGEST)).await);
}

#[tokio::test]
async fn ok_by_phone() {
    transcript!(with_lory().await.send(login_request("+8613800138000", DIGEST)).await);
}

#[tokio::test]
async fn ok_with_upper_case_digest() {
    transcript!(Fixture::start().await.send(login_request(ADMIN, &DIGEST.to_uppercase())).await);
}

#[tokio::test]
async fn ok_with_unknown_fields() {
    transcript!(send(&json!({ "user_name": ADMIN, "password": DIGEST, "role": "owner", "version": 7 })).await);
}

#[tokio::test]
async fn ok_with_a_bad_token() {
    transcript!(Fixture::start().await.send(login_request(ADMIN, DIGEST).bearer("nonsense")).await);
}

#[tokio::test]
async fn ok_from_behind_a_trusted_proxy() {
    let server = Fixture::with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await;
    transcript!(server.send(login_request(ADMIN, DIGEST).header("X-Forwarded-For", "6.6.6.6, 172.27.192.1")).await);
}

#[tokio::test]
async fn ok_with_a_forged_address() {
    let request = login_request(ADMIN, DIGEST).header("X-Forwarded-For", "172.27.192.1");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn wrong_password() {
    transcript!(Fixture::start().await.send(login_request(ADMIN, WRONG)).await);
}

#[tokio::test]
async fn wrong_password_in_chinese() {
    let request = login_request(ADMIN, WRONG).header("Accept-Language", "de, zh-CN;q=0.9, en;q=0.8");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn unknown_account() {
    transcript!(Fixture::start().await.send(login_request("nobody", DIGEST)).await);
}

#[tokio::test]
async fn unknown_email() {
    transcript!(Fixture::start().await.send(login_request("nobody@example.com", DIGEST)).await);
}

#[tokio::test]
async fn plaintext_password() {
    transcript!(Fixture::start().await.send(login_request(ADMIN, ADMIN_PASSWORD)).await);
}

#[tokio::test]
async fn password_that_is_no_digest_of_an_unknown_account() {
    transcript!(Fixture::start().await.send(login_request("nobody", "密码")).await);
}

#[tokio::test]
async fn name_that_nobody_can_have() {
    transcript!(Fixture::start().await.send(login_request("\0", DIGEST)).await);
}

#[tokio::test]
async fn name_that_is_sql() {
    transcript!(Fixture::start().await.send(login_request("' OR 1=1 --", DIGEST)).await);
}

#[tokio::test]
async fn banned() {
    transcript!(with_banned().await.send(login_request(LORY, DIGEST)).await);
}

#[tokio::test]
async fn banned_in_chinese() {
    transcript!(with_banned().await.send(login_request(LORY, DIGEST).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn banned_and_wrong_password() {
    transcript!(with_banned().await.send(login_request(LORY, WRONG)).await);
}

#[tokio::test]
async fn whatever_is_wrong_has_the_same_bytes() {
    let server = with_banned().await;
    let mut replies = Vec::new();
    for (user_name, password) in
        [(ADMIN, WRONG), ("nobody", DIGEST), ("nobody", WRONG), (ADMIN, "123456"), ("nobody", "x"), (LORY, WRONG)]
    {
        let mut reply = server.send(login_request(user_name, password)).await.reply;
        // The trace id has to differ, and the moment may.
        reply.headers.remove("x-trace-id");
        reply.headers.remove("date");
        replies.push((reply.status, reply.headers, reply.body));
    }
    for reply in &replies {
        assert_eq!(reply, &replies[0]);
    }
}

#[tokio::test]
async fn ok_again_once_the_ban_is_lifted() {
    let server = Fixture::start().await;
    let user = add(&server, new_user(LORY)).await;
    server.core.users.ban(user.id).await.unwrap();
    server.core.users.unban(user.id).await.unwrap();
    transcript!(server.send(login_request(LORY, DIGEST)).await);
}

#[tokio::test]
async fn name_missing() {
    transcript!(send(&json!({ "password": DIGEST })).await);
}

#[tokio::test]
async fn name_missing_in_chinese() {
    let request = Request::post(LOGIN).json(&json!({ "password": DIGEST })).header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn name_empty() {
    transcript!(send(&json!({ "user_name": "", "password": DIGEST })).await);
}

#[tokio::test]
async fn name_null() {
    transcript!(send(&json!({ "user_name": null, "password": DIGEST })).await);
}

#[tokio::test]
async fn name_of_wrong_type() {
    transcript!(send(&json!({ "user_name": 13_800_138_000_i64, "password": DIGEST })).await);
}

#[tokio::test]
async fn name_too_long() {
    transcript!(send(&json!({ "user_name": "l".repeat(255), "password": DIGEST })).await);
}

#[tokio::test]
async fn password_missing() {
    transcript!(send(&json!({ "user_name": ADMIN })).await);
}

#[tokio::test]
async fn password_empty() {
    transcript!(send(&json!({ "user_name": ADMIN, "password": "" })).await);
}

#[tokio::test]
async fn password_null() {
    transcript!(send(&json!({ "user_name": ADMIN, "password": null })).await);
}

#[tokio::test]
async fn password_too_long() {
    transcript!(send(&json!({ "user_name": ADMIN, "password": "0".repeat(129) })).await);
}

#[tokio::test]
async fn body_no_object() {
    transcript!(send(&json!(ADMIN)).await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(send_raw(b"user_name=admin").await);
}

#[tokio::test]
async fn bad_json_in_chinese() {
    let request = Request::post(LOGIN).body("application/json", "{").header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn bad_utf8() {
    transcript!(send_raw(b"{\"user_name\": \"admin\xff\"}").await);
}

#[tokio::test]
async fn form_body() {
    let request = Request::post(LOGIN).form(&[("user_name", ADMIN), ("password", DIGEST)]);
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let body = json!({ "user_name": ADMIN, "password": DIGEST, "padding": "x".repeat(512) });
    transcript!(server.send(Request::post(LOGIN).json(&body)).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(login_request(ADMIN, DIGEST)).await);
}

#[tokio::test]
async fn store_gone_in_chinese() {
    let server = Fixture::start().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(login_request(ADMIN, DIGEST).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    server.execute("ALTER TABLE session RENAME TO gone").await;
    transcript!(server.send(login_request(ADMIN, DIGEST)).await);
}
