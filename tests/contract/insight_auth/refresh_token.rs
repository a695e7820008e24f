//! `refreshToken`: a new access secret for the refresh token, twelve times and until the session's end.

use std::time::Duration;

use contract_tests::{
    fixture::{DEMO_APP, Fixture},
    transcript,
};
use serde_json::json;

use super::{bundle, data_of, login, logout_request, refresh_request, status, status_request, tokens_in};

#[tokio::test]
async fn ok() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    transcript!(server.send(refresh_request(&bundle.refresh)).await);
}

#[tokio::test]
async fn ok_in_english() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    transcript!(server.send(refresh_request(&bundle.refresh).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn the_former_access_token_dies_at_once_and_the_refresh_token_stays() {
    let server = Fixture::start().await;
    let (access, refresh) = tokens_in(&login(&server).await);
    assert_eq!(status(&server, &access).await, 200);
    let (renewed, same) = tokens_in(&server.send(refresh_request(&refresh).from_new_device()).await);
    assert_eq!(same, refresh);
    assert_eq!(status(&server, &access).await, 421);
    assert_eq!(status(&server, &renewed).await, 200);
    data_of(&server.send(refresh_request(&refresh).from_new_device()).await);
}

#[tokio::test]
async fn an_expired_access_token_is_renewed() {
    let server = Fixture::start().await;
    let (access, refresh) = tokens_in(&login(&server).await);
    server.clock.advance(Duration::from_millis(7_199_999));
    assert_eq!(status(&server, &access).await, 200);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(status(&server, &access).await, 422);
    let (renewed, _) = tokens_in(&server.send(refresh_request(&refresh)).await);
    assert_eq!(status(&server, &renewed).await, 200);
    server.clock.advance(Duration::from_millis(7_200_000));
    assert_eq!(status(&server, &renewed).await, 422);
}

#[tokio::test]
async fn the_thirteenth_time() {
    let server = Fixture::start().await;
    let (_, refresh) = tokens_in(&login(&server).await);
    let mut access = String::new();
    for _ in 0..12 {
        (access, _) = tokens_in(&server.send(refresh_request(&refresh).from_new_device()).await);
    }
    let refused = server.send(refresh_request(&refresh)).await;
    assert_eq!(status(&server, &access).await, 200, "what was renewed last is still good");
    transcript!(refused);
}

#[tokio::test]
async fn at_the_session_s_end() {
    let server = Fixture::start().await;
    let (_, refresh) = tokens_in(&login(&server).await);
    server.clock.advance(Duration::from_millis(86_399_999));
    let (access, _) = tokens_in(&server.send(refresh_request(&refresh).from_new_device()).await);
    assert_eq!(status(&server, &access).await, 200);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(status(&server, &access).await, 421, "nothing outlives the session");
    transcript!(server.send(refresh_request(&refresh)).await);
}

#[tokio::test]
async fn no_token() {
    let server = Fixture::start().await;
    transcript!(server.send(contract_tests::wire::Request::new("PUT", super::TOKENS)).await);
}

#[tokio::test]
async fn no_token_in_english() {
    let server = Fixture::start().await;
    let request = contract_tests::wire::Request::new("PUT", super::TOKENS).header("Accept-Language", "en");
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn access_token() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    transcript!(server.send(refresh_request(&bundle.access)).await);
}

#[tokio::test]
async fn logged_out() {
    let server = Fixture::start().await;
    let (access, refresh) = tokens_in(&login(&server).await);
    data_of(&server.send(logout_request(&access)).await);
    transcript!(server.send(refresh_request(&refresh)).await);
}

#[tokio::test]
async fn logged_in_elsewhere() {
    let server = Fixture::start().await;
    server.make_exclusive(DEMO_APP).await;
    let (first, second) = (bundle(&server).await, bundle(&server).await);
    transcript!(server.send(refresh_request(&first.refresh)).await);
    assert_eq!(status(&server, &second.access).await, 200);
}

#[tokio::test]
async fn banned() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.core.users.ban(1).await.unwrap();
    server.core.users.unban(1).await.unwrap();
    transcript!(server.send(refresh_request(&bundle.refresh)).await);
}

#[tokio::test]
async fn lives_of_the_application() {
    let server = Fixture::start().await;
    server.change_app(DEMO_APP, &json!({ "token_life": 60_000, "refresh_life": 90_000 })).await;
    let bundle = bundle(&server).await;
    server.clock.advance(Duration::from_secs(60));
    assert_eq!(status(&server, &bundle.access).await, 422);
    let renewed = server.send(refresh_request(&bundle.refresh)).await;
    let (access, _) = tokens_in(&renewed);
    server.clock.advance(Duration::from_secs(30));
    assert_eq!(server.send(status_request(&access)).await.reply.code(), 421);
    transcript!(renewed);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(refresh_request(&bundle.refresh)).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    // The session is remembered from now on, so that only the renewal needs the table.
    assert_eq!(status(&server, &bundle.access).await, 200);
    server.execute("ALTER TABLE access_token RENAME TO gone").await;
    transcript!(server.send(refresh_request(&bundle.refresh)).await);
}

#[tokio::test]
async fn body_too_large() {
    transcript!(super::body_too_large("PUT", "/base/auth/v1.0/tokens").await);
}
