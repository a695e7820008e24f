//! `deleteConfig`: the id is the whole body.

use contract_tests::{fixture::Fixture, transcript, wire::Request};
use serde_json::json;

use super::{
    bundle,
    configs::{CONFIGS, NOBODY, OTHER, delete_request, managed, refusals, samples, send},
    data_of,
};

refusals!(delete(OTHER), "DELETE", "/base/auth/v1.0/configs", "interface_log");

fn delete(id: &str) -> Request {
    Request::new("DELETE", CONFIGS).json(&json!(id))
}

#[tokio::test]
async fn ok() {
    transcript!(send(delete(OTHER)).await);
}

#[tokio::test]
async fn ok_in_english() {
    transcript!(send(delete(OTHER).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn twice() {
    let (server, token) = managed().await;
    samples(&server).await;
    data_of(&server.send(delete_request(&token, OTHER)).await);
    transcript!(server.send(delete_request(&token, OTHER)).await);
}

#[tokio::test]
async fn unknown_id() {
    transcript!(send(delete(NOBODY)).await);
}

#[tokio::test]
async fn unknown_id_in_english() {
    transcript!(send(delete(NOBODY).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn id_with_a_zero_byte() {
    transcript!(send(delete("a\0")).await);
}

#[tokio::test]
async fn body_an_object() {
    transcript!(send(Request::new("DELETE", CONFIGS).json(&json!({ "id": OTHER }))).await);
}

#[tokio::test]
async fn body_no_json() {
    transcript!(send(Request::new("DELETE", CONFIGS).body("application/json", OTHER)).await);
}

#[tokio::test]
async fn body_no_text() {
    transcript!(send(Request::new("DELETE", CONFIGS).json(&json!(7))).await);
}

#[tokio::test]
async fn no_body() {
    transcript!(send(Request::new("DELETE", CONFIGS)).await);
}

#[tokio::test]
async fn plain_body() {
    transcript!(send(Request::new("DELETE", CONFIGS).body("text/plain", OTHER)).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    super::configs::permit(&server).await;
    let token = bundle(&server).await.access;
    transcript!(server.send(delete_request(&token, &"x".repeat(512))).await);
}
