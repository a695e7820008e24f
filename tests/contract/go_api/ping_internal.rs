//! `pingInternal`: there for the internal networks, and for nobody else.

use contract_tests::{
    fixture::Fixture,
    transcript,
    wire::{Exchange, Request},
};

use super::INTERNAL_PING;

/// Asks as a client that comes through a proxy on loopback, trusted or not; the internal networks are the defaults.
async fn forwarded(trusted: bool, header: &str, value: &str) -> Exchange {
    let server = Fixture::with(|config| {
        if trusted {
            config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        }
    });
    server.await.send(Request::get(INTERNAL_PING).header(header, value)).await
}

#[tokio::test]
async fn ok() {
    transcript!(Fixture::start().await.send(Request::get(INTERNAL_PING)).await);
}

#[tokio::test]
async fn head() {
    transcript!(Fixture::start().await.send(Request::new("HEAD", INTERNAL_PING)).await);
}

#[tokio::test]
async fn by_the_alias_of_version_1() {
    transcript!(Fixture::start().await.send(Request::get("/go-api/v1/internal/service/ping")).await);
}

#[tokio::test]
async fn from_outside() {
    let server = Fixture::with(|config| config.go_api.internal_networks = vec!["10.0.0.0/8".parse().unwrap()]).await;
    transcript!(server.send(Request::get(INTERNAL_PING)).await);
}

#[tokio::test]
async fn from_outside_in_chinese() {
    let server = Fixture::with(|config| config.go_api.internal_networks = vec!["10.0.0.0/8".parse().unwrap()]).await;
    transcript!(server.send(Request::get(INTERNAL_PING).header("lang", "zh")).await);
}

#[tokio::test]
async fn from_outside_is_as_if_nothing_were_there() {
    let server = Fixture::with(|config| config.go_api.internal_networks = Vec::new()).await;
    let body = async |path: &str| {
        let exchange = server.send(Request::get(path).header("X-Trace-ID", "same")).await;
        (exchange.reply.status, exchange.reply.text())
    };
    assert_eq!(body(INTERNAL_PING).await, body("/go-api/internal/service/pong").await);
}

#[tokio::test]
async fn from_outside_no_method_gives_it_away() {
    let server = Fixture::with(|config| config.go_api.internal_networks = Vec::new()).await;
    for method in ["GET", "HEAD", "POST", "DELETE", "OPTIONS"] {
        let reply = server.send(Request::new(method, INTERNAL_PING)).await.reply;
        assert_eq!((reply.status, reply.header("allow")), (404, ""), "{method}");
    }
}

#[tokio::test]
async fn from_outside_through_a_trusted_proxy() {
    transcript!(forwarded(true, "X-Forwarded-For", "203.0.113.9").await);
}

#[tokio::test]
async fn from_inside_through_a_trusted_proxy() {
    transcript!(forwarded(true, "Forwarded", "for=\"10.1.2.3:4711\";proto=https").await);
}

#[tokio::test]
async fn from_outside_with_a_forged_first_hop() {
    transcript!(forwarded(true, "X-Forwarded-For", "10.0.0.1, 203.0.113.9").await);
}

#[tokio::test]
async fn from_inside_behind_an_untrusted_proxy() {
    transcript!(forwarded(false, "X-Forwarded-For", "203.0.113.9").await);
}

#[tokio::test]
async fn from_outside_with_a_forged_header() {
    let server = Fixture::with(|config| config.go_api.internal_networks = vec!["10.0.0.0/8".parse().unwrap()]).await;
    let request = Request::get(INTERNAL_PING).header("X-Forwarded-For", "10.1.2.3").header("Forwarded", "for=10.1.2.3");
    transcript!(server.send(request).await);
}
