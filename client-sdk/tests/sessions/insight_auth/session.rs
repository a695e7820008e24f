//! Logins, operations, errors, logouts.

use std::time::Duration;

use super::{
    CODES, STATUS, TOKENS, builder, counts, elsewhere, expired, failure, invalid_token, is, nobody, serving, session,
    shown, signed, success, tokens, too_soon,
};
use crate::server::{Answer, SECRET, Server, at_once};
use gatehouse_client::RetryPolicy;
use gatehouse_client::insight_auth::{Error, ErrorCode};
use serde_json::json;
use tokio::time::Instant;

#[tokio::test]
async fn fifty_tasks_log_in_once() {
    let server = serving(|_, _| None).await;
    let session = builder(&server).tenant_id("tenant").device_id("device").build().unwrap();
    assert!(session.user().is_none());
    let check = || {
        let session = session.clone();
        async move { session.check().await }
    };
    for outcome in at_once(50, check).await {
        assert_eq!(outcome.unwrap().trace_id(), Some("trace-1"));
    }
    assert_eq!(counts(&server), (1, 1, 0));
    assert_eq!(server.asked(CODES)[0].target, format!("{CODES}?account=admin"));
    assert_eq!(
        server.asked(TOKENS)[0].json(),
        json!({
            "appId": "app", "tenantId": "tenant", "account": "admin", "signature": signed(1), "deviceId": "device",
        })
    );
    assert_eq!(shown(&server), vec!["a1"; 50]);
    assert_eq!((session.account(), session.user().unwrap().name.as_str()), (Some("admin"), "系统管理员"));
}

#[tokio::test(start_paused = true)]
async fn the_gap_between_calls_of_a_device_is_waited_for() {
    let server = serving(|asked, before| {
        let is_early = if asked.path() == CODES { before == 0 } else { is(asked, "POST", TOKENS) && before == 0 };
        is_early.then(too_soon)
    })
    .await;
    let session = session(&server);
    let begin = Instant::now();
    session.token().await.unwrap();
    // 3 s and a backoff of 1 s, 3 s and one of 2 s.
    assert_eq!(begin.elapsed().as_secs(), 9);
    // A Code is good for half a minute and one login, so that each attempt has one of its own.
    assert_eq!(counts(&server), (3, 2, 0));
    assert_eq!(server.asked(TOKENS)[1].json()["signature"], signed(3));
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_stays_is_told_after_a_while() {
    let server = serving(|asked, _| (asked.path() == CODES).then(too_soon)).await;
    let error = session(&server).token().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::TooManyRequests));
    assert_eq!(counts(&server), (4, 0, 0));
    for policy in [RetryPolicy::none(), RetryPolicy::default().patience(Duration::from_secs(2))] {
        let session = builder(&server).retry(policy).build().unwrap();
        let begin = Instant::now();
        assert_eq!(session.token().await.unwrap_err().code(), Some(ErrorCode::TooManyRequests));
        assert!(begin.elapsed().is_zero());
    }
    assert_eq!(counts(&server), (6, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_login_whose_reply_is_lost_is_repeated_with_another_code() {
    let server = serving(|asked, before| match before {
        0 if is(asked, "POST", TOKENS) => Some(Answer::HangUp),
        1 if is(asked, "POST", TOKENS) => Some(failure(503, 500, "服务器繁忙").with("Retry-After", 7)),
        _ => None,
    })
    .await;
    let begin = Instant::now();
    assert_eq!(session(&server).token().await.unwrap().expose(), "a3");
    assert_eq!(begin.elapsed().as_secs(), 1 + 7 + 2);
    assert_eq!(counts(&server), (3, 3, 0));
    let signatures: Vec<_> =
        server.asked(TOKENS).iter().map(|asked| asked.json()["signature"].as_str().unwrap().to_owned()).collect();
    assert_eq!(signatures, [signed(1), signed(2), signed(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_not_repeated() {
    let refusals = [
        (430, "账号或密码错误", ErrorCode::WrongPassword),
        (430, "invalid parameter", ErrorCode::InvalidParam),
        (400, "错误次数过多,账号已被锁定!请于10分钟后再试", ErrorCode::Locked),
        (403, "not authorized", ErrorCode::Forbidden),
        (413, "the account is banned", ErrorCode::Banned),
    ];
    for (number, message, code) in refusals {
        let server = serving(move |asked, _| is(asked, "POST", TOKENS).then(|| failure(200, number, message))).await;
        let session = session(&server);
        let error = session.check().await.unwrap_err();
        assert_eq!((error.code(), error.status(), error.trace_id()), (Some(code), Some(200), Some("trace-1")));
        assert_eq!(error.to_string(), format!("the server refused with code {number}: {message} (trace trace-1)"));
        assert_eq!((counts(&server), session.tokens().is_none()), ((1, 1, 0), true));
    }
}

#[tokio::test]
async fn errors_are_typed() {
    let server = serving(|asked, before| match before {
        _ if asked.path() != STATUS => None,
        0 => Some(failure(200, 490, "您请求过于频繁，请稍后重试！")),
        1 => Some(failure(200, 12345, "something new")),
        2 => Some(failure(404, 400, "请求的URL不存在")),
        _ => Some(success(&json!(7))),
    })
    .await;
    let session = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    assert_eq!(session.check().await.unwrap_err().code(), Some(ErrorCode::TooManyRequests));
    assert_eq!(session.check().await.unwrap_err().code(), Some(ErrorCode::Unknown(12345)));
    let error = session.check().await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 404, .. }), "{error:?}");
    let error = session.check().await.unwrap_err();
    assert!(matches!(error, Error::Decode { .. }), "{error:?}");
}

#[tokio::test]
async fn logout_ends_the_tokens_and_the_session_can_begin_again() {
    let server = serving(|_, _| None).await;
    let session = session(&server);
    session.logout().await.unwrap();
    assert!(server.asked(TOKENS).is_empty(), "there was nothing to end");
    session.check().await.unwrap();
    session.logout().await.unwrap();
    assert!(session.tokens().is_none() && session.user().is_none());
    session.logout().await.unwrap();
    session.check().await.unwrap();
    assert_eq!(shown(&server), ["a1", "a2"]);
    let ended: Vec<_> = server.asked(TOKENS).into_iter().filter(|asked| asked.verb == "DELETE").collect();
    assert_eq!((ended.len(), ended[0].header("authorization")), (1, "a1"));
}

#[tokio::test]
async fn logout_ends_a_session_whose_access_token_has_expired() {
    let server = serving(|asked, before| (is(asked, "DELETE", TOKENS) && before == 0).then(expired)).await;
    let session = session(&server);
    session.token().await.unwrap();
    session.logout().await.unwrap();
    let ended: Vec<_> = server.asked(TOKENS).into_iter().filter(|asked| asked.verb == "DELETE").collect();
    let shown: Vec<_> = ended.iter().map(|asked| asked.header("authorization")).collect();
    assert_eq!((shown, counts(&server)), (vec!["a1", "a1.1"], (1, 1, 1)));
}

#[tokio::test]
async fn a_session_that_is_over_already_has_been_logged_out() {
    let refusals: [(fn() -> Answer, usize); 2] = [(invalid_token, 1), (elsewhere, 0)];
    for (refusal, renewals) in refusals {
        let server = serving(move |asked, _| matches!(asked.verb.as_str(), "DELETE" | "PUT").then(refusal)).await;
        let session = session(&server);
        session.token().await.unwrap();
        session.logout().await.unwrap();
        assert_eq!((session.tokens().is_none(), counts(&server)), (true, (1, 1, renewals)));
    }
}

#[tokio::test]
async fn a_logout_that_fails_keeps_the_tokens() {
    let server = serving(|asked, before| (is(asked, "DELETE", TOKENS) && before == 0).then_some(Answer::HangUp)).await;
    let session = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    session.check().await.unwrap();
    assert!(session.logout().await.unwrap_err().is_retryable());
    session.check().await.unwrap();
    assert_eq!((shown(&server), counts(&server)), (vec!["a1".to_owned(); 2], (1, 1, 0)));
    session.logout().await.unwrap();
    assert!(session.tokens().is_none());
}

#[tokio::test]
async fn nothing_prints_a_secret() {
    let server = Server::start(|asked, _| match asked.path() {
        CODES => success(&json!(SECRET)),
        TOKENS => tokens(SECRET, SECRET),
        _ => Answer::HangUp,
    })
    .await;
    let session = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    let error = session.check().await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error:?}");
    let cause = std::error::Error::source(&error).unwrap();
    let (tokens, builder, sign_in) = (session.tokens().unwrap(), builder(&server), nobody(&server).app_id("app"));
    assert_eq!(tokens.access_token, format!("a{SECRET}"));
    let sign_in = sign_in.sign_in().unwrap();
    let printed = format!("{session:?} {tokens:?} {builder:?} {sign_in:?} {error:?} {error} {cause:?} {cause}");
    assert!(!printed.contains("hunter2"), "{printed}");
}
