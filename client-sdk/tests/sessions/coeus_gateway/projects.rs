//! Projects as streams of pages and of items.

use super::{DELETE, LIST, LOGIN, envelope, failure, logging_in, session, success, unauthorized};
use crate::server::{Answer, Asked, Server};
use futures_util::{StreamExt, TryStreamExt};
use gatehouse_client::Reply;
use gatehouse_client::coeus_gateway::{ErrorCode, Project, ProjectPage};
use serde_json::{Value, json};

/// The page that is asked for, of `total` projects.
fn page(asked: &Asked, total: usize) -> Answer {
    let number = |name: &str| usize::try_from(asked.json()[name].as_u64().unwrap()).unwrap();
    let (page, size) = (number("page_no"), number("page_size"));
    let list: Vec<Value> = (page * size..((page + 1) * size).min(total)).map(project).collect();
    envelope(200, 0, "OK", (total, list.len()), &json!({ "list": list }))
}

fn project(number: usize) -> Value {
    json!({
        "id": number, "project_name": "", "project_type": 1, "project_key": "", "project_secret": "hunter2hunter2",
        "end_points": [], "deleted": false, "created_time": "2026-01-02 03:04:05", "request_total": 0,
        "request_today": 0, "request_max": 30, "pool_id": 0, "pool_name": "",
    })
}

async fn server(total: usize) -> Server {
    logging_in(move |asked, _| page(asked, total)).await
}

fn ids(projects: &[Project]) -> Vec<i64> {
    projects.iter().map(|project| project.id).collect()
}

#[tokio::test]
async fn items_come_from_all_pages_in_order() {
    let server = server(7).await;
    let items: Vec<Project> = session(&server).projects().size(3).items().try_collect().await.unwrap();
    assert_eq!(ids(&items), [0, 1, 2, 3, 4, 5, 6]);
    let asked: Vec<Value> = server.asked(LIST).iter().map(Asked::json).collect();
    assert_eq!(asked, [0, 1, 2].map(|page| json!({ "page_no": page, "page_size": 3 })));
    assert!(!format!("{items:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_full_last_page_is_the_last_and_each_has_the_total() {
    let server = server(40).await;
    let pages: Vec<Reply<ProjectPage>> = session(&server).projects().pages().try_collect().await.unwrap();
    let counts: Vec<_> = pages.iter().map(|page| (page.list.len(), page.count, page.total)).collect();
    assert_eq!(counts, [(20, 20, 40), (20, 20, 40)]);
    assert_eq!(pages[0].trace_id(), Some("trace-1"));
}

#[tokio::test]
async fn an_empty_list_is_one_empty_page() {
    let server = server(0).await;
    let pages: Vec<_> = session(&server).projects().pages().try_collect().await.unwrap();
    assert_eq!((pages.len(), pages[0].total), (1, 0));
    assert!(session(&server).projects().items().next().await.is_none());
}

#[tokio::test]
async fn a_list_that_shrinks_ends() {
    let server = logging_in(|asked, before| page(asked, if before == 0 { 100 } else { 0 })).await;
    let items: Vec<Project> = session(&server).projects().size(2).items().try_collect().await.unwrap();
    assert_eq!((ids(&items), server.asked(LIST).len()), (vec![0, 1], 2));
}

#[tokio::test]
async fn the_list_of_another_user_may_be_none_of_ones_business() {
    let server = logging_in(|_, _| failure(200, 1009, "access violate")).await;
    let error = session(&server).projects().of_user(7).page(0).await.unwrap_err();
    assert_eq!((error.code(), error.trace_id()), (Some(ErrorCode::AccessViolate), Some("trace-1")));
    assert_eq!(server.asked(LIST)[0].json(), json!({ "user_id": 7, "page_no": 0, "page_size": 20 }));
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_of_a_stream_is_replaced() {
    let server = logging_in(|asked, _| {
        let is_over = asked.header("authorization") == "Bearer t1" && asked.json()["page_no"] == 1;
        if is_over { unauthorized() } else { page(asked, 6) }
    })
    .await;
    let items: Vec<Project> = session(&server).projects().size(2).items().try_collect().await.unwrap();
    assert_eq!(ids(&items), [0, 1, 2, 3, 4, 5]);
    let asked: Vec<String> = server.asked(LIST).iter().map(|asked| asked.header("authorization").to_owned()).collect();
    assert_eq!(asked, ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2"]);
    assert_eq!(server.asked(LOGIN).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_is_asked_for_again_while_the_server_is_busy() {
    let server = logging_in(|asked, before| match before {
        0 => Answer::HangUp,
        1 => failure(503, -1, "unknown error"),
        _ => page(asked, 1),
    })
    .await;
    let items: Vec<Project> = session(&server).projects().items().try_collect().await.unwrap();
    assert_eq!((items.len(), server.asked(LIST).len()), (1, 3));
}

#[tokio::test]
async fn an_error_ends_the_stream() {
    let server = logging_in(
        |asked, before| if before == 1 { failure(200, 500, "internal server error") } else { page(asked, 9) },
    )
    .await;
    let mut items = session(&server).projects().size(1).items();
    assert!(items.next().await.unwrap().is_ok());
    assert_eq!(items.next().await.unwrap().unwrap_err().code(), Some(ErrorCode::InternalError));
    assert!(items.next().await.is_none());
}

#[tokio::test]
async fn what_breaks_a_rule_is_not_sent() {
    let server = server(0).await;
    let session = session(&server);
    let told = |error: gatehouse_client::coeus_gateway::Error| error.to_string();
    let error = told(session.projects().size(101).page(0).await.unwrap_err());
    assert_eq!(error, "the request was not sent: `page_size` is more than 100");
    let error = told(session.projects().page(-1).await.unwrap_err());
    assert_eq!(error, "the request was not sent: `page_no` is less than 0");
    let error = told(session.projects().of_user(0).page(0).await.unwrap_err());
    assert_eq!(error, "the request was not sent: `user_id` is less than 1");
    assert!(server.asked(LIST).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_sent_once() {
    let server = logging_in(|_, before| match before {
        0 => success(&json!({})),
        1 => failure(200, 1006, "data not found"),
        _ => Answer::HangUp,
    })
    .await;
    let session = session(&server);
    session.delete_project(7).await.unwrap();
    assert_eq!(server.asked(DELETE)[0].json(), json!({ "id": 7 }));
    assert_eq!(session.delete_project(7).await.unwrap_err().code(), Some(ErrorCode::NotFound));
    assert!(session.delete_project(7).await.unwrap_err().is_retryable());
    assert_eq!(server.asked(DELETE).len(), 3);
}
