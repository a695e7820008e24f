//! `login`: credentials right and wrong, and bodies that are none.

use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, Fixture},
    transcript,
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::{LOGIN, LORY, LORY_EMAIL, LORY_PASSWORD, add_lory, login_request};

/// Sends this body to a server of its own.
async fn send(body: &Value) -> Exchange {
    Fixture::start().await.send(Request::post(LOGIN).json(body)).await
}

/// Sends these bytes as JSON.
async fn send_raw(bytes: &[u8]) -> Exchange {
    Fixture::start().await.send(Request::post(LOGIN).body("application/json", bytes)).await
}

/// Logs in with these credentials.
async fn log_in(username: &str, password: &str) -> Exchange {
    Fixture::start().await.send(login_request(username, password)).await
}

/// A request that succeeds.
fn right() -> Request {
    login_request(ADMIN, ADMIN_PASSWORD)
}

#[tokio::test]
async fn ok() {
    transcript!(Fixture::start().await.send(right()).await);
}

/// What succeeds has no message, so that there is nothing to translate.
#[tokio::test]
async fn ok_in_chinese() {
    transcript!(Fixture::start().await.send(right().header("Accept-Language", "zh-CN")).await);
}

#[tokio::test]
async fn ok_by_email() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    transcript!(server.send(login_request(LORY_EMAIL, LORY_PASSWORD)).await);
}

#[tokio::test]
async fn ok_by_email_in_capitals() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    transcript!(server.send(login_request("Lory@Example.COM", LORY_PASSWORD)).await);
}

#[tokio::test]
async fn ok_in_capitals() {
    transcript!(log_in("ADMIN", ADMIN_PASSWORD).await);
}

#[tokio::test]
async fn ok_in_full_width() {
    transcript!(log_in("ａｄｍｉｎ", ADMIN_PASSWORD).await);
}

#[tokio::test]
async fn ok_with_unknown_fields() {
    let body = json!({
        "username": ADMIN, "password": ADMIN_PASSWORD, "ID": 2, "is_admin": true, "access_ttl": 99_999_999, "typ": "access",
    });
    transcript!(send(&body).await);
}

#[tokio::test]
async fn ok_with_charset_in_capitals() {
    let body = json!({ "username": ADMIN, "password": ADMIN_PASSWORD }).to_string();
    let request = Request::post(LOGIN).body("Application/JSON; Charset=UTF-8", body);
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn wrong_password() {
    transcript!(log_in(ADMIN, "1234567").await);
}

#[tokio::test]
async fn wrong_password_in_chinese() {
    let request = login_request(ADMIN, "1234567").header("Accept-Language", "de, zh-CN;q=0.9, en;q=0.8");
    transcript!(Fixture::start().await.send(request).await);
}

/// The plaintext is digested here: who sends the digest has not sent the password.
#[tokio::test]
async fn digest_for_a_password() {
    transcript!(log_in(ADMIN, "e10adc3949ba59abbe56e057f20f883e").await);
}

#[tokio::test]
async fn password_of_another_user() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    transcript!(server.send(login_request(ADMIN, LORY_PASSWORD)).await);
}

#[tokio::test]
async fn unknown_user() {
    transcript!(log_in("nobody", ADMIN_PASSWORD).await);
}

#[tokio::test]
async fn unknown_user_in_chinese() {
    let request = login_request("nobody", ADMIN_PASSWORD).header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn banned_user() {
    let server = Fixture::start().await;
    let lory = add_lory(&server).await;
    server.core.users.ban(lory).await.unwrap();
    transcript!(server.send(login_request(LORY, LORY_PASSWORD)).await);
}

/// Whoever tries names learns nothing: every refusal has the same status, headers and bytes. The clock stands still, and
/// the trace id is the request's own, so that nothing at all may differ.
#[tokio::test]
async fn unknown_wrong_and_banned_are_one_answer() {
    let server = Fixture::start().await;
    let lory = add_lory(&server).await;
    let ask = async |username: &str, password: &str| {
        let reply = server.send(login_request(username, password).header("X-Trace-ID", "same")).await.reply;
        let mut headers = reply.headers.clone();
        headers.remove("date");
        (reply.status, headers, reply.text())
    };
    let unknown = ask("nobody", LORY_PASSWORD).await;
    assert_eq!(ask("nobody@example.com", LORY_PASSWORD).await, unknown);
    assert_eq!(ask("no such \u{1d11e} name", LORY_PASSWORD).await, unknown);
    assert_eq!(ask(&"\u{fdfa}".repeat(254), LORY_PASSWORD).await, unknown, "folded it is too long for any name");
    assert_eq!(ask(LORY, "wrong").await, unknown);
    assert_eq!(ask(LORY_EMAIL, "wrong").await, unknown);
    server.core.users.ban(lory).await.unwrap();
    assert_eq!(ask(LORY, LORY_PASSWORD).await, unknown);
    assert_eq!(ask(LORY, "wrong").await, unknown);
    server.core.users.unban(lory).await.unwrap();
    assert_ne!(ask(LORY, LORY_PASSWORD).await, unknown);
}

#[tokio::test]
async fn missing_username() {
    transcript!(send(&json!({ "password": ADMIN_PASSWORD })).await);
}

#[tokio::test]
async fn missing_password() {
    transcript!(send(&json!({ "username": ADMIN })).await);
}

#[tokio::test]
async fn missing_password_in_chinese() {
    let request = Request::post(LOGIN).json(&json!({ "username": ADMIN })).header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn empty_object() {
    transcript!(send(&json!({})).await);
}

#[tokio::test]
async fn empty_username() {
    transcript!(log_in("", ADMIN_PASSWORD).await);
}

#[tokio::test]
async fn empty_password() {
    transcript!(log_in(ADMIN, "").await);
}

#[tokio::test]
async fn null_username() {
    transcript!(send(&json!({ "username": null, "password": ADMIN_PASSWORD })).await);
}

#[tokio::test]
async fn null_password() {
    transcript!(send(&json!({ "username": ADMIN, "password": null })).await);
}

#[tokio::test]
async fn username_of_wrong_type() {
    transcript!(send(&json!({ "username": [ADMIN], "password": ADMIN_PASSWORD })).await);
}

#[tokio::test]
async fn password_of_wrong_type() {
    transcript!(send(&json!({ "username": ADMIN, "password": 123_456 })).await);
}

#[tokio::test]
async fn username_too_long() {
    transcript!(log_in(&"数".repeat(255), ADMIN_PASSWORD).await);
}

#[tokio::test]
async fn longest_username() {
    transcript!(log_in(&"数".repeat(254), ADMIN_PASSWORD).await);
}

#[tokio::test]
async fn password_too_long() {
    transcript!(log_in(ADMIN, &"密".repeat(129)).await);
}

#[tokio::test]
async fn longest_password() {
    transcript!(log_in(ADMIN, &"密".repeat(128)).await);
}

#[tokio::test]
async fn repeated_field() {
    transcript!(send_raw(br#"{"username":"admin","password":"123456","username":"admin"}"#).await);
}

#[tokio::test]
async fn body_no_object() {
    transcript!(send(&json!([ADMIN, ADMIN_PASSWORD])).await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(send_raw(br#"{"username":"admin","password":"123456""#).await);
}

#[tokio::test]
async fn more_after_the_json() {
    transcript!(send_raw(br#"{"username":"admin","password":"123456"} {}"#).await);
}

#[tokio::test]
async fn bad_utf8() {
    transcript!(send_raw(b"{\"username\":\"admin\",\"password\":\"\xff\xfe\"}").await);
}

#[tokio::test]
async fn half_a_surrogate() {
    transcript!(send_raw(br#"{"username":"\ud800","password":"123456"}"#).await);
}

#[tokio::test]
async fn empty_body() {
    transcript!(send_raw(b"").await);
}

#[tokio::test]
async fn no_body() {
    transcript!(Fixture::start().await.send(Request::post(LOGIN)).await);
}

#[tokio::test]
async fn form_body() {
    let request = Request::post(LOGIN).form(&[("username", ADMIN), ("password", ADMIN_PASSWORD)]);
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn form_body_in_chinese() {
    let request = Request::post(LOGIN).form(&[("username", ADMIN)]).header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn body_without_media_type() {
    let body = json!({ "username": ADMIN, "password": ADMIN_PASSWORD }).to_string();
    transcript!(Fixture::start().await.send(Request::post(LOGIN).untyped(body)).await);
}

/// A login that would succeed but for its size.
fn large() -> Request {
    let padding = "x".repeat(512);
    Request::post(LOGIN).json(&json!({ "username": ADMIN, "password": ADMIN_PASSWORD, "padding": padding }))
}

#[tokio::test]
async fn body_too_large() {
    transcript!(Fixture::with(|config| config.limits.body_bytes = 512).await.send(large()).await);
}

#[tokio::test]
async fn body_too_large_in_chinese() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    transcript!(server.send(large().header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn body_of_unknown_length_too_large() {
    transcript!(Fixture::with(|config| config.limits.body_bytes = 512).await.send(large().chunked()).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(right()).await);
}

#[tokio::test]
async fn store_gone_in_chinese() {
    let server = Fixture::start().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(right().header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    server.execute("ALTER TABLE login_name RENAME TO gone").await;
    transcript!(server.send(right()).await);
}

/// A login that could not be recorded did not happen.
#[tokio::test]
async fn record_broken() {
    let server = Fixture::start().await;
    server.execute("ALTER TABLE audit_event RENAME TO gone").await;
    transcript!(server.send(right()).await);
    assert_eq!(server.count("session").await, 0);
}

/// Not every database takes the character, and not every database sees that a space at the end is one.
#[tokio::test]
async fn names_are_exact_but_for_case_and_width_on_every_database() {
    for server in Fixture::on_every_database().await {
        let code =
            async |username: &str, password: &str| server.send(login_request(username, password)).await.reply.code();
        for other in ["\0", "admin\0", "\0admin", "admin ", " admin", "ádmin", "admi", "%", "admi_", "admin'--"] {
            assert_eq!(code(other, ADMIN_PASSWORD).await, 20101, "{other:?} on {:?}", server.backend());
        }
        for other in ["123456\0", "123456 ", "１２３４５６"] {
            assert_eq!(code(ADMIN, other).await, 20101, "{other:?} on {:?}", server.backend());
        }
        for same in ["admin", "Admin", "ＡＤＭＩＮ"] {
            assert_eq!(code(same, ADMIN_PASSWORD).await, 0, "{same:?} on {:?}", server.backend());
        }
    }
}

#[tokio::test]
async fn logins_and_refusals_are_recorded() {
    for server in Fixture::on_every_database().await {
        let lory = add_lory(&server).await;
        server.send(right()).await;
        server.send(login_request(ADMIN, "wrong")).await;
        server.send(login_request("nobody", "wrong")).await;
        server.core.users.ban(lory).await.unwrap();
        server.send(login_request(LORY, LORY_PASSWORD).header("X-Trace-ID", "banned")).await;
        for (rows, expected) in [
            ("kind = 'login.succeeded' AND user_id = 1", 1),
            ("kind = 'login.succeeded'", 1),
            ("kind = 'login.failed' AND user_id = 1 AND subject = 'admin'", 1),
            ("kind = 'login.failed' AND user_id IS NULL AND subject = 'nobody'", 1),
            ("kind = 'login.failed'", 2),
            ("kind = 'login.banned' AND user_id = 2 AND trace = 'banned' AND client = '127.0.0.1'", 1),
        ] {
            let rows = format!("audit_event WHERE dialect = 'edge_gateway' AND {rows}");
            assert_eq!(server.count(&rows).await, expected, "{rows} on {:?}", server.backend());
        }
    }
}
