//! Renewal by the refresh token, which stays as it is.

use std::time::Duration;

use super::{
    STATUS, TOKENS, builder, checks, counts, elsewhere, expired, invalid_token, is, nobody, serving, session, shown,
    too_soon,
};
use crate::server::{Answer, at_once};
use gatehouse_client::RetryPolicy;
use gatehouse_client::insight_auth::{ErrorCode, Tokens};
use tokio::time::{Instant, advance};

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

fn saved(access: &str) -> Tokens {
    Tokens { access_token: access.to_owned(), refresh_token: "r1".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn fifty_tasks_renew_once_before_the_token_expires() {
    let server = serving(|_, _| None).await;
    let session = session(&server);
    let check = || {
        let session = session.clone();
        async move { session.check().await.map(|_| ()) }
    };
    at_once(50, check).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    // 5 min before its end.
    advance(seconds(6899)).await;
    at_once(50, check).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(counts(&server), (1, 1, 0));
    advance(seconds(1)).await;
    at_once(50, check).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(counts(&server), (1, 1, 1));
    advance(seconds(6900)).await;
    at_once(50, check).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(counts(&server), (1, 1, 2));
    let shown = shown(&server);
    for (round, token) in ["a1", "a1", "a1.1", "a1.2"].into_iter().enumerate() {
        assert!(shown[50 * round..50 * (round + 1)].iter().all(|other| other == token), "{round}: {shown:?}");
    }
    assert_eq!(session.tokens().unwrap().refresh_token, "r1");
}

#[tokio::test]
async fn fifty_refused_tasks_renew_once() {
    for refusal in [invalid_token, expired] {
        let server = serving(move |asked, _| checks(asked, "a1").then(refusal)).await;
        let session = session(&server);
        session.token().await.unwrap();
        let check = || {
            let session = session.clone();
            async move { session.check().await }
        };
        for outcome in at_once(50, check).await {
            outcome.unwrap();
        }
        assert_eq!(counts(&server), (1, 1, 1));
        assert_eq!(shown(&server).iter().filter(|token| *token == "a1.1").count(), 50);
    }
}

#[tokio::test]
async fn a_second_refusal_is_returned() {
    let server = serving(|asked, _| is(asked, "GET", STATUS).then(invalid_token)).await;
    let error = session(&server).check().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InvalidToken));
    assert_eq!((shown(&server), counts(&server)), (vec!["a1".to_owned(), "a1.1".to_owned()], (1, 1, 1)));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_lost_or_too_soon_is_repeated_with_the_same_token() {
    let server = serving(|asked, before| match before {
        0 if asked.verb == "PUT" => Some(Answer::HangUp),
        1 if asked.verb == "PUT" => Some(too_soon()),
        _ => None,
    })
    .await;
    let session = session(&server);
    session.token().await.unwrap();
    advance(seconds(7200)).await;
    let begin = Instant::now();
    assert_eq!(session.token().await.unwrap().expose(), "a1.3");
    assert_eq!((begin.elapsed().as_secs(), counts(&server)), (1 + 3 + 2, (1, 1, 3)));
    assert!(server.asked(TOKENS).iter().filter(|asked| asked.verb == "PUT").all(|asked| asked.body.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_that_is_used_up_is_replaced_by_a_login() {
    let server = serving(|asked, _| (asked.verb == "PUT").then(invalid_token)).await;
    let session = session(&server);
    session.check().await.unwrap();
    advance(seconds(7200)).await;
    session.check().await.unwrap();
    assert_eq!((shown(&server), counts(&server)), (vec!["a1".to_owned(), "a2".to_owned()], (2, 2, 1)));
    assert_eq!(session.tokens().unwrap().refresh_token, "r2");
}

#[tokio::test(start_paused = true)]
async fn an_outage_costs_no_refresh_token() {
    let server = serving(|asked, before| (asked.verb == "PUT" && before < 2).then_some(Answer::HangUp)).await;
    let session = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    session.token().await.unwrap();
    advance(seconds(7200)).await;
    for _ in 0..2 {
        assert!(session.token().await.unwrap_err().is_retryable());
    }
    assert_eq!(session.token().await.unwrap().expose(), "a1.3");
    assert_eq!(counts(&server), (1, 1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_renewed_in_time_is_used_to_its_end() {
    let server = serving(|asked, before| (asked.verb == "PUT" && before < 2).then_some(Answer::HangUp)).await;
    let session = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    session.check().await.unwrap();
    advance(seconds(6900)).await;
    for renewals in 1..=3 {
        for _ in 0..3 {
            session.check().await.unwrap();
        }
        assert_eq!(counts(&server), (1, 1, renewals), "not for each operation");
        advance(seconds(5)).await;
    }
    assert_eq!(shown(&server)[1..], [vec!["a1"; 6], vec!["a1.3"; 3]].concat());
}

#[tokio::test]
async fn without_a_password_a_refused_refresh_token_is_the_end() {
    let server = serving(|asked, _| (checks(asked, "old") || asked.verb == "PUT").then(invalid_token)).await;
    let session = nobody(&server).tokens(saved("old")).build().unwrap();
    for _ in 0..2 {
        assert_eq!(session.check().await.unwrap_err().code(), Some(ErrorCode::InvalidToken));
    }
    assert_eq!((counts(&server), session.tokens().is_none()), ((0, 0, 1), true));
}

#[tokio::test(start_paused = true)]
async fn who_has_logged_in_elsewhere_is_not_logged_in_again() {
    let server = serving(|asked, _| (is(asked, "GET", STATUS) || asked.verb == "PUT").then(elsewhere)).await;
    let session = session(&server);
    for _ in 0..2 {
        assert_eq!(session.check().await.unwrap_err().code(), Some(ErrorCode::LoggedInElsewhere));
    }
    assert_eq!(counts(&server), (1, 1, 0));
    // The other device would be thrown out, and throw this one out in its turn.
    advance(seconds(7200)).await;
    for _ in 0..2 {
        assert_eq!(session.check().await.unwrap_err().code(), Some(ErrorCode::LoggedInElsewhere));
    }
    assert_eq!(counts(&server), (1, 1, 1));
}
