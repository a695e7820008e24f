//! `refreshToken`: the pair that a good token gives, and what is wrong with a request. What is wrong with tokens stands in
//! `refused_refresh`, what becomes of a family in `families`.

use std::time::Duration;

use contract_tests::{
    fixture::Fixture,
    transcript,
    wire::{Exchange, Request},
};

use super::{Pair, REFRESH, refresh_request};

/// Exchanges the administrator's first refresh token a minute after the login, by a request with this change.
async fn exchange(change: impl FnOnce(Request) -> Request) -> Exchange {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    server.clock.advance(Duration::from_secs(60));
    server.send(change(refresh_request(&pair.refresh))).await
}

#[tokio::test]
async fn ok() {
    transcript!(exchange(|request| request).await);
}

#[tokio::test]
async fn ok_with_a_body_that_nobody_reads() {
    transcript!(exchange(|request| request.body("application/json", "{")).await);
}

#[tokio::test]
async fn ok_with_a_query_that_nobody_reads() {
    transcript!(exchange(|request| request.query("name", "x")).await);
}

/// A dot may be written as an escape; it is the same path.
#[tokio::test]
async fn ok_with_escapes() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    transcript!(server.send(refresh_request(&pair.refresh.replace('.', "%2E"))).await);
}

/// The successor is as good as the first: it gives a third pair.
#[tokio::test]
async fn ok_for_a_successor() {
    let server = Fixture::start().await;
    let second = Pair::of_admin(&server).await.exchange(&server).await;
    server.clock.advance(Duration::from_secs(7200));
    transcript!(server.send(refresh_request(&second.refresh)).await);
}

#[tokio::test]
async fn expired() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    server.clock.advance(Duration::from_secs(1_209_600));
    transcript!(server.send(refresh_request(&pair.refresh)).await);
}

#[tokio::test]
async fn expired_in_chinese() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    server.clock.advance(Duration::from_secs(1_209_600));
    transcript!(server.send(refresh_request(&pair.refresh).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn good_until_the_last_millisecond() {
    let server = Fixture::start().await;
    let [one, other] = [Pair::of_admin(&server).await, Pair::of_admin(&server).await];
    server.clock.advance(Duration::from_millis(1_209_599_999));
    assert_eq!(super::code_of_refresh(&server, &one.refresh).await, 0);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(super::code_of_refresh(&server, &other.refresh).await, 1010);
}

#[tokio::test]
async fn used_up() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    pair.exchange(&server).await;
    server.clock.advance(Duration::from_secs(30));
    transcript!(server.send(refresh_request(&pair.refresh)).await);
}

#[tokio::test]
async fn too_long() {
    transcript!(Fixture::start().await.send(refresh_request(&"a".repeat(4097))).await);
}

#[tokio::test]
async fn too_long_in_chinese() {
    let request = refresh_request(&"a".repeat(4097)).header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn longest() {
    transcript!(Fixture::start().await.send(refresh_request(&"a".repeat(4096))).await);
}

#[tokio::test]
async fn not_utf8() {
    transcript!(Fixture::start().await.send(refresh_request("%ff%fe")).await);
}

#[tokio::test]
async fn missing() {
    transcript!(Fixture::start().await.send(Request::post(REFRESH)).await);
}

#[tokio::test]
async fn empty() {
    transcript!(Fixture::start().await.send(refresh_request("")).await);
}

#[tokio::test]
async fn with_a_slash() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    transcript!(server.send(refresh_request(&format!("{}/more", pair.refresh))).await);
}

#[tokio::test]
async fn by_get() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    transcript!(server.send(Request::get(format!("{REFRESH}/{}", pair.refresh))).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let pair = Pair::of_admin(&server).await;
    transcript!(server.send(refresh_request(&pair.refresh).body("text/plain", "x".repeat(513))).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(refresh_request(&pair.refresh)).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    server.execute("ALTER TABLE refresh_token RENAME TO gone").await;
    transcript!(server.send(refresh_request(&pair.refresh)).await);
}
