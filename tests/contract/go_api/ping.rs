//! `ping`: whoever asks, in whichever way.

use contract_tests::{fixture::Fixture, transcript, wire::Request};

use super::PING;

#[tokio::test]
async fn ok() {
    transcript!(Fixture::start().await.send(Request::get(PING)).await);
}

#[tokio::test]
async fn ok_in_chinese() {
    transcript!(Fixture::start().await.send(Request::get(PING).header("Accept-Language", "zh-CN")).await);
}

#[tokio::test]
async fn head() {
    transcript!(Fixture::start().await.send(Request::new("HEAD", PING)).await);
}

#[tokio::test]
async fn by_the_alias_of_version_1() {
    transcript!(Fixture::start().await.send(Request::get("/go-api/v1/external/service/ping")).await);
}

#[tokio::test]
async fn with_a_bad_token() {
    transcript!(Fixture::start().await.send(Request::get(PING).bearer("forged")).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(Request::get(PING)).await);
}
