//! The limit of requests: exact, for each client address, told on every reply.

use std::{net::SocketAddr, time::Duration};

use contract_tests::{
    fixture::Fixture,
    must, transcript,
    wire::{Exchange, Reply, Request},
};
use gatehouse_server::config::Config;
use serde_json::json;

use super::{APP, INTERNAL_PING, PING, app_request, example_app, token_request};

/// A server that admits so many requests.
async fn admitting(requests: u32) -> Fixture {
    Fixture::with(|config| config.go_api.rate_limit = requests).await
}

/// As [`admitting`], behind a proxy on loopback.
async fn behind_a_proxy(requests: u32) -> Fixture {
    let settings = |config: &mut Config| {
        config.go_api.rate_limit = requests;
        config.trusted_proxies = vec!["127.0.0.1".parse::<std::net::IpAddr>().unwrap().into()];
    };
    Fixture::with(settings).await
}

/// Sends a request after the only one that is admitted.
async fn after_the_last(request: impl AsyncFnOnce(&Fixture) -> Request) -> Exchange {
    let server = admitting(1).await;
    server.send(Request::get(PING)).await;
    let request = request(&server).await;
    server.send(request).await
}

fn remaining(reply: &Reply) -> u32 {
    reply.header("X-RateLimit-Remaining").parse().expect("a number")
}

#[tokio::test]
async fn issue_token() {
    transcript!(after_the_last(async |_| token_request()).await);
}

#[tokio::test]
async fn issue_token_in_chinese() {
    transcript!(after_the_last(async |_| token_request().header("lang", "zh")).await);
}

#[tokio::test]
async fn create_app() {
    transcript!(after_the_last(async |server| app_request(&server.token().await, &example_app())).await);
}

#[tokio::test]
async fn list_apps() {
    transcript!(after_the_last(async |server| Request::get(APP).bearer(&server.token().await)).await);
}

#[tokio::test]
async fn ping() {
    transcript!(after_the_last(async |_| Request::get(PING)).await);
}

#[tokio::test]
async fn ping_by_head() {
    transcript!(after_the_last(async |_| Request::new("HEAD", PING)).await);
}

#[tokio::test]
async fn ping_internal() {
    transcript!(after_the_last(async |_| Request::get(INTERNAL_PING)).await);
}

#[tokio::test]
async fn unknown_path() {
    transcript!(after_the_last(async |_| Request::get("/go-api/nowhere")).await);
}

#[tokio::test]
async fn alias() {
    transcript!(after_the_last(async |_| Request::get("/go-api/v1/external/service/ping")).await);
}

#[tokio::test]
async fn the_window_turns_after_an_hour_from_its_first_request() {
    let server = admitting(2).await;
    let mut told = Vec::new();
    let mut ping = async |after: u64| {
        server.clock.advance(Duration::from_secs(after));
        let reply = server.send(Request::get(PING)).await.reply;
        let header = |name: &str| reply.header(name).to_owned();
        told.push((
            reply.status,
            header("X-RateLimit-Limit"),
            header("X-RateLimit-Remaining"),
            header("X-RateLimit-Reset"),
            header("Retry-After"),
        ));
    };
    for after in [0, 10, 10, 3579, 1, 0, 0] {
        ping(after).await;
    }
    let expected = [
        (200, "1", "1767326645", ""),
        (200, "0", "1767326645", ""),
        (429, "0", "1767326645", "3580"),
        (429, "0", "1767326645", "1"),
        (200, "1", "1767330245", ""),
        (200, "0", "1767330245", ""),
        (429, "0", "1767330245", "3600"),
    ];
    let told: Vec<_> =
        told.iter().map(|(status, limit, left, reset, retry)| (*status, limit.as_str(), left, reset, retry)).collect();
    assert_eq!(told.len(), expected.len());
    for ((status, limit, left, reset, retry), expected) in told.into_iter().zip(expected) {
        assert_eq!(limit, "2");
        assert_eq!((status, left.as_str(), reset.as_str(), retry.as_str()), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_as_many_as_the_limit_are_admitted_at_once() {
    const LIMIT: usize = 40;
    const REQUESTS: usize = 100;
    let server = admitting(LIMIT as u32).await;
    for round in 0..2 {
        let to: SocketAddr = server.address();
        let sending: Vec<_> = (0..REQUESTS).map(|_| tokio::spawn(Request::get(PING).send(to))).collect();
        let mut admitted = Vec::new();
        for exchange in sending {
            let reply = must("a reply", exchange).await.unwrap().reply;
            match reply.status {
                200 => admitted.push(remaining(&reply)),
                429 => assert_eq!((remaining(&reply), reply.code()), (0, 429)),
                other => panic!("{other}"),
            }
        }
        admitted.sort_unstable();
        assert_eq!(admitted, (0..LIMIT as u32).collect::<Vec<_>>(), "round {round}");
        server.clock.advance(Duration::from_secs(3600));
    }
}

#[tokio::test]
async fn every_request_below_the_prefix_counts_whatever_comes_of_it() {
    let server = admitting(1000).await;
    let token = server.token().await;
    let requests = [
        Request::get(PING),
        Request::new("HEAD", PING),
        Request::get("/go-api/v1/external/service/ping"),
        Request::get("/go-api/v2/external/service/ping"),
        Request::get("/go-api/nowhere"),
        Request::new("DELETE", PING),
        Request::get(INTERNAL_PING),
        token_request(),
        Request::post(super::TOKEN).json(&json!({})),
        Request::post(super::TOKEN),
        Request::get(APP),
        Request::get(APP).bearer("forged"),
        app_request(&token, &example_app()),
        app_request(&token, &example_app()),
    ];
    for (before, request) in requests.into_iter().enumerate() {
        let exchange = server.send(request).await;
        assert_eq!(remaining(&exchange.reply) as usize, 999 - before, "{exchange}");
    }
}

#[tokio::test]
async fn what_is_outside_the_prefix_does_not_count() {
    let server = admitting(1000).await;
    for path in ["/healthz", "/openapi/go_api.json", "/swagger-ui/", "/nowhere", "/ws?token=forged"] {
        let reply = server.send(Request::get(path)).await.reply;
        assert_eq!(reply.header("X-RateLimit-Limit"), "", "{path}");
    }
    assert_eq!(remaining(&server.send(Request::get(PING)).await.reply), 999);
}

#[tokio::test]
async fn addresses_are_counted_apart_and_ipv6_by_its_network() {
    let server = behind_a_proxy(10).await;
    let mut left = Vec::new();
    for client in [
        "198.51.100.1",
        "198.51.100.2",
        "198.51.100.1",
        "::ffff:198.51.100.1",
        "2001:db8:1:2::1",
        "2001:db8:1:2:ffff:ffff:ffff:ffff",
        "[2001:db8:1:2::7]:4711",
        "2001:db8:1:3::1",
    ] {
        let reply = server.send(Request::get(PING).header("X-Forwarded-For", client)).await.reply;
        left.push((client, remaining(&reply)));
    }
    let expected = [9, 9, 8, 7, 9, 8, 7, 9];
    assert_eq!(left.iter().map(|(_, left)| *left).collect::<Vec<_>>(), expected, "{left:?}");
}

#[tokio::test]
async fn forged_headers_of_an_untrusted_peer_change_nothing() {
    let server = admitting(10).await;
    for (before, header) in ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-For"].into_iter().enumerate() {
        let value = format!("{}203.0.113.{before}", if header == "Forwarded" { "for=" } else { "" });
        let reply = server.send(Request::get(PING).header(header, value)).await.reply;
        assert_eq!(remaining(&reply) as usize, 9 - before);
    }
}

#[tokio::test]
async fn what_a_client_writes_before_a_trusted_proxy_changes_nothing() {
    let server = behind_a_proxy(10).await;
    for (before, forged) in ["", "10.0.0.1, ", "127.0.0.1, 203.0.113.9, ", "nonsense, "].into_iter().enumerate() {
        let value = format!("{forged}198.51.100.1");
        let reply = server.send(Request::get(PING).header("X-Forwarded-For", value)).await.reply;
        assert_eq!(remaining(&reply) as usize, 9 - before);
    }
}
