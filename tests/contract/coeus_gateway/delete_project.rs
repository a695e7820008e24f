//! `deleteProject`: own projects, others', and what is not there.

use contract_tests::{
    fixture::Fixture,
    transcript,
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::{
    DELETE_PROJECT, LORY, add, code_of, delete_request, first_project, new_user, project_request, token_of,
    token_of_admin,
};

/// A server where the administrator has a project, the token, and the project's id.
async fn with_project() -> (Fixture, String, Value) {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.send(project_request(&token, "Short-lived")).await;
    let id = first_project(&server, &token).await["id"].clone();
    (server, token, id)
}

/// Sends this body with the administrator's token.
async fn send(body: &Value) -> Exchange {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.send(Request::post(DELETE_PROJECT).bearer(&token).json(body)).await
}

/// Sends these bytes as JSON with the administrator's token.
async fn send_raw(bytes: &[u8]) -> Exchange {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.send(Request::post(DELETE_PROJECT).bearer(&token).body("application/json", bytes)).await
}

#[tokio::test]
async fn ok() {
    let (server, token, id) = with_project().await;
    transcript!(server.send(delete_request(&token, &id)).await);
}

#[tokio::test]
async fn ok_in_chinese() {
    let (server, token, id) = with_project().await;
    transcript!(server.send(delete_request(&token, &id).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn ok_with_bare_token() {
    let (server, token, id) = with_project().await;
    let request = Request::post(DELETE_PROJECT).header("Authorization", token).json(&json!({ "id": id }));
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn ok_with_unknown_fields() {
    let (server, token, id) = with_project().await;
    let body = json!({ "id": id, "user_id": 2, "hard": true });
    transcript!(server.send(Request::post(DELETE_PROJECT).bearer(&token).json(&body)).await);
}

#[tokio::test]
async fn twice() {
    let (server, token, id) = with_project().await;
    assert_eq!(code_of(&server.send(delete_request(&token, &id)).await.reply), 0);
    transcript!(server.send(delete_request(&token, &id)).await);
}

#[tokio::test]
async fn not_there() {
    transcript!(send(&json!({ "id": 4711 })).await);
}

#[tokio::test]
async fn not_there_in_chinese() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(delete_request(&token, &json!(4711)).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn of_another_user() {
    let (server, token, id) = with_project().await;
    add(&server, new_user(LORY)).await;
    let lory = token_of(&server, LORY).await;
    let refused = server.send(delete_request(&lory, &id)).await;
    assert_eq!(first_project(&server, &token).await["id"], id, "it is still there");
    transcript!(refused);
}

/// The role of an administrator shows others' projects; it does not delete them.
#[tokio::test]
async fn of_another_user_by_the_administrator() {
    let server = Fixture::start().await;
    add(&server, new_user(LORY)).await;
    let lory = token_of(&server, LORY).await;
    server.send(project_request(&lory, "Lory's")).await;
    let id = first_project(&server, &lory).await["id"].clone();
    let admin = token_of_admin(&server).await;
    transcript!(server.send(delete_request(&admin, &id)).await);
}

#[tokio::test]
async fn id_negative() {
    transcript!(send(&json!({ "id": -1 })).await);
}

#[tokio::test]
async fn id_past_64_bits() {
    transcript!(send_raw(br#"{"id": 9223372036854775808}"#).await);
}

#[tokio::test]
async fn id_as_text() {
    transcript!(send(&json!({ "id": "1" })).await);
}

#[tokio::test]
async fn id_null() {
    transcript!(send(&json!({ "id": null })).await);
}

#[tokio::test]
async fn id_missing() {
    transcript!(send(&json!({})).await);
}

#[tokio::test]
async fn id_missing_in_chinese() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    let request = Request::post(DELETE_PROJECT).bearer(&token).json(&json!({}));
    transcript!(server.send(request.header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn body_no_object() {
    transcript!(send(&json!(1)).await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(send_raw(b"{\"id\": 1").await);
}

#[tokio::test]
async fn bad_utf8() {
    transcript!(send_raw(b"{\"id\": 1, \"\xfe\": 2}").await);
}

#[tokio::test]
async fn form_body() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(Request::post(DELETE_PROJECT).bearer(&token).form(&[("id", "1")])).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let token = token_of_admin(&server).await;
    let body = json!({ "id": 1, "padding": "x".repeat(512) });
    transcript!(server.send(Request::post(DELETE_PROJECT).bearer(&token).json(&body)).await);
}

#[tokio::test]
async fn no_token() {
    transcript!(Fixture::start().await.send(Request::post(DELETE_PROJECT).json(&json!({ "id": 1 }))).await);
}

#[tokio::test]
async fn no_token_in_chinese() {
    let request = Request::post(DELETE_PROJECT).json(&json!({ "id": 1 })).header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn store_gone() {
    let (server, token, id) = with_project().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(delete_request(&token, &id)).await);
}

/// What cannot be recorded is not done either.
#[tokio::test]
async fn store_broken() {
    let (server, token, id) = with_project().await;
    server.execute("ALTER TABLE audit_event RENAME TO gone").await;
    let failed = server.send(delete_request(&token, &id)).await;
    assert_eq!(first_project(&server, &token).await["id"], id, "it is still there");
    transcript!(failed);
}
