//! `createTokenWithWechatCode`: a login with a code of WeChat, against a WeChat that behaves and one that does not.

use contract_tests::{
    fixture::{DEMO_APP, Fixture},
    logs::Logs,
    transcript,
    wechat::{APP_ID, APP_SECRET, Fault, Step, UNION_ID, person},
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::{
    MOBILE, WECHAT_CODE, WITH_WECHAT_CODE, bind, data_of, status, tokens_in, wechat_app, wechat_login, wechat_request,
};

/// A server that knows the application at WeChat, with a code to exchange.
async fn server() -> Fixture {
    let server = Fixture::start().await;
    wechat_app(&server).await;
    server.wechat.grant(WECHAT_CODE, UNION_ID);
    server
}

/// A server where the WeChat account of the code is bound to a user.
async fn server_with_user() -> Fixture {
    let server = Fixture::start().await;
    bind(&server, UNION_ID, MOBILE).await;
    server.wechat.grant(WECHAT_CODE, UNION_ID);
    server
}

/// A login with these changes to its body.
async fn log_in_with(server: &Fixture, changes: &Value) -> Exchange {
    let mut body = wechat_login(WECHAT_CODE);
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    server.send(Request::post(WITH_WECHAT_CODE).json(&body)).await
}

/// A login where this goes wrong at WeChat.
async fn failing(step: Step, fault: Fault) -> Exchange {
    let server = server().await;
    server.wechat.fail(step, fault);
    let exchange = server.send(wechat_request(WECHAT_CODE)).await;
    assert!(!server.wechat.requests().iter().any(|request| request.contains("elsewhere")), "a redirect was followed");
    exchange
}

#[tokio::test]
async fn ok() {
    transcript!(server_with_user().await.send(wechat_request(WECHAT_CODE)).await);
}

#[tokio::test]
async fn ok_in_english() {
    let request = wechat_request(WECHAT_CODE).header("Accept-Language", "en");
    transcript!(server_with_user().await.send(request).await);
}

#[tokio::test]
async fn ok_unbound() {
    transcript!(server().await.send(wechat_request(WECHAT_CODE)).await);
}

#[tokio::test]
async fn ok_unbound_in_english() {
    transcript!(server().await.send(wechat_request(WECHAT_CODE).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn ok_unbound_with_everything_that_wechat_tells() {
    let server = server().await;
    let mut person = person(UNION_ID);
    person["privilege"] = json!(["chinaunicom"]);
    person["is_snapshotuser"] = json!(0);
    server.wechat.grant_to("other", person);
    transcript!(server.send(wechat_request("other")).await);
}

#[tokio::test]
async fn ok_unbound_with_little_that_wechat_tells() {
    let server = server().await;
    server.wechat.grant_to("other", json!({ "openid": "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "unionid": UNION_ID }));
    transcript!(server.send(wechat_request("other")).await);
}

/// Somebody who is nobody here yet may arrive for a tenant; the binding is refused then.
#[tokio::test]
async fn ok_unbound_with_tenant_and_device() {
    let changes = json!({ "tenantId": "2564cd559cd340f0b81409723fd8632a", "deviceId": "phone" });
    transcript!(log_in_with(&server().await, &changes).await);
}

#[tokio::test]
async fn tokens_are_good() {
    let server = server_with_user().await;
    let exchange = server.send(wechat_request(WECHAT_CODE)).await;
    assert_eq!(exchange.reply.json()["option"], Value::Null, "{exchange}");
    let (access, _) = tokens_in(&exchange);
    assert_eq!(status(&server, &access).await, 200);
}

#[tokio::test]
async fn wechat_is_asked_as_it_wants_to_be() {
    let server = server().await;
    data_of(&server.send(wechat_request(WECHAT_CODE)).await);
    let requests = server.wechat.requests();
    let [token, user] = requests.as_slice() else { panic!("{requests:?}") };
    let app = "6821a080527d775101b624d632899fee";
    assert_eq!(
        *token,
        format!(
            "/sns/oauth2/access_token?appid={app}&secret={APP_SECRET}&code={WECHAT_CODE}&grant_type=authorization_code"
        )
    );
    assert_eq!(*user, "/sns/userinfo?access_token=wechat-token-1&openid=o6_bmjrPTlm6_2sgVt7hMZOPfL2M&lang=zh_CN");
}

#[tokio::test]
async fn a_code_cannot_become_another_parameter() {
    let server = server().await;
    assert_eq!(server.send(wechat_request("x&secret=y#z")).await.reply.code(), 430);
    let asked = server.wechat.requests().concat();
    assert!(asked.contains("code=x%26secret%3Dy%23z&"), "{asked}");
}

#[tokio::test]
async fn code_unknown() {
    transcript!(server().await.send(wechat_request("unknown")).await);
}

#[tokio::test]
async fn code_unknown_in_english() {
    transcript!(server().await.send(wechat_request("unknown").header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn code_replayed() {
    let server = server_with_user().await;
    data_of(&server.send(wechat_request(WECHAT_CODE).from_new_device()).await);
    transcript!(server.send(wechat_request(WECHAT_CODE)).await);
}

#[tokio::test]
async fn code_of_a_login_without_the_user_s_consent() {
    transcript!(failing(Step::User, Fault::Code(48_001)).await);
}

#[tokio::test]
async fn no_union_id() {
    let server = server().await;
    let mut person = person(UNION_ID);
    person.as_object_mut().unwrap().remove("unionid");
    server.wechat.grant_to("other", person);
    transcript!(server.send(wechat_request("other")).await);
}

#[tokio::test]
async fn unknown_wechat_app() {
    let server = server().await;
    let exchange = log_in_with(&server, &json!({ "weChatAppId": "other" })).await;
    assert_eq!(server.wechat.requests(), [] as [String; 0]);
    transcript!(exchange);
}

#[tokio::test]
async fn wechat_app_with_a_zero_byte() {
    transcript!(log_in_with(&server().await, &json!({ "weChatAppId": "a\0" })).await);
}

#[tokio::test]
async fn unknown_app() {
    let server = server_with_user().await;
    let asked = server.wechat.requests();
    let exchange = log_in_with(&server, &json!({ "appId": "nothing" })).await;
    assert_eq!(server.wechat.requests(), asked, "the code is kept for better");
    transcript!(exchange);
}

#[tokio::test]
async fn unknown_app_in_english() {
    let mut body = wechat_login(WECHAT_CODE);
    body["appId"] = json!("nothing");
    let request = Request::post(WITH_WECHAT_CODE).json(&body).header("Accept-Language", "en");
    transcript!(server().await.send(request).await);
}

#[tokio::test]
async fn disabled_app() {
    let server = server_with_user().await;
    server.change_app(DEMO_APP, &json!({ "enabled": false })).await;
    transcript!(server.send(wechat_request(WECHAT_CODE)).await);
}

#[tokio::test]
async fn unknown_tenant() {
    let tenant = json!({ "tenantId": "2564cd559cd340f0b81409723fd8632b" });
    transcript!(log_in_with(&server_with_user().await, &tenant).await);
}

#[tokio::test]
async fn banned() {
    let server = server_with_user().await;
    server.core.users.ban(2).await.unwrap();
    transcript!(server.send(wechat_request(WECHAT_CODE)).await);
}

#[tokio::test]
async fn banned_in_english() {
    let server = server_with_user().await;
    server.core.users.ban(2).await.unwrap();
    transcript!(server.send(wechat_request(WECHAT_CODE).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn code_missing() {
    let body = json!({ "appId": DEMO_APP, "weChatAppId": "x" });
    transcript!(server().await.send(Request::post(WITH_WECHAT_CODE).json(&body)).await);
}

#[tokio::test]
async fn code_empty() {
    transcript!(server().await.send(wechat_request("")).await);
}

#[tokio::test]
async fn code_too_long() {
    transcript!(server().await.send(wechat_request(&"x".repeat(513))).await);
}

#[tokio::test]
async fn code_no_text() {
    transcript!(log_in_with(&server().await, &json!({ "code": 7 })).await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(server().await.send(Request::post(WITH_WECHAT_CODE).body("application/json", "{")).await);
}

#[tokio::test]
async fn no_body() {
    transcript!(server().await.send(Request::post(WITH_WECHAT_CODE)).await);
}

#[tokio::test]
async fn form_body() {
    let request = Request::post(WITH_WECHAT_CODE).form(&[("appId", DEMO_APP), ("weChatAppId", "x"), ("code", "x")]);
    transcript!(server().await.send(request).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    transcript!(server.send(wechat_request(&"x".repeat(512))).await);
}

/// The one second that the settings give WeChat passes.
#[tokio::test]
async fn wechat_stalls() {
    let server = Fixture::with(|config| config.wechat.timeout = 1).await;
    wechat_app(&server).await;
    server.wechat.fail(Step::Token, Fault::Stall);
    transcript!(server.send(wechat_request(WECHAT_CODE)).await);
}

#[tokio::test]
async fn wechat_is_gone() {
    // Port 1 of loopback: nobody listens there.
    let server = Fixture::with(|config| config.wechat.base_url = "http://127.0.0.1:1".to_owned()).await;
    wechat_app(&server).await;
    transcript!(server.send(wechat_request(WECHAT_CODE)).await);
}

#[tokio::test]
async fn wechat_sends_10_megabytes() {
    transcript!(failing(Step::User, Fault::Huge).await);
}

#[tokio::test]
async fn wechat_redirects() {
    transcript!(failing(Step::Token, Fault::Redirect).await);
}

#[tokio::test]
async fn wechat_sends_no_json() {
    transcript!(failing(Step::Token, Fault::Text("<html>busy</html>")).await);
}

#[tokio::test]
async fn wechat_is_busy() {
    transcript!(failing(Step::User, Fault::Code(-1)).await);
}

#[tokio::test]
async fn wechat_refuses_the_secret() {
    let server = server().await;
    server.put_wechat_app(APP_ID, "of another application").await;
    transcript!(server.send(wechat_request(WECHAT_CODE)).await);
}

#[tokio::test]
async fn whatever_wechat_does_is_busy_at_worst() {
    for fault in [
        Fault::Huge,
        Fault::Redirect,
        Fault::Status(500),
        Fault::Status(404),
        Fault::Text(""),
        Fault::Text("[]"),
        Fault::Text("{}"),
        Fault::Text("null"),
        Fault::Text("{\"openid\":\"\\ud800\"}"),
        Fault::Code(45_011),
        Fault::Field("openid", json!("of somebody else")),
        Fault::Field("openid", Value::Null),
        Fault::Field("unionid", json!("x".repeat(129))),
        Fault::Field("unionid", json!("a\0b")),
        Fault::Field("unionid", json!(7)),
    ] {
        let server = server().await;
        server.wechat.fail(Step::User, fault.clone());
        let reply = server.send(wechat_request(WECHAT_CODE).from_new_device()).await.reply;
        assert_eq!((reply.status, reply.code()), (503, 500), "{fault:?}");
        server.wechat.recover();
        server.wechat.grant("another", UNION_ID);
        data_of(&server.send(wechat_request("another").from_new_device()).await);
    }
}

#[tokio::test]
async fn no_secret_is_logged() {
    let logs = Logs::capture();
    let server = server().await;
    data_of(&server.send(wechat_request(WECHAT_CODE).from_new_device()).await);
    for fault in [Fault::Huge, Fault::Redirect, Fault::Status(500), Fault::Text("wechat-token-"), Fault::Code(40_125)] {
        for step in [Step::Token, Step::User] {
            server.wechat.grant("another-code", UNION_ID);
            server.wechat.fail(step, fault.clone());
            server.send(wechat_request("another-code").from_new_device()).await;
            server.wechat.recover();
        }
    }
    let said = logs.text();
    assert!(said.contains("WeChat, /sns/userinfo"), "{said}");
    for secret in [APP_SECRET, WECHAT_CODE, "another-code", "wechat-token-", "wechat-refresh-token"] {
        assert!(!said.contains(secret), "{secret} is in\n{said}");
    }
}

#[tokio::test]
async fn secrets_of_applications_are_stored_sealed() {
    let server = server().await;
    assert_eq!(server.count("wechat_app").await, 1);
    assert_eq!(server.count(&format!("wechat_app WHERE secret_sealed LIKE '%{APP_SECRET}%'")).await, 0);
}

#[tokio::test]
async fn store_gone() {
    let server = server_with_user().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(wechat_request(WECHAT_CODE)).await);
}

#[tokio::test]
async fn store_broken() {
    let server = server_with_user().await;
    server.execute("ALTER TABLE audit_event RENAME TO gone").await;
    transcript!(server.send(wechat_request(WECHAT_CODE)).await);
}

#[tokio::test]
async fn limited() {
    let server = server().await;
    server.send(wechat_request("wrong")).await;
    transcript!(server.send(wechat_request(WECHAT_CODE)).await);
}

#[tokio::test]
async fn limited_in_english() {
    let server = server().await;
    server.send(wechat_request("wrong")).await;
    transcript!(server.send(wechat_request(WECHAT_CODE).header("Accept-Language", "en")).await);
}
