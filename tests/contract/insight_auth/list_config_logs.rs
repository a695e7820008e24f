//! `listConfigLogs`: who changed what.

use contract_tests::{transcript, wire::Request};
use serde_json::json;

use super::{
    configs::{LOGS, body_with, create, delete_request, managed, refusals, send, update_request, with},
    data_of,
};

refusals!(Request::get(LOGS), "GET", "/base/auth/v1.0/configs/logs", "interface_log");

fn search(keyword: &str) -> Request {
    Request::get(LOGS).query("keyword", keyword)
}

#[tokio::test]
async fn ok() {
    transcript!(send(Request::get(LOGS)).await);
}

#[tokio::test]
async fn ok_in_english() {
    transcript!(send(search("INSERT").query("size", "1").header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn a_change_of_each_kind() {
    let (server, token) = managed().await;
    let id = create(&server, &token, &body_with(json!({}))).await;
    data_of(&server.send(update_request(&token, &body_with(json!({ "id": id, "authCode": "getUser" })))).await);
    data_of(&server.send(delete_request(&token, &id)).await);
    transcript!(server.send(with(Request::get(LOGS), &token)).await);
}

#[tokio::test]
async fn nothing_found() {
    transcript!(send(search("UPDATE")).await);
}

#[tokio::test]
async fn by_business_and_creator() {
    let (server, token) = managed().await;
    super::configs::samples(&server).await;
    let id = create(&server, &token, &body_with(json!({ "url": "/mine" }))).await;
    let creator = super::admin(&server).await.uid;
    for (keyword, expected) in
        [("接口配置", 4), ("系统", 3), ("admin", 1), (&id, 1), (&creator, 1), ("insert", 0), ("%", 0), ("_", 0)]
    {
        let reply = server.send(with(search(keyword), &token)).await.reply.json();
        assert_eq!(reply["option"], expected, "{keyword}: {reply}");
        assert_eq!(reply["data"].as_array().unwrap().len(), expected);
    }
}

#[tokio::test]
async fn second_page() {
    transcript!(send(Request::get(LOGS).query("page", "2").query("size", "2")).await);
}

#[tokio::test]
async fn page_0() {
    transcript!(send(Request::get(LOGS).query("page", "0")).await);
}

#[tokio::test]
async fn size_101() {
    transcript!(send(Request::get(LOGS).query("size", "101")).await);
}

#[tokio::test]
async fn size_101_in_english() {
    transcript!(send(Request::get(LOGS).query("size", "101").header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn body_too_large() {
    transcript!(super::body_too_large("GET", "/base/auth/v1.0/configs/logs").await);
}
