//! Cross-origin requests: nothing unless origins are configured, and then only for those.

use contract_tests::{fixture::Fixture, transcript, wire::Request};

use super::{APP, PING};

const ORIGIN: &str = "https://app.example.com";

/// A server that pages of one origin may call.
async fn open_to_one() -> Fixture {
    Fixture::with(|config| config.go_api.allowed_origins = vec![ORIGIN.to_owned()]).await
}

fn preflight(origin: &str) -> Request {
    Request::new("OPTIONS", APP)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "authorization,content-type")
}

#[tokio::test]
async fn off() {
    transcript!(Fixture::start().await.send(Request::get(PING).header("Origin", ORIGIN)).await);
}

#[tokio::test]
async fn preflight_off() {
    transcript!(Fixture::start().await.send(preflight(ORIGIN)).await);
}

#[tokio::test]
async fn allowed() {
    transcript!(open_to_one().await.send(Request::get(PING).header("Origin", ORIGIN)).await);
}

#[tokio::test]
async fn allowed_to_see_failures() {
    transcript!(open_to_one().await.send(Request::get("/go-api/nowhere").header("Origin", ORIGIN)).await);
}

#[tokio::test]
async fn preflight_allowed() {
    transcript!(open_to_one().await.send(preflight(ORIGIN)).await);
}

#[tokio::test]
async fn other_origin() {
    transcript!(open_to_one().await.send(Request::get(PING).header("Origin", "https://evil.example")).await);
}

#[tokio::test]
async fn preflight_of_another_origin() {
    transcript!(open_to_one().await.send(preflight("https://app.example.com.evil.example")).await);
}

#[tokio::test]
async fn every_origin() {
    let server = Fixture::with(|config| config.go_api.allowed_origins = vec!["*".to_owned()]).await;
    transcript!(server.send(Request::get(PING).header("Origin", "null")).await);
}
