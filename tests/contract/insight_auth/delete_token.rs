//! `deleteToken`: the session ends, and no other.

use std::time::Duration;

use contract_tests::{
    fixture::{DEMO_APP, Fixture},
    transcript,
    wire::Request,
};

use super::{TOKENS, bundle, data_of, logout_request, refresh_request, status};

#[tokio::test]
async fn ok() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    transcript!(server.send(logout_request(&bundle.access)).await);
}

#[tokio::test]
async fn ok_in_english() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    transcript!(server.send(logout_request(&bundle.access).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn twice() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    data_of(&server.send(logout_request(&bundle.access)).await);
    transcript!(server.send(logout_request(&bundle.access)).await);
}

#[tokio::test]
async fn both_tokens_end_and_other_sessions_go_on() {
    let server = Fixture::start().await;
    let (one, other) = (bundle(&server).await, bundle(&server).await);
    for bundle in [&one, &other] {
        assert_eq!(status(&server, &bundle.access).await, 200);
    }
    data_of(&server.send(logout_request(&one.access)).await);
    assert_eq!(status(&server, &one.access).await, 421);
    assert_eq!(server.send(refresh_request(&one.refresh)).await.reply.code(), 421);
    assert_eq!(status(&server, &other.access).await, 200);
}

#[tokio::test]
async fn no_token() {
    transcript!(Fixture::start().await.send(Request::new("DELETE", TOKENS)).await);
}

#[tokio::test]
async fn refresh_token() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    transcript!(server.send(logout_request(&bundle.refresh)).await);
}

#[tokio::test]
async fn expired() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.clock.advance(Duration::from_millis(7_200_000));
    transcript!(server.send(logout_request(&bundle.access)).await);
}

#[tokio::test]
async fn logged_in_elsewhere() {
    let server = Fixture::start().await;
    server.make_exclusive(DEMO_APP).await;
    let (first, _second) = (bundle(&server).await, bundle(&server).await);
    transcript!(server.send(logout_request(&first.access)).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(logout_request(&bundle.access)).await);
}

/// What cannot be recorded is not done either.
#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.execute("ALTER TABLE audit_event RENAME TO gone").await;
    let failed = server.send(logout_request(&bundle.access)).await;
    assert_eq!(status(&server, &bundle.access).await, 200, "the session goes on");
    transcript!(failed);
}

#[tokio::test]
async fn body_too_large() {
    transcript!(super::body_too_large("DELETE", "/base/auth/v1.0/tokens").await);
}
