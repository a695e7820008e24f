//! Renewal by refresh tokens, which rotate.

use std::time::Duration;

use super::{EXCHANGE, LOGIN, builder, exchanges, failure, is_with, nobody, serving, session, shown, success};
use crate::server::{Answer, at_once};
use futures_util::FutureExt;
use gatehouse_client::RetryPolicy;
use gatehouse_client::edge_gateway::{ErrorCode, TokenPair};
use serde_json::json;
use tokio::time::advance;

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[tokio::test(start_paused = true)]
async fn forty_tasks_renew_once_before_the_token_expires() {
    let server = serving(|_, _| None).await;
    let session = session(&server);
    let create = || {
        let session = session.clone();
        async move { session.create_product(None).await.map(|_| ()) }
    };
    at_once(40, create).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    // 5 min before its end. The clocks of server and client are years apart, and that does not matter.
    advance(seconds(6899)).await;
    at_once(40, create).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(exchanges(&server, "r1"), 0);
    advance(seconds(1)).await;
    at_once(40, create).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    advance(seconds(6900)).await;
    at_once(40, create).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!((exchanges(&server, "r1"), exchanges(&server, "r1.1")), (1, 1));
    assert_eq!(server.asked(LOGIN).len(), 1);
    let shown = shown(&server);
    for (round, token) in ["a1", "a1", "a1.1", "a1.1.1"].into_iter().enumerate() {
        assert!(shown[40 * round..40 * (round + 1)].iter().all(|other| other == token), "{round}: {shown:?}");
    }
    assert_eq!(session.tokens().unwrap().refresh_token, "r1.1.1");
}

#[tokio::test]
async fn forty_refused_tasks_renew_once() {
    let server =
        serving(|asked, _| is_with(asked, "a1").then(|| failure(200, 10006, "Request token is invalid."))).await;
    let session = session(&server);
    session.token().await.unwrap();
    let create = || {
        let session = session.clone();
        async move { session.create_product(None).await }
    };
    for product in at_once(40, create).await {
        product.unwrap();
    }
    assert_eq!((exchanges(&server, "r1"), server.asked(LOGIN).len()), (1, 1));
    assert_eq!(shown(&server).iter().filter(|token| *token == "a1.1").count(), 40);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_asked_for_again_with_the_same_token() {
    let server =
        serving(|asked, before| (asked.path().starts_with(EXCHANGE) && before < 2).then_some(Answer::HangUp)).await;
    let session = session(&server);
    session.token().await.unwrap();
    advance(seconds(7200)).await;
    assert_eq!(session.token().await.unwrap().expose(), "a1.1");
    assert_eq!((exchanges(&server, "r1"), server.asked(LOGIN).len()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_reply_stays_lost_is_given_up_when_the_grace_is_over() {
    let server = serving(|asked, _| asked.path().starts_with(EXCHANGE).then_some(Answer::HangUp)).await;
    let session = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    session.token().await.unwrap();
    advance(seconds(7200)).await;
    assert!(session.token().await.unwrap_err().is_retryable());
    advance(seconds(24)).await;
    assert!(session.token().await.unwrap_err().is_retryable());
    assert_eq!((exchanges(&server, "r1"), server.asked(LOGIN).len()), (2, 1));
    // Presenting it now would look like a theft.
    advance(seconds(1)).await;
    assert_eq!(session.token().await.unwrap().expose(), "a2");
    assert_eq!((exchanges(&server, "r1"), server.asked(LOGIN).len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_renewal_counts_as_a_lost_one() {
    let server = serving(|_, _| None).await;
    let session = session(&server);
    session.token().await.unwrap();
    advance(seconds(7200)).await;
    assert!(session.token().now_or_never().is_none());
    advance(seconds(25)).await;
    assert_eq!(session.token().await.unwrap().expose(), "a2");
}

#[tokio::test(start_paused = true)]
async fn waits_between_exchanges_leave_the_grace_to_them() {
    let server = serving(|asked, before| {
        let is_first = asked.path().starts_with(EXCHANGE) && before == 0;
        is_first.then(|| failure(503, 500, "system error").with("Retry-After", 20))
    })
    .await;
    let session = session(&server);
    session.token().await.unwrap();
    advance(seconds(7200)).await;
    let error = session.token().await.unwrap_err();
    assert_eq!((error.status(), error.retry_after()), (Some(503), Some(seconds(20))));
    assert_eq!(session.token().await.unwrap().expose(), "a1.1");
}

#[tokio::test(start_paused = true)]
async fn a_refused_refresh_token_is_replaced_by_a_login() {
    for (code, expected) in [(1011, ErrorCode::TokenInvalid), (1010, ErrorCode::TokenExpired)] {
        let server =
            serving(move |asked, _| asked.path().starts_with(EXCHANGE).then(|| failure(200, code, "token"))).await;
        let session = session(&server);
        session.create_product(None).await.unwrap();
        advance(seconds(7200)).await;
        session.create_product(None).await.unwrap();
        assert_eq!(shown(&server), ["a1", "a2"]);
        assert_eq!((exchanges(&server, "r1"), server.asked(LOGIN).len()), (1, 2));
        assert_eq!(ErrorCode::from(code), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_password_a_refused_refresh_token_is_the_end() {
    let server = serving(|asked, _| {
        if is_with(asked, "old") {
            return Some(failure(200, 10006, "Request token is invalid."));
        }
        asked.path().starts_with(EXCHANGE).then(|| failure(200, 1011, "token invalid"))
    })
    .await;
    let saved = TokenPair { access_token: "old".to_owned(), expire: 0, refresh_token: "r1".to_owned() };
    let session = nobody(&server).tokens(saved).build().unwrap();
    for _ in 0..2 {
        let error = session.create_product(None).await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::TokenInvalid));
    }
    assert_eq!((exchanges(&server, "r1"), server.asked(LOGIN).len()), (1, 0));
    assert!(session.tokens().is_none());
}

#[tokio::test(start_paused = true)]
async fn without_a_password_a_lost_reply_is_asked_for_whenever_that_is() {
    let server = serving(|asked, before| {
        if is_with(asked, "old") {
            return Some(failure(200, 10006, "Request token is invalid."));
        }
        (asked.path().starts_with(EXCHANGE) && before == 0).then_some(Answer::HangUp)
    })
    .await;
    let saved = TokenPair { access_token: "old".to_owned(), expire: 0, refresh_token: "r1".to_owned() };
    let session = nobody(&server).retry(RetryPolicy::none()).tokens(saved).build().unwrap();
    assert!(session.create_product(None).await.unwrap_err().is_retryable());
    advance(seconds(60)).await;
    session.create_product(None).await.unwrap();
    assert_eq!((shown(&server), exchanges(&server, "r1")), (vec!["old".to_owned(), "a1.1".to_owned()], 2));
}

#[tokio::test(start_paused = true)]
async fn a_life_that_no_clock_can_count_is_endless() {
    let server = serving(|asked, _| {
        let endless = json!({ "access_token": "a1", "expire": i64::MAX, "refresh_token": "r1" });
        (asked.path() == LOGIN).then(|| success(&endless))
    })
    .await;
    let session = session(&server);
    session.create_product(None).await.unwrap();
    advance(seconds(1_000_000)).await;
    session.create_product(None).await.unwrap();
    assert_eq!((exchanges(&server, "r1"), server.asked(LOGIN).len()), (0, 1));
}
