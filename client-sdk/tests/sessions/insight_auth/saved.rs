//! Tokens that outlive a session.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{builder, checks, counts, expired, nobody, serving, session, shown};
use gatehouse_client::insight_auth::Tokens;

#[tokio::test]
async fn saved_tokens_need_no_login() {
    let server = serving(|_, _| None).await;
    let first = session(&server);
    assert!(first.tokens().is_none());
    first.token().await.unwrap();
    let saved = serde_json::to_string(&first.tokens().unwrap()).unwrap();
    drop(first);

    let tokens: Tokens = serde_json::from_str(&saved).unwrap();
    let second = nobody(&server).tokens(tokens).build().unwrap();
    assert!(second.account().is_none() && second.user().is_none());
    second.check().await.unwrap();
    assert_eq!((shown(&server), counts(&server)), (vec!["a1".to_owned()], (1, 1, 0)));
}

#[tokio::test]
async fn saved_tokens_that_have_expired_are_renewed() {
    let server = serving(|asked, _| checks(asked, "a1").then(expired)).await;
    let first = session(&server);
    first.token().await.unwrap();
    let second = nobody(&server).tokens(first.tokens().unwrap()).build().unwrap();
    second.check().await.unwrap();
    assert_eq!((shown(&server), counts(&server)), (vec!["a1".to_owned(), "a1.1".to_owned()], (1, 1, 1)));
    assert_eq!((second.tokens().unwrap().access_token, second.user().is_some()), ("a1.1".to_owned(), true));
}

#[tokio::test(start_paused = true)]
async fn all_new_tokens_are_told_before_they_are_used() {
    let server = serving(|_, _| None).await;
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&told);
    let session = builder(&server)
        .on_tokens(move |tokens| log.lock().unwrap().push(format!("{} {}", tokens.access_token, tokens.refresh_token)))
        .build()
        .unwrap();
    session.token().await.unwrap();
    tokio::time::advance(Duration::from_secs(7200)).await;
    session.token().await.unwrap();
    session.token().await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["a1 r1", "a1.1 r1"]);
}
