//! Tokens that outlive a session.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{LOGIN, builder, exchanges, failure, is_with, nobody, serving, session, shown};
use gatehouse_client::edge_gateway::TokenPair;

#[tokio::test]
async fn a_saved_pair_needs_no_login() {
    let server = serving(|_, _| None).await;
    let first = session(&server);
    assert!(first.tokens().is_none());
    first.token().await.unwrap();
    let saved = serde_json::to_string(&first.tokens().unwrap()).unwrap();
    drop(first);

    let pair: TokenPair = serde_json::from_str(&saved).unwrap();
    let second = nobody(&server).tokens(pair).build().unwrap();
    assert_eq!((second.username(), second.tokens().unwrap().expire), (None, super::NOW + 7200));
    second.create_product(None).await.unwrap();
    assert_eq!(shown(&server), ["a1"]);
    assert_eq!((server.asked(LOGIN).len(), exchanges(&server, "r1")), (1, 0));
}

#[tokio::test]
async fn a_saved_pair_that_has_expired_is_renewed() {
    let server =
        serving(|asked, _| is_with(asked, "a1").then(|| failure(200, 10006, "Request token is invalid."))).await;
    let first = session(&server);
    first.token().await.unwrap();
    let second = nobody(&server).tokens(first.tokens().unwrap()).build().unwrap();
    second.create_product(None).await.unwrap();
    assert_eq!(shown(&server), ["a1", "a1.1"]);
    assert_eq!((server.asked(LOGIN).len(), exchanges(&server, "r1")), (1, 1));
    assert_eq!(second.tokens().unwrap().refresh_token, "r1.1");
}

#[tokio::test(start_paused = true)]
async fn every_new_pair_is_told_before_it_is_used() {
    let server = serving(|_, _| None).await;
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&told);
    let session = builder(&server)
        .on_tokens(move |pair| log.lock().unwrap().push(format!("{} {}", pair.access_token, pair.refresh_token)))
        .build()
        .unwrap();
    session.token().await.unwrap();
    tokio::time::advance(Duration::from_secs(7200)).await;
    session.token().await.unwrap();
    session.token().await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["a1 r1", "a1.1 r1.1"]);
}
