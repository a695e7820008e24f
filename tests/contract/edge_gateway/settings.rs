//! `[edge_gateway]`: how long tokens live, and how long a spent one may come back.

use std::time::Duration;

use contract_tests::fixture::{Fixture, START};

use super::{Pair, code_of_access, code_of_refresh, parts};

#[tokio::test]
async fn access_ttl() {
    let server = Fixture::with(|config| config.edge_gateway.access_ttl = 60).await;
    let pair = Pair::of_admin(&server).await;
    assert_eq!(parts(&pair.access).1["exp"], START.seconds() + 60);
    assert_eq!(parts(&pair.refresh).1["exp"], START.seconds() + 1_209_600);
    server.clock.advance(Duration::from_millis(59_999));
    assert_eq!(code_of_access(&server, &pair.access).await, 0);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(code_of_access(&server, &pair.access).await, 10006);
    assert_eq!(code_of_refresh(&server, &pair.refresh).await, 0);
}

#[tokio::test]
async fn refresh_ttl() {
    let server = Fixture::with(|config| config.edge_gateway.refresh_ttl = 60).await;
    let [one, other] = [Pair::of_admin(&server).await, Pair::of_admin(&server).await];
    server.clock.advance(Duration::from_millis(59_999));
    let next = one.exchange(&server).await;
    assert_eq!(parts(&next.refresh).1["exp"], START.seconds() + 59 + 60);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(code_of_refresh(&server, &other.refresh).await, 1010);
    assert_eq!(code_of_refresh(&server, &next.refresh).await, 0);
}

#[tokio::test]
async fn refresh_grace() {
    let server = Fixture::with(|config| config.edge_gateway.refresh_grace = 5).await;
    let pair = Pair::of_admin(&server).await;
    let next = pair.exchange(&server).await;
    server.clock.advance(Duration::from_millis(4_999));
    assert_eq!(pair.exchange(&server).await, next);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(code_of_refresh(&server, &pair.refresh).await, 1011);
    assert_eq!(code_of_access(&server, &next.access).await, 10006);
}

#[tokio::test]
async fn no_grace_at_all() {
    let server = Fixture::with(|config| config.edge_gateway.refresh_grace = 0).await;
    let pair = Pair::of_admin(&server).await;
    let next = pair.exchange(&server).await;
    assert_eq!(code_of_access(&server, &next.access).await, 0);
    assert_eq!(code_of_refresh(&server, &pair.refresh).await, 1011);
    assert_eq!(code_of_access(&server, &next.access).await, 10006);
}
