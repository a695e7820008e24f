//! `getConfig`: one config with its limits.

use contract_tests::{transcript, wire::Request};

use super::configs::{CONFIGS, NOBODY, SMS, refusals, send};

refusals!(get(SMS), "GET", "/base/auth/v1.0/configs/{id}", "interface_config");

fn get(id: &str) -> Request {
    Request::get(format!("{CONFIGS}/{id}"))
}

#[tokio::test]
async fn ok() {
    transcript!(send(get(SMS)).await);
}

#[tokio::test]
async fn ok_in_english() {
    transcript!(send(get(SMS).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn unknown_id() {
    transcript!(send(get(NOBODY)).await);
}

#[tokio::test]
async fn unknown_id_in_english() {
    transcript!(send(get(NOBODY).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn id_in_capitals() {
    transcript!(send(get(&SMS.to_uppercase())).await);
}

#[tokio::test]
async fn id_with_a_zero_byte() {
    transcript!(send(get("%00")).await);
}

#[tokio::test]
async fn id_too_long() {
    transcript!(send(get(&"0".repeat(65))).await);
}

#[tokio::test]
async fn body_too_large() {
    transcript!(super::body_too_large("GET", "/base/auth/v1.0/configs/711aad8daf654bcdb3a126d70191c15c").await);
}
