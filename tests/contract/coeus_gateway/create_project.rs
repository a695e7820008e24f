//! `createProject`: bodies right and wrong. What is wrong with tokens stands in `refused_tokens`.

use contract_tests::{
    fixture::Fixture,
    transcript,
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::{CREATE_PROJECT, code_of, list_request, project_request, token_of_admin};

/// Sends this body with the administrator's token.
async fn send(body: &Value) -> Exchange {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.send(Request::post(CREATE_PROJECT).bearer(&token).json(body)).await
}

/// Sends these bytes as JSON with the administrator's token.
async fn send_raw(bytes: &[u8]) -> Exchange {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.send(Request::post(CREATE_PROJECT).bearer(&token).body("application/json", bytes)).await
}

#[tokio::test]
async fn ok() {
    transcript!(send(&json!({ "project_type": 1, "project_name": "我的ChatGPT项目" })).await);
}

#[tokio::test]
async fn ok_in_chinese() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(project_request(&token, "项目").header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn bare_token() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    let body = json!({ "project_type": 1, "project_name": "Bare" });
    transcript!(server.send(Request::post(CREATE_PROJECT).header("Authorization", token).json(&body)).await);
}

#[tokio::test]
async fn duplicate_name() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.send(project_request(&token, "Twin")).await;
    transcript!(server.send(project_request(&token, "Twin")).await);
}

#[tokio::test]
async fn keys_have_the_documented_form_and_differ() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        let data = server.send(project_request(&token, "Twin")).await.reply.json()["data"].take();
        for (field, length) in [("project_key", 16), ("project_secret", 48)] {
            let text = data[field].as_str().unwrap().to_owned();
            assert!(text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
            assert!(!seen.contains(&text), "{text} came twice");
            seen.push(text);
        }
    }
    let list = server.send(list_request(&token, &json!({}))).await.reply.json();
    assert_eq!(list["header"]["total"], 5, "duplicates are projects of their own");
}

#[tokio::test]
async fn shortest_name() {
    transcript!(send(&json!({ "project_type": 0, "project_name": "x" })).await);
}

#[tokio::test]
async fn longest_name_and_lowest_type() {
    transcript!(send(&json!({ "project_type": i32::MIN, "project_name": "数".repeat(64) })).await);
}

#[tokio::test]
async fn unknown_fields() {
    let body = json!({
        "project_type": 1, "project_name": "Bold", "id": 4711, "user_id": 2, "project_key": "mine", "project_secret": "mine",
        "pool_id": 3, "request_max": 1_000_000, "request_total": -5, "deleted": true, "created_time": "1999-01-01 00:00:00",
    });
    transcript!(send(&body).await);
}

#[tokio::test]
async fn name_empty() {
    transcript!(send(&json!({ "project_type": 1, "project_name": "" })).await);
}

#[tokio::test]
async fn name_blank() {
    transcript!(send(&json!({ "project_type": 1, "project_name": " \t " })).await);
}

#[tokio::test]
async fn name_with_a_zero_byte() {
    transcript!(send(&json!({ "project_type": 1, "project_name": "a\0b" })).await);
}

#[tokio::test]
async fn name_too_long() {
    transcript!(send(&json!({ "project_type": 1, "project_name": "数".repeat(65) })).await);
}

#[tokio::test]
async fn name_missing() {
    transcript!(send(&json!({ "project_type": 1 })).await);
}

#[tokio::test]
async fn name_missing_in_chinese() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    let request = Request::post(CREATE_PROJECT).bearer(&token).json(&json!({ "project_type": 1 }));
    transcript!(server.send(request.header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn name_null() {
    transcript!(send(&json!({ "project_type": 1, "project_name": null })).await);
}

#[tokio::test]
async fn name_of_wrong_type() {
    transcript!(send(&json!({ "project_type": 1, "project_name": ["x"] })).await);
}

#[tokio::test]
async fn type_missing() {
    transcript!(send(&json!({ "project_name": "Untyped" })).await);
}

#[tokio::test]
async fn type_as_text() {
    transcript!(send(&json!({ "project_type": "1", "project_name": "Text" })).await);
}

#[tokio::test]
async fn type_past_32_bits() {
    transcript!(send(&json!({ "project_type": 2_147_483_648_i64, "project_name": "Wide" })).await);
}

#[tokio::test]
async fn type_fraction() {
    transcript!(send(&json!({ "project_type": 1.5, "project_name": "Broken" })).await);
}

#[tokio::test]
async fn what_is_refused_leaves_no_project() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    let refused = server.send(project_request(&token, "")).await;
    assert_eq!(code_of(&refused.reply), 1003);
    let list = server.send(list_request(&token, &json!({}))).await.reply.json();
    assert_eq!(list["header"]["total"], 0);
}

#[tokio::test]
async fn body_no_object() {
    transcript!(send(&json!([1, "x"])).await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(send_raw(b"{'project_type': 1}").await);
}

#[tokio::test]
async fn bad_utf8() {
    transcript!(send_raw(b"{\"project_type\": 1, \"project_name\": \"\xc3\x28\"}").await);
}

#[tokio::test]
async fn form_body() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    let fields = [("project_type", "1"), ("project_name", "Form")];
    transcript!(server.send(Request::post(CREATE_PROJECT).bearer(&token).form(&fields)).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(project_request(&token, &"x".repeat(512))).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(project_request(&token, "Lost")).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.execute("ALTER TABLE project RENAME TO gone").await;
    transcript!(server.send(project_request(&token, "Lost")).await);
}
