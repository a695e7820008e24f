//! `getConfigLog`: a change with what it changed.

use contract_tests::{
    fixture::Fixture,
    transcript,
    wire::{Exchange, Request},
};
use serde_json::json;

use super::{
    configs::{
        LOG, LOGS, NOBODY, body, body_with, create, delete_request, managed, refusals, send, update_request, with,
    },
    data_of,
};

refusals!(get(LOG), "GET", "/base/auth/v1.0/configs/logs/{id}", "interface_log");

fn get(id: &str) -> Request {
    Request::get(format!("{LOGS}/{id}"))
}

/// The latest change.
async fn latest(server: &Fixture, token: &str) -> Exchange {
    let list = data_of(&server.send(with(Request::get(LOGS), token)).await);
    server.send(with(get(list[0]["id"].as_str().expect("an id")), token)).await
}

#[tokio::test]
async fn ok() {
    transcript!(send(get(LOG)).await);
}

#[tokio::test]
async fn ok_in_english() {
    transcript!(send(get(LOG).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn addition() {
    let (server, token) = managed().await;
    create(&server, &token, &body()).await;
    transcript!(latest(&server, &token).await);
}

#[tokio::test]
async fn change() {
    let (server, token) = managed().await;
    let id = create(&server, &token, &body()).await;
    data_of(&server.send(update_request(&token, &body_with(json!({ "id": id, "authCode": "getUser" })))).await);
    transcript!(latest(&server, &token).await);
}

#[tokio::test]
async fn deletion() {
    let (server, token) = managed().await;
    let id = create(&server, &token, &body_with(json!({ "message": "慢点" }))).await;
    data_of(&server.send(delete_request(&token, &id)).await);
    transcript!(latest(&server, &token).await);
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
async fn id_too_long() {
    transcript!(send(get(&"0".repeat(65))).await);
}

#[tokio::test]
async fn body_too_large() {
    transcript!(super::body_too_large("GET", "/base/auth/v1.0/configs/logs/711aad8daf654bcdb3a126d70191c15c").await);
}
