//! `createToken`: a login by signature. What locks an account stands in `lock`.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, DEMO_APP, Fixture},
    transcript,
    wire::Request,
};
use gatehouse_server::domain::{
    origin::Origin,
    password::Digest,
    user::{Handle, NewUser},
};
use serde_json::{Value, json};

use super::{DIGEST, TOKENS, code, code_request, data_of, login, login_request, signature, status, tokens_in};

/// What an access token or a refresh token says.
fn said(token: &str) -> Value {
    serde_json::from_slice(&STANDARD.decode(token).expect("base64")).expect("JSON")
}

/// Somebody who logs in by all three kinds of names.
async fn add_lory(server: &Fixture) {
    let lory = NewUser {
        name: Some("Lory Lou".to_owned()),
        email: Some(Handle::email("lory@example.com").unwrap()),
        phone: Some(Handle::phone("13800138000").unwrap()),
        ..NewUser::new(Handle::account("lory").unwrap())
    };
    server
        .core
        .users
        .create(&Origin::command("test"), lory, Digest::of(ADMIN_PASSWORD))
        .await
        .expect("the user is new");
}

/// A login under this name, signed with it.
async fn log_in_as(server: &Fixture, account: &str) -> contract_tests::wire::Exchange {
    let signature = signature(account, DIGEST, &code(server, account).await);
    server
        .send(Request::post(TOKENS).json(&json!({ "appId": DEMO_APP, "account": account, "signature": signature })))
        .await
}

/// A login with the right signature and these changes to its body.
async fn log_in_with(server: &Fixture, changes: &Value) -> contract_tests::wire::Exchange {
    let signature = signature(ADMIN, DIGEST, &code(server, ADMIN).await);
    let mut body = json!({ "appId": DEMO_APP, "account": ADMIN, "signature": signature });
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    server.send(Request::post(TOKENS).json(&body)).await
}

#[tokio::test]
async fn ok() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    transcript!(server.send(login_request(&signature(ADMIN, DIGEST, &code))).await);
}

#[tokio::test]
async fn ok_in_english() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    transcript!(server.send(login_request(&signature(ADMIN, DIGEST, &code)).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn ok_with_signature_in_capitals() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    transcript!(server.send(login_request(&signature(ADMIN, DIGEST, &code).to_uppercase())).await);
}

#[tokio::test]
async fn ok_with_device_and_unknown_fields() {
    let server = Fixture::start().await;
    transcript!(log_in_with(&server, &json!({ "deviceId": "phone", "tenantId": null, "isAdmin": true })).await);
}

#[tokio::test]
async fn ok_by_email() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    transcript!(log_in_as(&server, "lory@example.com").await);
}

#[tokio::test]
async fn ok_by_mobile() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    transcript!(log_in_as(&server, "13800138000").await);
}

/// The account is hashed as it was submitted, in whatever case; the Code is the user's.
#[tokio::test]
async fn a_code_is_good_for_every_name_of_its_user() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    let code = code(&server, "lory").await;
    let signature = signature("LORY@Example.com", DIGEST, &code);
    let body = json!({ "appId": DEMO_APP, "account": "LORY@Example.com", "signature": signature });
    data_of(&server.send(Request::post(TOKENS).json(&body)).await);
}

#[tokio::test]
async fn tokens_say_what_the_documented_ones_say() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    let exchange = server.send(login_request(&signature(ADMIN, DIGEST, &code))).await;
    let user = data_of(&exchange)["userInfo"]["id"].clone();
    let (access, refresh) = tokens_in(&exchange);
    let mut secrets = Vec::new();
    for token in [&access, &refresh] {
        let said = said(token);
        let keys: Vec<_> = said.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["id", "userId", "userName", "secret"]);
        assert_eq!((&said["id"], &said["userId"], &said["userName"]), (&json!(code), &user, &Value::Null));
        let secret = said["secret"].as_str().unwrap().to_owned();
        assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()), "{secret}");
        secrets.push(secret);
    }
    assert_ne!(secrets[0], secrets[1]);
}

/// A login by SMS: the verification code stands in the password's place.
async fn log_in_by_sms(server: &Fixture, account: &str, sms_code: &str) -> contract_tests::wire::Exchange {
    let digest = hex::encode(<md5::Md5 as md5::Digest>::digest(sms_code.as_bytes()));
    let signature = signature(account, &digest, &sms_code_request(server, account).await);
    let body = json!({ "appId": DEMO_APP, "account": account, "signature": signature });
    server.send(Request::post(TOKENS).json(&body)).await
}

/// A Code for a login by SMS.
async fn sms_code_request(server: &Fixture, account: &str) -> String {
    let exchange = server.send(code_request(account).query("type", "1").from_new_device()).await;
    data_of(&exchange).as_str().expect("a Code").to_owned()
}

/// The verification code in the latest message of the outbox.
fn texted(server: &Fixture) -> String {
    let message: Value = serde_json::from_str(&server.outbox().pop().expect("a message")).expect("JSON");
    assert_eq!(message["mobile"], "13800138000");
    message["code"].as_str().expect("a code").to_owned()
}

#[tokio::test]
async fn ok_by_sms() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    sms_code_request(&server, "13800138000").await;
    let exchange = log_in_by_sms(&server, "13800138000", &texted(&server)).await;
    assert_eq!(server.outbox().len(), 1, "within a minute nothing more is sent");
    transcript!(exchange);
}

#[tokio::test]
async fn sms_code_used() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    sms_code_request(&server, "13800138000").await;
    let code = texted(&server);
    data_of(&log_in_by_sms(&server, "13800138000", &code).await);
    server.clock.advance(Duration::from_secs(3));
    transcript!(log_in_by_sms(&server, "13800138000", &code).await);
}

#[tokio::test]
async fn sms_code_wrong() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    sms_code_request(&server, "13800138000").await;
    let wrong = texted(&server).chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect::<String>();
    transcript!(log_in_by_sms(&server, "13800138000", &wrong).await);
}

/// Whoever has somebody's password and not the phone does not get in by a Code that asks for the phone.
#[tokio::test]
async fn password_in_place_of_the_sms_code() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    transcript!(log_in_by_sms(&server, "13800138000", ADMIN_PASSWORD).await);
}

#[tokio::test]
async fn an_sms_code_is_good_for_five_minutes_and_sent_again_after_one() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    sms_code_request(&server, "lory").await;
    let code = texted(&server);
    server.clock.advance(Duration::from_secs(61));
    sms_code_request(&server, "lory").await;
    assert_eq!((server.outbox().len(), texted(&server)), (2, code.clone()), "it is the same one");
    server.clock.advance(Duration::from_secs(299));
    data_of(&log_in_by_sms(&server, "lory", &code).await);
}

#[tokio::test]
async fn a_number_that_nobody_has_gets_an_sms_and_lets_nobody_in() {
    let server = Fixture::start().await;
    sms_code_request(&server, "13800138000").await;
    let code = texted(&server);
    assert_eq!(log_in_by_sms(&server, "13800138000", &code).await.reply.code(), 430);
}

/// An account may look like somebody else's number.
#[tokio::test]
async fn a_number_lets_nobody_in_to_the_account_of_that_name() {
    let server = Fixture::start().await;
    let namesake = NewUser::new(Handle::account("13800138000").unwrap());
    server.core.users.create(&Origin::command("test"), namesake, Digest::of(ADMIN_PASSWORD)).await.unwrap();
    sms_code_request(&server, "13800138000").await;
    let code = texted(&server);
    assert_eq!(log_in_by_sms(&server, "13800138000", &code).await.reply.code(), 430);
}

#[tokio::test]
async fn an_account_without_a_number_gets_a_code_and_no_sms() {
    let server = Fixture::start().await;
    let code = sms_code_request(&server, ADMIN).await;
    assert_eq!((code.len(), server.outbox().len()), (32, 0));
    let reply = server.send(login_request(&signature(ADMIN, DIGEST, &code))).await.reply;
    assert_eq!(reply.code(), 430, "it asks for a phone");
}

#[tokio::test]
async fn of_many_with_one_sms_code_one_gets_in() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    sms_code_request(&server, "lory").await;
    let digest = hex::encode(<md5::Md5 as md5::Digest>::digest(texted(&server).as_bytes()));
    let mut logins = Vec::new();
    for _ in 0..5 {
        let signature = signature("lory", &digest, &sms_code_request(&server, "lory").await);
        let body = json!({ "appId": DEMO_APP, "account": "lory", "signature": signature });
        logins.push(server.send(Request::post(TOKENS).json(&body).from_new_device()));
    }
    let replies = futures_util::future::join_all(logins).await;
    assert_eq!(replies.iter().filter(|exchange| exchange.reply.code() == 200).count(), 1);
}

#[tokio::test]
async fn wrong_password() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    transcript!(server.send(login_request(&signature(ADMIN, "0adc3949ba59abbe56e057f20f883e1e", &code))).await);
}

#[tokio::test]
async fn wrong_password_in_english() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    let request = login_request(&signature(ADMIN, "0adc3949ba59abbe56e057f20f883e1e", &code));
    transcript!(server.send(request.header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn unknown_account() {
    transcript!(log_in_as(&Fixture::start().await, "nobody").await);
}

#[tokio::test]
async fn no_code() {
    transcript!(Fixture::start().await.send(login_request(&signature(ADMIN, DIGEST, &"0".repeat(32)))).await);
}

#[tokio::test]
async fn code_used() {
    let server = Fixture::start().await;
    let signature = signature(ADMIN, DIGEST, &code(&server, ADMIN).await);
    data_of(&server.send(login_request(&signature).from_new_device()).await);
    transcript!(server.send(login_request(&signature)).await);
}

#[tokio::test]
async fn code_spent_by_a_wrong_signature() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    assert_eq!(server.send(login_request("wrong").from_new_device()).await.reply.code(), 430);
    transcript!(server.send(login_request(&signature(ADMIN, DIGEST, &code))).await);
}

#[tokio::test]
async fn code_expired() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    server.clock.advance(Duration::from_secs(30));
    transcript!(server.send(login_request(&signature(ADMIN, DIGEST, &code))).await);
}

#[tokio::test]
async fn code_good_until_its_last_moment() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    server.clock.advance(Duration::from_millis(29_999));
    data_of(&server.send(login_request(&signature(ADMIN, DIGEST, &code))).await);
}

#[tokio::test]
async fn code_of_another_account() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    let code = code(&server, "lory").await;
    transcript!(server.send(login_request(&signature(ADMIN, DIGEST, &code))).await);
}

#[tokio::test]
async fn code_of_a_life_of_the_settings() {
    let server = Fixture::with(|config| config.insight_auth.code_ttl = 5).await;
    let code = code(&server, ADMIN).await;
    server.clock.advance(Duration::from_secs(5));
    assert_eq!(server.send(login_request(&signature(ADMIN, DIGEST, &code))).await.reply.code(), 430);
}

#[tokio::test]
async fn banned() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    server.core.users.ban(1).await.unwrap();
    transcript!(server.send(login_request(&signature(ADMIN, DIGEST, &code))).await);
}

#[tokio::test]
async fn banned_in_english() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    server.core.users.ban(1).await.unwrap();
    let request = login_request(&signature(ADMIN, DIGEST, &code)).header("Accept-Language", "en");
    transcript!(server.send(request).await);
}

/// Who does not know the password is not told that the user is banned.
#[tokio::test]
async fn banned_with_wrong_signature() {
    let server = Fixture::start().await;
    server.core.users.ban(1).await.unwrap();
    transcript!(server.send(login_request("wrong")).await);
}

#[tokio::test]
async fn locked() {
    let server = Fixture::start().await;
    for _ in 0..6 {
        assert_eq!(server.send(login_request("wrong").from_new_device()).await.reply.code(), 430);
    }
    let code = code(&server, ADMIN).await;
    transcript!(server.send(login_request(&signature(ADMIN, DIGEST, &code))).await);
}

#[tokio::test]
async fn unknown_app() {
    transcript!(log_in_with(&Fixture::start().await, &json!({ "appId": "nothing" })).await);
}

#[tokio::test]
async fn unknown_app_in_english() {
    let server = Fixture::start().await;
    let signature = signature(ADMIN, DIGEST, &code(&server, ADMIN).await);
    let body = json!({ "appId": "nothing", "account": ADMIN, "signature": signature });
    transcript!(server.send(Request::post(TOKENS).json(&body).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn disabled_app() {
    let server = Fixture::start().await;
    server.change_app(DEMO_APP, &json!({ "enabled": false })).await;
    transcript!(log_in_with(&server, &json!({})).await);
}

#[tokio::test]
async fn app_with_a_zero_byte() {
    transcript!(log_in_with(&Fixture::start().await, &json!({ "appId": "a\0" })).await);
}

#[tokio::test]
async fn unknown_tenant() {
    let tenant = json!({ "tenantId": "2564cd559cd340f0b81409723fd8632b" });
    transcript!(log_in_with(&Fixture::start().await, &tenant).await);
}

#[tokio::test]
async fn signature_missing() {
    let body = json!({ "appId": DEMO_APP, "account": ADMIN });
    transcript!(Fixture::start().await.send(Request::post(TOKENS).json(&body)).await);
}

#[tokio::test]
async fn signature_missing_in_english() {
    let request = Request::post(TOKENS).json(&json!({ "appId": DEMO_APP, "account": ADMIN }));
    transcript!(Fixture::start().await.send(request.header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn app_no_text() {
    transcript!(log_in_with(&Fixture::start().await, &json!({ "appId": 7 })).await);
}

#[tokio::test]
async fn account_too_long() {
    transcript!(log_in_with(&Fixture::start().await, &json!({ "account": "x".repeat(255) })).await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(Fixture::start().await.send(Request::post(TOKENS).body("application/json", "{")).await);
}

#[tokio::test]
async fn bad_utf8() {
    let body = b"{\"account\": \"\xff\"}".to_vec();
    transcript!(Fixture::start().await.send(Request::post(TOKENS).body("application/json", body)).await);
}

#[tokio::test]
async fn no_body() {
    transcript!(Fixture::start().await.send(Request::post(TOKENS)).await);
}

#[tokio::test]
async fn form_body() {
    let request = Request::post(TOKENS).form(&[("appId", DEMO_APP), ("account", ADMIN), ("signature", "x")]);
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    transcript!(server.send(login_request(&"x".repeat(512))).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(login_request(&signature(ADMIN, DIGEST, &code))).await);
}

/// What cannot be recorded is not done either.
#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    server.execute("ALTER TABLE audit_event RENAME TO gone").await;
    let failed = server.send(login_request(&signature(ADMIN, DIGEST, &code))).await;
    assert_eq!(server.count("access_token").await, 0);
    transcript!(failed);
}

#[tokio::test]
async fn without_signature_logins_nobody_logs_in() {
    let server = Fixture::with(|config| config.insight_auth.signature_login = false).await;
    assert_eq!(login(&server).await.reply.code(), 430);
    // A digest that nobody keeps is no empty one either.
    let code = code(&server, ADMIN).await;
    let reply = server.send(login_request(&signature(ADMIN, "", &code)).from_new_device()).await.reply;
    assert_eq!(reply.code(), 430);
}

#[tokio::test]
async fn an_account_that_nobody_has_has_no_empty_password() {
    let server = Fixture::start().await;
    let signature = signature("nobody", "", &code(&server, "nobody").await);
    let body = json!({ "appId": DEMO_APP, "account": "nobody", "signature": signature });
    assert_eq!(server.send(Request::post(TOKENS).json(&body)).await.reply.code(), 430);
}

#[tokio::test]
async fn every_database_lets_in_and_out() {
    for server in Fixture::on_every_database().await {
        let (access, _) = tokens_in(&login(&server).await);
        assert_eq!(status(&server, &access).await, 200, "{:?}", server.backend());
        assert_eq!(server.send(super::logout_request(&access)).await.reply.code(), 200);
        assert_eq!(status(&server, &access).await, 421, "{:?}", server.backend());
    }
}

#[tokio::test]
async fn a_device_may_be_called_anything() {
    for server in Fixture::on_every_database().await {
        data_of(&log_in_with(&server, &json!({ "deviceId": "a\0b" })).await);
    }
}

#[tokio::test]
async fn secrets_are_stored_nowhere() {
    let server = Fixture::start().await;
    let (access, refresh) = tokens_in(&login(&server).await);
    for token in [access, refresh] {
        let secret = said(&token)["secret"].as_str().unwrap().to_owned();
        let row = format!("access_token WHERE access_hash LIKE '%{secret}%' OR refresh_hash LIKE '%{secret}%'");
        assert_eq!(server.count(&row).await, 0);
    }
    assert_eq!(server.count("access_token WHERE access_hash LIKE '%:%'").await, 1);
}

#[tokio::test]
async fn unknown_account_and_wrong_password_are_the_same_bytes() {
    let server = Fixture::start().await;
    let reply = async |account: &str| {
        let code = server.send(code_request(account).header("X-Trace-ID", "same").from_new_device()).await.reply;
        let body = json!({ "appId": DEMO_APP, "account": account, "signature": "6821a080527d775101b624d632899fee" });
        let login = Request::post(TOKENS).json(&body).header("X-Trace-ID", "same").from_new_device();
        (code.headers, code.status, server.send(login).await.reply)
    };
    for _ in 0..7 {
        let ((headers, status, login), (other_headers, other_status, other_login)) =
            (reply(ADMIN).await, reply("nobody").await);
        assert_eq!((status, headers.len()), (other_status, other_headers.len()));
        assert_eq!((login.status, login.text()), (other_login.status, other_login.text()));
    }
}
