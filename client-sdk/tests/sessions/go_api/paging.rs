//! Lists as streams of pages and of items.

use super::{APPS, LOGIN, builder, refusal, success, token};
use crate::server::{Answer, Server};
use futures_util::{StreamExt, TryStreamExt};
use gatehouse_client::go_api::{ErrorCode, Session};
use serde_json::{Value, json};

/// A server with `total` applications, of which page `broken` cannot be had.
async fn server(total: i64, broken: i64) -> Server {
    Server::start(move |asked, _| match asked.path() {
        LOGIN => token("t1", 1000),
        _ => page(&asked.target, total, broken),
    })
    .await
}

fn page(target: &str, total: i64, broken: i64) -> Answer {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let number = |name: &str, default: i64| {
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.map_or(default, |value| value.parse().unwrap())
    };
    let (page, size) = (number("page", 1), number("size", 20));
    if page == broken {
        return refusal(500, "fail");
    }
    let items: Vec<Value> = ((page - 1) * size..(page * size).min(total)).map(app).collect();
    let pages = (total + size - 1) / size;
    let pagination = json!({ "page": page, "size": size, "total": total, "total_pages": pages });
    success(&json!({ "items": items, "pagination": pagination }))
}

fn app(number: i64) -> Value {
    json!({
        "app_id": format!("app-{number}"), "app_name": "", "description": "", "redirect_uri": "",
        "status": "enabled", "created_at": "2026-01-02T03:04:05Z",
    })
}

fn session(server: &Server) -> Session {
    builder(server).build().unwrap()
}

#[tokio::test]
async fn items_come_from_all_pages_in_order() {
    let server = server(7, 0).await;
    let items: Vec<_> = session(&server).apps().size(3).items().try_collect().await.unwrap();
    let ids: Vec<String> = (0..7).map(|number| format!("app-{number}")).collect();
    assert_eq!(items.iter().map(|app| app.app_id.clone()).collect::<Vec<_>>(), ids);
    let asked: Vec<String> = server.asked(APPS).into_iter().map(|asked| asked.target).collect();
    assert_eq!(asked, [1, 2, 3].map(|page| format!("{APPS}?page={page}&size=3")));
}

#[tokio::test]
async fn a_full_last_page_is_the_last() {
    let server = server(6, 0).await;
    let pages: Vec<_> = session(&server).apps().size(3).pages().try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.items.len()).collect::<Vec<_>>(), [3, 3]);
    assert_eq!(pages[1].pagination.total, 6);
}

#[tokio::test]
async fn an_empty_list_is_one_empty_page() {
    let server = server(0, 0).await;
    let pages: Vec<_> = session(&server).apps().pages().try_collect().await.unwrap();
    assert_eq!(pages.len(), 1);
    assert!(session(&server).apps().items().next().await.is_none());
}

#[tokio::test]
async fn a_page_is_fetched_when_it_is_asked_for() {
    let server = server(100, 0).await;
    let mut items = session(&server).apps().size(2).items();
    assert!(server.asked(APPS).is_empty());
    for _ in 0..3 {
        items.next().await.unwrap().unwrap();
    }
    assert_eq!(server.asked(APPS).len(), 2);
}

#[tokio::test]
async fn an_error_ends_the_stream() {
    let server = server(100, 2).await;
    let mut items = session(&server).apps().size(2).items();
    assert!(items.next().await.unwrap().is_ok());
    assert!(items.next().await.unwrap().is_ok());
    assert_eq!(items.next().await.unwrap().unwrap_err().code(), Some(ErrorCode::Fail));
    assert!(items.next().await.is_none());
}
