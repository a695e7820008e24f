//! `listProjects`: pages, their bounds, whose projects they show, and what serves those.

use std::time::Duration;

use contract_tests::{
    fixture::Fixture,
    transcript,
    wire::{Exchange, Request},
};
use gatehouse_server::domain::project::Pool;
use serde_json::{Value, json};

use super::{
    LIST_PROJECTS, LORY, add, code_of, delete_request, first_project, list_request, new_user, project_request,
    token_of, token_of_admin,
};

/// Asks for this page of the administrator's three projects.
async fn page(page: &Value) -> Exchange {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    for name in ["One", "Two", "Three"] {
        server.send(project_request(&token, name)).await;
        server.clock.advance(Duration::from_secs(61));
    }
    server.send(list_request(&token, page)).await
}

/// Asks for this page, which is refused before anything is looked up.
async fn refused(page: &Value) -> Exchange {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.send(list_request(&token, page)).await
}

/// Sends these bytes as JSON with the administrator's token.
async fn send_raw(bytes: &[u8]) -> Exchange {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.send(Request::post(LIST_PROJECTS).bearer(&token).body("application/json", bytes)).await
}

/// A server with an ordinary user, whose id is 2, who has a project; and the tokens of that user and the administrator.
async fn with_lory() -> (Fixture, String, String) {
    let server = Fixture::start().await;
    assert_eq!(add(&server, new_user(LORY)).await.id, 2);
    let lory = token_of(&server, LORY).await;
    server.send(project_request(&lory, "Lory's")).await;
    let admin = token_of_admin(&server).await;
    (server, lory, admin)
}

fn pool(id: i64, project_type: Option<i32>) -> Pool {
    Pool {
        id,
        name: format!("Pool {id}"),
        project_type,
        end_points: vec!["https://api.hobbychain.org//rpc".to_owned(), "wss://api.hobbychain.org//ws".to_owned()],
        request_max: 500,
    }
}

#[tokio::test]
async fn ok() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.send(project_request(&token, "我的ChatGPT项目")).await;
    transcript!(server.send(list_request(&token, &json!({ "page_no": 0, "page_size": 20 }))).await);
}

#[tokio::test]
async fn ok_in_chinese() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(list_request(&token, &json!({})).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn ok_with_bare_token() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    let request = Request::post(LIST_PROJECTS).header("Authorization", token).json(&json!({}));
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn empty() {
    transcript!(refused(&json!({})).await);
}

#[tokio::test]
async fn default_page() {
    transcript!(page(&json!({})).await);
}

#[tokio::test]
async fn default_page_holds_20() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    for number in 0..21 {
        server.send(project_request(&token, &format!("Project {number}"))).await;
    }
    let reply = server.send(list_request(&token, &json!({}))).await.reply.json();
    assert_eq!((&reply["header"]["total"], &reply["header"]["count"]), (&json!(21), &json!(20)));
    let list = reply["data"]["list"].as_array().unwrap();
    assert_eq!(
        (list.len(), &list[0]["project_name"], &list[19]["project_name"]),
        (20, &json!("Project 0"), &json!("Project 19"))
    );
    let rest = server.send(list_request(&token, &json!({ "page_no": 1 }))).await.reply.json();
    assert_eq!((&rest["header"]["total"], &rest["header"]["count"]), (&json!(21), &json!(1)));
    assert_eq!(rest["data"]["list"][0]["project_name"], "Project 20");
}

#[tokio::test]
async fn second_page() {
    transcript!(page(&json!({ "page_no": 1, "page_size": 2 })).await);
}

#[tokio::test]
async fn smallest_page() {
    transcript!(page(&json!({ "page_size": 1 })).await);
}

#[tokio::test]
async fn largest_page() {
    transcript!(page(&json!({ "page_no": 0, "page_size": 100 })).await);
}

#[tokio::test]
async fn page_past_the_end() {
    transcript!(page(&json!({ "page_no": 3, "page_size": 1 })).await);
}

#[tokio::test]
async fn page_far_past_the_end() {
    transcript!(page(&json!({ "page_no": i32::MAX, "page_size": 100 })).await);
}

#[tokio::test]
async fn page_negative() {
    transcript!(refused(&json!({ "page_no": -1 })).await);
}

#[tokio::test]
async fn page_negative_in_chinese() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(list_request(&token, &json!({ "page_no": -1 })).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn page_past_32_bits() {
    transcript!(refused(&json!({ "page_no": 2_147_483_648_i64 })).await);
}

#[tokio::test]
async fn page_past_64_bits() {
    transcript!(send_raw(br#"{"page_no": 18446744073709551616}"#).await);
}

#[tokio::test]
async fn page_fraction() {
    transcript!(refused(&json!({ "page_no": 0.5 })).await);
}

#[tokio::test]
async fn page_as_text() {
    transcript!(refused(&json!({ "page_no": "0" })).await);
}

#[tokio::test]
async fn page_null() {
    transcript!(refused(&json!({ "page_no": null })).await);
}

#[tokio::test]
async fn size_zero() {
    transcript!(refused(&json!({ "page_size": 0 })).await);
}

#[tokio::test]
async fn size_negative() {
    transcript!(refused(&json!({ "page_size": -1 })).await);
}

#[tokio::test]
async fn size_too_large() {
    transcript!(refused(&json!({ "page_size": 101 })).await);
}

#[tokio::test]
async fn unknown_fields() {
    transcript!(refused(&json!({ "deleted": true, "sort": "name" })).await);
}

#[tokio::test]
async fn own_by_user_id() {
    let (server, lory, _) = with_lory().await;
    transcript!(server.send(list_request(&lory, &json!({ "user_id": 2 }))).await);
}

#[tokio::test]
async fn of_another_user() {
    let (server, lory, _) = with_lory().await;
    transcript!(server.send(list_request(&lory, &json!({ "user_id": 1 }))).await);
}

#[tokio::test]
async fn of_another_user_in_chinese() {
    let (server, lory, _) = with_lory().await;
    transcript!(server.send(list_request(&lory, &json!({ "user_id": 1 })).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn of_nobody() {
    let (server, lory, _) = with_lory().await;
    transcript!(server.send(list_request(&lory, &json!({ "user_id": 4711 }))).await);
}

#[tokio::test]
async fn of_another_user_for_the_administrator() {
    let (server, _, admin) = with_lory().await;
    transcript!(server.send(list_request(&admin, &json!({ "user_id": 2 }))).await);
}

#[tokio::test]
async fn of_nobody_for_the_administrator() {
    let (server, _, admin) = with_lory().await;
    transcript!(server.send(list_request(&admin, &json!({ "user_id": 4711 }))).await);
}

#[tokio::test]
async fn only_own_for_the_administrator() {
    let (server, _, admin) = with_lory().await;
    transcript!(server.send(list_request(&admin, &json!({}))).await);
}

#[tokio::test]
async fn user_id_zero() {
    transcript!(refused(&json!({ "user_id": 0 })).await);
}

#[tokio::test]
async fn user_id_of_wrong_type() {
    transcript!(refused(&json!({ "user_id": "2" })).await);
}

#[tokio::test]
async fn without_deleted_ones() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    for name in ["One", "Two"] {
        server.send(project_request(&token, name)).await;
    }
    let first = first_project(&server, &token).await;
    assert_eq!(code_of(&server.send(delete_request(&token, &first["id"])).await.reply), 0);
    transcript!(server.send(list_request(&token, &json!({}))).await);
}

#[tokio::test]
async fn served_by_the_pool_of_its_type() {
    let server = Fixture::start().await;
    server.core.projects.provision_pool(pool(1, None)).await.unwrap();
    server.core.projects.provision_pool(pool(7, Some(1))).await.unwrap();
    let token = token_of_admin(&server).await;
    server.send(project_request(&token, "Served")).await;
    transcript!(server.send(list_request(&token, &json!({}))).await);
}

#[tokio::test]
async fn served_by_the_pool_of_all_others() {
    let server = Fixture::start().await;
    server.core.projects.provision_pool(pool(1, None)).await.unwrap();
    server.core.projects.provision_pool(pool(7, Some(2))).await.unwrap();
    let token = token_of_admin(&server).await;
    server.send(project_request(&token, "Served")).await;
    transcript!(server.send(list_request(&token, &json!({}))).await);
}

#[tokio::test]
async fn a_pool_that_changes_changes_its_projects() {
    let server = Fixture::start().await;
    let projects = &server.core.projects;
    projects.provision_pool(pool(7, Some(1))).await.unwrap();
    let token = token_of_admin(&server).await;
    server.send(project_request(&token, "Served")).await;
    let changed = Pool { name: "Other".to_owned(), end_points: Vec::new(), request_max: 0, ..pool(7, Some(1)) };
    projects.provision_pool(changed).await.unwrap();
    let project = first_project(&server, &token).await;
    assert_eq!((&project["pool_id"], &project["pool_name"]), (&json!(7), &json!("Other")));
    assert_eq!((&project["end_points"], &project["request_max"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn body_no_object() {
    transcript!(refused(&json!([])).await);
}

#[tokio::test]
async fn bad_json() {
    transcript!(send_raw(b"{\"page_no\": }").await);
}

#[tokio::test]
async fn bad_utf8() {
    transcript!(send_raw(b"{\"\xff\": 1}").await);
}

#[tokio::test]
async fn no_body() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(Request::post(LIST_PROJECTS).bearer(&token)).await);
}

#[tokio::test]
async fn form_body() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(Request::post(LIST_PROJECTS).bearer(&token).form(&[("page_no", "0")])).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(list_request(&token, &json!({ "padding": "x".repeat(512) }))).await);
}

#[tokio::test]
async fn no_token() {
    transcript!(Fixture::start().await.send(Request::post(LIST_PROJECTS).json(&json!({}))).await);
}

#[tokio::test]
async fn no_token_in_chinese() {
    let request = Request::post(LIST_PROJECTS).json(&json!({})).header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(list_request(&token, &json!({}))).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.execute("ALTER TABLE project RENAME TO gone").await;
    transcript!(server.send(list_request(&token, &json!({}))).await);
}
