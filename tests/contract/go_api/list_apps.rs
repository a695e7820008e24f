//! `listApps`: pages, their bounds, and whose applications they show.

use std::time::Duration;

use contract_tests::{fixture::Fixture, transcript, wire::Request};
use serde_json::json;

use super::{APP, app_request, create, example_app};

/// Asks for a page by this query with the demo application's token.
async fn page(query: &str) -> contract_tests::wire::Exchange {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.send(Request::get(format!("{APP}{query}")).bearer(&token)).await
}

#[tokio::test]
async fn ok() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.send(app_request(&token, &example_app())).await;
    transcript!(server.send(Request::get(APP).bearer(&token)).await);
}

#[tokio::test]
async fn empty() {
    transcript!(page("").await);
}

#[tokio::test]
async fn second_page() {
    let server = Fixture::start().await;
    let token = server.token().await;
    for name in ["One", "Two", "Three"] {
        create(&server, &token, name).await;
        server.clock.advance(Duration::from_secs(60));
    }
    transcript!(server.send(Request::get(format!("{APP}?page=2&size=2")).bearer(&token)).await);
}

#[tokio::test]
async fn disabled_app_is_shown_as_such() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let (app_id, _) = create(&server, &token, "Closed").await;
    server.change_app(&app_id, &json!({ "enabled": false })).await;
    transcript!(server.send(Request::get(APP).bearer(&token)).await);
}

#[tokio::test]
async fn only_own_apps() {
    let server = Fixture::start().await;
    let demo = server.token().await;
    let (child, secret) = create(&server, &demo, "Child").await;
    let child = server.token_of(&child, &secret).await;
    create(&server, &child, "Grandchild").await;
    transcript!(server.send(Request::get(APP).bearer(&child)).await);
}

#[tokio::test]
async fn largest_page() {
    transcript!(page("?page=1&size=100").await);
}

#[tokio::test]
async fn page_past_the_end() {
    transcript!(page("?page=2147483647&size=100").await);
}

#[tokio::test]
async fn page_zero() {
    transcript!(page("?page=0").await);
}

#[tokio::test]
async fn page_zero_in_chinese() {
    let server = Fixture::start().await;
    let token = server.token().await;
    transcript!(server.send(Request::get(format!("{APP}?page=0")).bearer(&token).header("lang", "zh")).await);
}

#[tokio::test]
async fn page_negative() {
    transcript!(page("?page=-1").await);
}

#[tokio::test]
async fn page_past_32_bits() {
    transcript!(page("?page=2147483648").await);
}

#[tokio::test]
async fn page_past_64_bits() {
    transcript!(page("?page=18446744073709551616").await);
}

#[tokio::test]
async fn page_no_number() {
    transcript!(page("?page=first").await);
}

#[tokio::test]
async fn page_empty() {
    transcript!(page("?page=").await);
}

#[tokio::test]
async fn page_fraction() {
    transcript!(page("?page=1.5").await);
}

#[tokio::test]
async fn page_twice() {
    transcript!(page("?page=1&page=2").await);
}

#[tokio::test]
async fn no_token_and_query_not_utf8() {
    transcript!(Fixture::start().await.send(Request::get(format!("{APP}?page=%ff"))).await);
}

#[tokio::test]
async fn page_not_utf8() {
    transcript!(page("?page=%ff").await);
}

#[tokio::test]
async fn size_zero() {
    transcript!(page("?size=0").await);
}

#[tokio::test]
async fn size_too_large() {
    transcript!(page("?size=101").await);
}

#[tokio::test]
async fn unknown_parameter() {
    transcript!(page("?sort=name").await);
}

#[tokio::test]
async fn no_token_and_bad_page() {
    transcript!(Fixture::start().await.send(Request::get(format!("{APP}?page=0"))).await);
}

#[tokio::test]
async fn no_token_in_chinese() {
    transcript!(Fixture::start().await.send(Request::get(APP).header("lang", "zh")).await);
}

#[tokio::test]
async fn token_expired() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.clock.advance(Duration::from_secs(604_800));
    transcript!(server.send(Request::get(APP).bearer(&token)).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(Request::get(APP).bearer(&token)).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.execute("ALTER TABLE app RENAME TO gone").await;
    transcript!(server.send(Request::get(APP).bearer(&token)).await);
}
