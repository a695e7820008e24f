//! `createConfig`: bodies right and wrong.

use contract_tests::{
    fixture::Fixture,
    transcript,
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::{
    bundle,
    configs::{
        CONFIGS, body, body_with, body_without, create, create_request, managed, refusals, send as send_request, with,
    },
    data_of,
};

refusals!(
    Request::post(CONFIGS).json(&body_with(json!({ "url": "/new" }))),
    "POST",
    "/base/auth/v1.0/configs",
    "interface_log"
);

/// Adds a config where there are none but our own.
async fn send(body: &Value) -> Exchange {
    let (server, token) = managed().await;
    server.send(create_request(&token, body)).await
}

async fn detail(server: &Fixture, token: &str, id: &str) -> Value {
    data_of(&server.send(with(Request::get(format!("{CONFIGS}/{id}")), token)).await)
}

#[tokio::test]
async fn ok() {
    transcript!(send(&body()).await);
}

#[tokio::test]
async fn ok_in_english() {
    let (server, token) = managed().await;
    transcript!(server.send(create_request(&token, &body()).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn what_is_made_is_what_was_sent() {
    let (server, token) = managed().await;
    let sent = body_with(json!({
        "method": "OPTIONS", "url": "/a/{b}", "authCode": "getUser", "limitGap": 2_147_483_647, "limitCycle": 86_400,
        "limitMax": 360, "message": "慢点 🚀", "remark": "note", "verify": false, "limit": false,
    }));
    let id = create(&server, &token, &sent).await;
    let mut found = detail(&server, &token, &id).await;
    assert_eq!(found["createdTime"], "2026-01-02 03:04:05");
    assert_eq!(found["id"], id.as_str());
    let found = found.as_object_mut().unwrap();
    found.remove("id");
    found.remove("createdTime");
    assert_eq!(Value::Object(found.clone()), sent);
}

#[tokio::test]
async fn optional_properties_may_be_missing_or_empty() {
    let (server, token) = managed().await;
    let shortest = json!({ "name": "x", "method": "GET", "url": "/", "verify": false, "limit": false });
    let id = create(&server, &token, &shortest).await;
    let found = detail(&server, &token, &id).await;
    for name in ["authCode", "limitGap", "limitCycle", "limitMax", "message", "remark"] {
        assert_eq!(found[name], Value::Null, "{name}");
    }
    let id = create(&server, &token, &body_with(json!({ "authCode": "", "message": " " }))).await;
    let found = detail(&server, &token, &id).await;
    assert_eq!((&found["authCode"], &found["message"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn unknown_fields_set_nothing() {
    let (server, token) = managed().await;
    let bold = body_with(
        json!({ "id": "0".repeat(32), "uid": "mine", "createdTime": "1999-01-01 00:00:00", "limited": false }),
    );
    let id = create(&server, &token, &bold).await;
    let found = detail(&server, &token, &id).await;
    assert_eq!(found["createdTime"], "2026-01-02 03:04:05");
    assert_ne!(id, "0".repeat(32));
}

#[tokio::test]
async fn config_exists() {
    transcript!(send_request(Request::post(CONFIGS).json(&body())).await);
}

#[tokio::test]
async fn config_exists_in_english() {
    transcript!(send_request(Request::post(CONFIGS).json(&body()).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn another_method_is_another_interface() {
    transcript!(send_request(Request::post(CONFIGS).json(&body_with(json!({ "method": "POST" })))).await);
}

#[tokio::test]
async fn name_missing() {
    transcript!(send(&body_without("name")).await);
}

#[tokio::test]
async fn name_missing_in_english() {
    let (server, token) = managed().await;
    transcript!(server.send(create_request(&token, &body_without("name")).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused() {
    let (server, token) = managed().await;
    let wide = "数".repeat(256);
    for changes in [
        json!({ "name": "" }),
        json!({ "name": " " }),
        json!({ "name": "数".repeat(65) }),
        json!({ "name": "a\u{0}b" }),
        json!({ "name": null }),
        json!({ "name": 1 }),
        json!({ "method": "get" }),
        json!({ "method": "TRACE" }),
        json!({ "url": "" }),
        json!({ "url": "base" }),
        json!({ "url": "/a b" }),
        json!({ "url": format!("/{}", "数".repeat(255)) }),
        json!({ "authCode": "x".repeat(65) }),
        json!({ "message": wide }),
        json!({ "remark": wide }),
        json!({ "remark": "a\u{0}b" }),
        json!({ "limitGap": 0 }),
        json!({ "limitGap": -1 }),
        json!({ "limitGap": 2_147_483_648_i64 }),
        json!({ "limitGap": 1.5 }),
        json!({ "limitGap": "1" }),
        json!({ "limitCycle": 0, "limitMax": 1 }),
        json!({ "limitCycle": 1, "limitMax": 0 }),
        json!({ "limitCycle": 1 }),
        json!({ "limitMax": 1 }),
        json!({ "limitGap": null }),
        json!({ "verify": null }),
        json!({ "verify": "true" }),
        json!({ "limit": 1 }),
    ] {
        let exchange = server.send(create_request(&token, &body_with(changes.clone()))).await;
        assert_eq!((exchange.reply.status, exchange.reply.code()), (200, 430), "{changes}: {exchange}");
    }
    for name in ["name", "method", "url", "verify", "limit"] {
        assert_eq!(server.send(create_request(&token, &body_without(name))).await.reply.code(), 430, "{name}");
    }
    assert_eq!(server.count("interface_config WHERE url = '/base/user/v1.0/users'").await, 0);
    assert_eq!(server.count("interface_log").await, 0);
}

#[tokio::test]
async fn limit_without_numbers() {
    transcript!(send(&body_with(json!({ "limitGap": null }))).await);
}

#[tokio::test]
async fn body_no_object() {
    transcript!(send(&json!(["x"])).await);
}

#[tokio::test]
async fn no_body() {
    transcript!(send_request(Request::post(CONFIGS)).await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(send_request(Request::post(CONFIGS).body("application/json", b"{'name': 1}")).await);
}

#[tokio::test]
async fn bad_utf8() {
    transcript!(send_request(Request::post(CONFIGS).body("application/json", b"{\"name\": \"\xc3\x28\"}")).await);
}

#[tokio::test]
async fn form_body() {
    transcript!(send_request(Request::post(CONFIGS).form(&[("name", "x")])).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    super::configs::permit(&server).await;
    let token = bundle(&server).await.access;
    transcript!(server.send(create_request(&token, &body_with(json!({ "remark": "x".repeat(512) })))).await);
}
