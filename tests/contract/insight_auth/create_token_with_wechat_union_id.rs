//! `createTokenWithWechatUnionId`: a WeChat account is bound to the user of a mobile number.

use std::time::Duration;

use contract_tests::{
    fixture::{ADMIN_PASSWORD, DEMO_APP, Fixture},
    logs::Logs,
    transcript,
    wechat::{APP_ID, APP_SECRET, UNION_ID, person},
    wire::{Exchange, Request},
};
use futures_util::future::join_all;
use gatehouse_server::domain::{
    origin::Origin,
    password::Digest,
    user::{Handle, NewUser, User},
};
use serde_json::{Value, json};

use super::{
    MOBILE, WECHAT_CODE, WITH_WECHAT_UNION_ID, bind, binding, binding_request, data_of, sms_code, status, stranger,
    tokens_in, wechat_request,
};

/// Another mobile number.
const OTHER_MOBILE: &str = "13900139000";

/// Another WeChat account.
const OTHER_UNION_ID: &str = "o6_bmasdasdsad6_2sgVt7hMZOPfM";

/// A server where somebody has arrived from WeChat, and the code that was sent to the number.
async fn server() -> (Fixture, String) {
    let server = Fixture::start().await;
    stranger(&server, UNION_ID).await;
    let code = sms_code(&server, MOBILE).await;
    (server, code)
}

/// A user with a mobile number.
async fn add(server: &Fixture, account: &str, mobile: &str) -> User {
    let user =
        NewUser { phone: Some(Handle::phone(mobile).unwrap()), ..NewUser::new(Handle::account(account).unwrap()) };
    server.core.users.create(&Origin::command("test"), user, Digest::of(ADMIN_PASSWORD)).await.expect("the user is new")
}

/// A binding with these changes to its body.
fn request_with(code: &str, changes: &Value) -> Request {
    let mut body = binding(UNION_ID, MOBILE, code);
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    Request::post(WITH_WECHAT_UNION_ID).json(&body)
}

async fn bind_with(changes: &Value) -> Exchange {
    let (server, code) = server().await;
    server.send(request_with(&code, changes)).await
}

/// Whose account somebody with this WeChat account logs in to.
async fn owner(server: &Fixture, union_id: &str) -> Value {
    server.wechat.grant(WECHAT_CODE, union_id);
    data_of(&server.send(wechat_request(WECHAT_CODE).from_new_device()).await)["userInfo"]["account"].clone()
}

#[tokio::test]
async fn ok() {
    let (server, code) = server().await;
    add(&server, "lory", MOBILE).await;
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code)).await);
}

#[tokio::test]
async fn ok_in_english() {
    let (server, code) = server().await;
    add(&server, "lory", MOBILE).await;
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn ok_with_a_user_who_is_made() {
    let (server, code) = server().await;
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code)).await);
}

#[tokio::test]
async fn ok_with_replacement() {
    let server = Fixture::start().await;
    add(&server, "lory", MOBILE).await;
    bind(&server, OTHER_UNION_ID, MOBILE).await;
    stranger(&server, UNION_ID).await;
    server.clock.advance(Duration::from_secs(60));
    let code = sms_code(&server, MOBILE).await;
    transcript!(server.send(request_with(&code, &json!({ "isReplace": true }))).await);
}

#[tokio::test]
async fn ok_with_replacement_as_a_text() {
    let server = Fixture::start().await;
    bind(&server, OTHER_UNION_ID, MOBILE).await;
    stranger(&server, UNION_ID).await;
    server.clock.advance(Duration::from_secs(60));
    let code = sms_code(&server, MOBILE).await;
    transcript!(server.send(request_with(&code, &json!({ "isReplace": "true" }))).await);
}

#[tokio::test]
async fn ok_with_device_and_unknown_fields() {
    transcript!(bind_with(&json!({ "deviceId": "phone", "isReplace": null, "isAdmin": true, "name": "root" })).await);
}

#[tokio::test]
async fn wechat_bound() {
    let server = Fixture::start().await;
    bind(&server, OTHER_UNION_ID, MOBILE).await;
    stranger(&server, UNION_ID).await;
    server.clock.advance(Duration::from_secs(60));
    let code = sms_code(&server, MOBILE).await;
    transcript!(server.send(request_with(&code, &json!({ "isReplace": false }))).await);
}

#[tokio::test]
async fn wechat_bound_in_english() {
    let server = Fixture::start().await;
    bind(&server, OTHER_UNION_ID, MOBILE).await;
    stranger(&server, UNION_ID).await;
    server.clock.advance(Duration::from_secs(60));
    let code = sms_code(&server, MOBILE).await;
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn wrong_code() {
    let (server, code) = server().await;
    let other: String = code.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect();
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &other)).await);
}

#[tokio::test]
async fn wrong_code_in_english() {
    let (server, _) = server().await;
    transcript!(server.send(binding_request(UNION_ID, MOBILE, "x").header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn code_of_another_number() {
    let (server, _) = server().await;
    let code = sms_code(&server, OTHER_MOBILE).await;
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code)).await);
}

#[tokio::test]
async fn code_used() {
    let (server, code) = server().await;
    stranger(&server, OTHER_UNION_ID).await;
    data_of(&server.send(binding_request(UNION_ID, MOBILE, &code).from_new_device()).await);
    transcript!(server.send(binding_request(OTHER_UNION_ID, MOBILE, &code)).await);
}

#[tokio::test]
async fn code_expired() {
    let (server, code) = server().await;
    server.clock.advance(Duration::from_secs(300));
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code)).await);
}

#[tokio::test]
async fn code_mistyped_five_times() {
    let (server, code) = server().await;
    for _ in 0..5 {
        let reply = server.send(binding_request(UNION_ID, MOBILE, "x").from_new_device()).await.reply;
        assert_eq!(reply.code(), 423);
    }
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code)).await);
}

#[tokio::test]
async fn unknown_union_id() {
    transcript!(bind_with(&json!({ "unionId": OTHER_UNION_ID })).await);
}

#[tokio::test]
async fn unknown_union_id_in_english() {
    let (server, code) = server().await;
    transcript!(server.send(binding_request(OTHER_UNION_ID, MOBILE, &code).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn union_id_of_another_wechat_app() {
    transcript!(bind_with(&json!({ "weChatAppId": "other" })).await);
}

#[tokio::test]
async fn union_id_after_half_an_hour() {
    let (server, _) = server().await;
    server.clock.advance(Duration::from_secs(30 * 60));
    let code = sms_code(&server, MOBILE).await;
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code)).await);
}

/// A UnionID that is bound proves nothing, not even with the number of its user.
#[tokio::test]
async fn union_id_bound_already() {
    let server = Fixture::start().await;
    bind(&server, UNION_ID, MOBILE).await;
    server.clock.advance(Duration::from_secs(60));
    let code = sms_code(&server, MOBILE).await;
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code)).await);
}

#[tokio::test]
async fn mobile_and_code_missing() {
    let (server, _) = server().await;
    let body = json!({ "appId": DEMO_APP, "weChatAppId": APP_ID, "unionId": UNION_ID });
    transcript!(server.send(Request::post(WITH_WECHAT_UNION_ID).json(&body)).await);
}

#[tokio::test]
async fn mobile_no_number() {
    transcript!(bind_with(&json!({ "mobile": "lory@example.com" })).await);
}

#[tokio::test]
async fn is_replace_neither_true_nor_false() {
    transcript!(bind_with(&json!({ "isReplace": "yes" })).await);
}

#[tokio::test]
async fn mobile_somebody_s_account() {
    let (server, code) = server().await;
    let squatter = NewUser::new(Handle::account(MOBILE).unwrap());
    let digest = Digest::of(ADMIN_PASSWORD);
    server.core.users.create(&Origin::command("test"), squatter, digest).await.unwrap();
    let exchange = server.send(binding_request(UNION_ID, MOBILE, &code)).await;
    assert_eq!(server.count("wechat_user").await, 0);
    transcript!(exchange);
}

#[tokio::test]
async fn banned() {
    let (server, code) = server().await;
    let lory = add(&server, "lory", MOBILE).await;
    server.core.users.ban(lory.id).await.unwrap();
    let exchange = server.send(binding_request(UNION_ID, MOBILE, &code)).await;
    assert_eq!(server.count("wechat_user").await, 0);
    transcript!(exchange);
}

#[tokio::test]
async fn banned_in_english() {
    let (server, code) = server().await;
    let lory = add(&server, "lory", MOBILE).await;
    server.core.users.ban(lory.id).await.unwrap();
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn unknown_app() {
    transcript!(bind_with(&json!({ "appId": "nothing" })).await);
}

#[tokio::test]
async fn unknown_app_in_english() {
    let (server, code) = server().await;
    transcript!(server.send(request_with(&code, &json!({ "appId": "x" })).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn disabled_app() {
    let (server, code) = server().await;
    server.change_app(DEMO_APP, &json!({ "enabled": false })).await;
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code)).await);
}

/// Somebody who would have to be made belongs to no tenant, and so is not made.
#[tokio::test]
async fn tenant_of_a_new_user() {
    let (server, code) = server().await;
    let exchange = server.send(request_with(&code, &json!({ "tenantId": "2564cd559cd340f0b81409723fd8632a" }))).await;
    assert_eq!((server.count("user_account").await, server.count("wechat_user").await), (1, 0));
    transcript!(exchange);
}

#[tokio::test]
async fn tenant_of_others() {
    let (server, code) = server().await;
    add(&server, "lory", MOBILE).await;
    let exchange = server.send(request_with(&code, &json!({ "tenantId": "2564cd559cd340f0b81409723fd8632a" }))).await;
    assert_eq!(server.count("wechat_user").await, 0);
    transcript!(exchange);
}

#[tokio::test]
async fn bad_json() {
    let (server, _) = server().await;
    transcript!(server.send(Request::post(WITH_WECHAT_UNION_ID).body("application/json", "{")).await);
}

#[tokio::test]
async fn no_body() {
    transcript!(Fixture::start().await.send(Request::post(WITH_WECHAT_UNION_ID)).await);
}

#[tokio::test]
async fn form_body() {
    let request = Request::post(WITH_WECHAT_UNION_ID).form(&[("appId", DEMO_APP), ("unionId", UNION_ID)]);
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    transcript!(server.send(binding_request(&"x".repeat(512), MOBILE, "x")).await);
}

#[tokio::test]
async fn store_gone() {
    let (server, code) = server().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code)).await);
}

/// What cannot be recorded is not done either.
#[tokio::test]
async fn store_broken() {
    let (server, code) = server().await;
    add(&server, "lory", MOBILE).await;
    server.execute("ALTER TABLE audit_event RENAME TO gone").await;
    let failed = server.send(binding_request(UNION_ID, MOBILE, &code)).await;
    assert_eq!(server.count("wechat_user").await, 0);
    transcript!(failed);
}

#[tokio::test]
async fn a_binding_lasts_and_is_recorded_on_every_database() {
    for mut server in Fixture::on_every_database().await {
        let backend = server.backend();
        let lory = add(&server, "lory", MOBILE).await;
        stranger(&server, UNION_ID).await;
        let code = sms_code(&server, MOBILE).await;
        let exchange = server.send(binding_request(UNION_ID, MOBILE, &code).from_new_device()).await;
        let (access, _) = tokens_in(&exchange);
        assert_eq!(status(&server, &access).await, 200, "{backend:?}");
        let recorded = format!("audit_event WHERE kind = 'wechat.bound' AND user_id = {}", lory.id);
        assert_eq!(server.count(&recorded).await, 1, "{backend:?}");
        server.restart().await;
        assert_eq!(owner(&server, UNION_ID).await, "lory", "{backend:?}");
    }
}

#[tokio::test]
async fn a_replacement_ends_the_former_binding_on_every_database() {
    for server in Fixture::on_every_database().await {
        add(&server, "lory", MOBILE).await;
        bind(&server, OTHER_UNION_ID, MOBILE).await;
        stranger(&server, UNION_ID).await;
        server.clock.advance(Duration::from_secs(60));
        let code = sms_code(&server, MOBILE).await;
        let refused = server.send(binding_request(UNION_ID, MOBILE, &code).from_new_device()).await;
        assert_eq!(refused.reply.code(), 400, "{refused}");
        assert_eq!(owner(&server, OTHER_UNION_ID).await, "lory");
        // The same code, now that its holder knows.
        data_of(&server.send(request_with(&code, &json!({ "isReplace": "true" })).from_new_device()).await);
        assert_eq!(owner(&server, UNION_ID).await, "lory", "{:?}", server.backend());
        server.wechat.grant(WECHAT_CODE, OTHER_UNION_ID);
        let exchange = server.send(wechat_request(WECHAT_CODE).from_new_device()).await;
        assert_eq!(exchange.reply.json()["option"], false, "{exchange}");
    }
}

/// An account that arrived through two applications at WeChat can be claimed twice.
#[tokio::test]
async fn an_account_that_came_to_another_user_meanwhile_moves_only_with_replacement() {
    for server in Fixture::on_every_database().await {
        let (lory, laura) = (("lory", MOBILE), ("laura", OTHER_MOBILE));
        add(&server, lory.0, lory.1).await;
        add(&server, laura.0, laura.1).await;
        stranger(&server, UNION_ID).await;
        server.put_wechat_app("other", APP_SECRET).await;
        let app = server.store.wechat_app("other").await.unwrap().expect("it was applied");
        assert!(!app.secret_sealed.contains(APP_SECRET));
        // To this WeChat both are one application.
        server.wechat.also_known_as("other");
        server.wechat.grant("second", UNION_ID);
        let mut arrival = super::wechat_login("second");
        arrival["weChatAppId"] = json!("other");
        data_of(&server.send(Request::post(super::WITH_WECHAT_CODE).json(&arrival).from_new_device()).await);
        let code = sms_code(&server, MOBILE).await;
        data_of(&server.send(binding_request(UNION_ID, MOBILE, &code).from_new_device()).await);

        let code = sms_code(&server, OTHER_MOBILE).await;
        let claim = |replace: &str| {
            let changes = json!({ "weChatAppId": "other", "mobile": OTHER_MOBILE, "isReplace": replace });
            request_with(&code, &changes).from_new_device()
        };
        assert_eq!(server.send(claim("false")).await.reply.code(), 400);
        assert_eq!(owner(&server, UNION_ID).await, "lory");
        data_of(&server.send(claim("true")).await);
        assert_eq!(owner(&server, UNION_ID).await, "laura", "{:?}", server.backend());
    }
}

#[tokio::test]
async fn who_is_made_has_what_wechat_told_and_the_number() {
    let server = Fixture::start().await;
    super::wechat_app(&server).await;
    let mut odd = person(UNION_ID);
    (odd["nickname"], odd["headimgurl"]) = (json!("名".repeat(100)), json!(format!("http://x/{}", "y".repeat(300))));
    server.wechat.grant_to(WECHAT_CODE, odd);
    data_of(&server.send(wechat_request(WECHAT_CODE).from_new_device()).await);
    let code = sms_code(&server, MOBILE).await;
    let data = data_of(&server.send(binding_request(UNION_ID, MOBILE, &code).from_new_device()).await);
    let user = &data["userInfo"];
    assert_eq!((&user["name"], &user["mobile"]), (&json!("名".repeat(64)), &json!(MOBILE)));
    assert_eq!((&user["headImg"], &user["builtin"]), (&Value::Null, &json!(false)));
    let account = user["account"].as_str().unwrap();
    let digits = account.strip_prefix("wx_").unwrap();
    assert!(digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{account}");
    assert_eq!(server.count("user_account WHERE is_admin").await, 1);
}

#[tokio::test]
async fn of_many_with_one_code_one_is_let_in_on_every_database() {
    for server in Fixture::on_every_database().await {
        stranger(&server, UNION_ID).await;
        let code = sms_code(&server, MOBILE).await;
        let requests = (0..8).map(|_| server.send(binding_request(UNION_ID, MOBILE, &code).from_new_device()));
        let codes: Vec<_> = join_all(requests).await.iter().map(|exchange| exchange.reply.code()).collect();
        assert_eq!(codes.iter().filter(|code| **code == 200).count(), 1, "{codes:?} on {:?}", server.backend());
        assert!(codes.iter().all(|code| matches!(code, 200 | 423 | 430)), "{codes:?}");
        let (users, bound) = (server.count("user_account").await, server.count("wechat_user").await);
        assert_eq!((users, bound), (2, 1), "{:?}", server.backend());
    }
}

#[tokio::test]
async fn of_many_numbers_that_want_one_account_one_gets_it_on_every_database() {
    for server in Fixture::on_every_database().await {
        let mut claims = Vec::new();
        stranger(&server, UNION_ID).await;
        for number in 0..6 {
            let mobile = format!("1390013900{number}");
            add(&server, &format!("user{number}"), &mobile).await;
            let code = sms_code(&server, &mobile).await;
            claims.push(binding_request(UNION_ID, &mobile, &code).from_new_device());
        }
        let exchanges = join_all(claims.into_iter().map(|claim| server.send(claim))).await;
        let codes: Vec<_> = exchanges.iter().map(|exchange| exchange.reply.code()).collect();
        assert_eq!(codes.iter().filter(|code| **code == 200).count(), 1, "{codes:?} on {:?}", server.backend());
        assert!(codes.iter().all(|code| matches!(code, 200 | 400 | 430)), "{codes:?}");
        assert_eq!(server.count("wechat_user").await, 1, "{:?}", server.backend());
    }
}

/// Whoever is refused was not made either: no user, no name to log in with, no record.
#[tokio::test]
async fn of_many_unknown_numbers_that_want_one_account_one_becomes_a_user_on_every_database() {
    for server in Fixture::on_every_database().await {
        let backend = server.backend();
        stranger(&server, UNION_ID).await;
        let recorded = "audit_event WHERE kind = 'user.registered'";
        let before = (server.count("login_name").await, server.count(recorded).await);
        let mut claims = Vec::new();
        for number in 0..6 {
            let mobile = format!("1390013900{number}");
            let code = sms_code(&server, &mobile).await;
            claims.push(binding_request(UNION_ID, &mobile, &code).from_new_device());
        }
        let exchanges = join_all(claims.into_iter().map(|claim| server.send(claim))).await;
        let codes: Vec<_> = exchanges.iter().map(|exchange| exchange.reply.code()).collect();
        assert_eq!(codes.iter().filter(|code| **code == 200).count(), 1, "{codes:?} on {backend:?}");
        assert!(codes.iter().all(|code| matches!(code, 200 | 400 | 430)), "{codes:?} on {backend:?}");
        let (users, bound) = (server.count("user_account").await, server.count("wechat_user").await);
        assert_eq!((users, bound), (2, 1), "{backend:?}");
        // The account and the number of the one.
        let after = (server.count("login_name").await, server.count(recorded).await);
        assert_eq!(after, (before.0 + 2, before.1 + 1), "{backend:?}");
        assert_eq!(server.count("audit_event WHERE kind = 'wechat.bound'").await, 1, "{backend:?}");
    }
}

#[tokio::test]
async fn neither_number_nor_code_is_logged() {
    let logs = Logs::capture();
    let (server, code) = server().await;
    server.send(binding_request(UNION_ID, MOBILE, "999999").from_new_device()).await;
    data_of(&server.send(binding_request(UNION_ID, MOBILE, &code).from_new_device()).await);
    let said = logs.text();
    assert!(said.contains("SMS was written to the outbox"), "{said}");
    for secret in [MOBILE, code.as_str(), "999999"] {
        assert!(!said.contains(secret), "{secret} is in\n{said}");
    }
}

#[tokio::test]
async fn limited() {
    let (server, code) = server().await;
    server.send(binding_request(UNION_ID, MOBILE, "x")).await;
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code)).await);
}

#[tokio::test]
async fn limited_in_english() {
    let (server, code) = server().await;
    server.send(binding_request(UNION_ID, MOBILE, "x")).await;
    transcript!(server.send(binding_request(UNION_ID, MOBILE, &code).header("Accept-Language", "en")).await);
}

/// What is refused for another reason than the code leaves the code good, and nobody behind.
#[tokio::test]
async fn a_refusal_leaves_the_code_good() {
    let server = Fixture::start().await;
    super::stranger(&server, contract_tests::wechat::UNION_ID).await;
    let code = super::sms_code(&server, super::MOBILE).await;
    let mut body = super::binding(contract_tests::wechat::UNION_ID, super::MOBILE, &code);
    body["tenantId"] = serde_json::json!("2564cd559cd340f0b81409723fd8632a");
    let request = |body: &serde_json::Value| {
        contract_tests::wire::Request::post(super::WITH_WECHAT_UNION_ID).json(body).from_new_device()
    };
    assert_eq!(server.send(request(&body)).await.reply.code(), 403);
    assert_eq!(server.count("user_account").await, 1);
    body["tenantId"] = serde_json::Value::Null;
    super::data_of(&server.send(request(&body)).await);
}
