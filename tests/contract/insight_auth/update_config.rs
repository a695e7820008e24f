//! `updateConfig`: the whole of a config replaced.

use contract_tests::{fixture::Fixture, transcript, wire::Request};
use serde_json::{Value, json};

use super::{
    bundle,
    configs::{CONFIGS, NOBODY, SMS, USERS, body_with, managed, refusals, samples, send, update_request, with},
    data_of,
};

refusals!(put(&change()), "PUT", "/base/auth/v1.0/configs", "interface_log");

fn put(body: &Value) -> Request {
    Request::new("PUT", CONFIGS).json(body)
}

/// The document's sample.
fn change() -> Value {
    body_with(json!({ "id": USERS, "authCode": "getUser" }))
}

#[tokio::test]
async fn ok() {
    transcript!(send(put(&change())).await);
}

#[tokio::test]
async fn ok_in_english() {
    transcript!(send(put(&change()).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn what_is_left_out_is_empty_afterwards() {
    let (server, token) = managed().await;
    samples(&server).await;
    let full =
        body_with(json!({ "id": USERS, "authCode": "getUser", "message": "慢点", "limitCycle": 60, "limitMax": 5 }));
    data_of(&server.send(update_request(&token, &full)).await);
    let short = json!({ "id": USERS, "name": "x", "method": "PUT", "url": "/x", "verify": false, "limit": false });
    data_of(&server.send(update_request(&token, &short)).await);
    let found = data_of(&server.send(with(Request::get(format!("{CONFIGS}/{USERS}")), &token)).await);
    let expected = json!({
        "id": USERS, "name": "x", "method": "PUT", "url": "/x", "authCode": null, "limitGap": null, "limitCycle": null,
        "limitMax": null, "message": null, "remark": null, "createdTime": "2019-09-21 14:40:51", "verify": false,
        "limit": false,
    });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn nothing_changed() {
    let (server, token) = managed().await;
    samples(&server).await;
    data_of(&server.send(update_request(&token, &change())).await);
    transcript!(server.send(update_request(&token, &change())).await);
}

#[tokio::test]
async fn unknown_id() {
    transcript!(send(put(&body_with(json!({ "id": NOBODY, "url": "/new" })))).await);
}

#[tokio::test]
async fn unknown_id_in_english() {
    transcript!(send(put(&body_with(json!({ "id": NOBODY }))).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn config_exists() {
    transcript!(send(put(&body_with(json!({ "id": SMS })))).await);
}

#[tokio::test]
async fn config_exists_in_english() {
    transcript!(send(put(&body_with(json!({ "id": SMS }))).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn id_missing() {
    transcript!(send(put(&body_with(json!({})))).await);
}

#[tokio::test]
async fn cycle_without_max() {
    transcript!(send(put(&body_with(json!({ "id": USERS, "limitCycle": 60 })))).await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(send(Request::new("PUT", CONFIGS).body("application/json", b"{")).await);
}

#[tokio::test]
async fn form_body() {
    transcript!(send(Request::new("PUT", CONFIGS).form(&[("id", USERS)])).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    super::configs::permit(&server).await;
    let token = bundle(&server).await.access;
    transcript!(server.send(update_request(&token, &body_with(json!({ "remark": "x".repeat(512) })))).await);
}
