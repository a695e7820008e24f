//! The session against a server that misbehaves on demand: logins, renewals, retries, errors.

use std::time::Duration;

use super::{APPS, LOGIN, PING, builder, envelope, refusal, success, token};
use crate::server::{Answer, Asked, SECRET, Server, at_once, known_waits, reply};
use futures_util::future::join_all;
use gatehouse_client::RetryPolicy;
use gatehouse_client::go_api::{Error, ErrorCode, NewApp, Session};
use serde_json::{Value, json};
use tokio::time::Instant;

fn session(server: &Server) -> Session {
    builder(server).retry(known_waits()).build().unwrap()
}

fn empty_list() -> Answer {
    success(&json!({ "items": [], "pagination": { "page": 1, "size": 20, "total": 0, "total_pages": 0 } }))
}

/// Logins give the tokens t1, t2, …, each good for 1000 s; everything else is up to `rest`.
async fn logging_in(rest: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |asked, before| match asked.path() {
        LOGIN => token(&format!("t{}", before + 1), 1000),
        _ => rest(asked, before),
    })
    .await
}

#[tokio::test]
async fn many_tasks_log_in_once() {
    let server = logging_in(|_, _| empty_list()).await;
    let session = session(&server);
    let ask = || {
        let apps = session.apps();
        async move { apps.page(1).await }
    };
    for page in at_once(50, ask).await {
        page.unwrap();
    }
    assert_eq!(server.asked(LOGIN).len(), 1);
    let lists = server.asked(APPS);
    assert_eq!(lists.len(), 50);
    assert!(lists.iter().all(|asked| asked.header("authorization") == "Bearer t1"));
}

#[tokio::test]
async fn a_refused_login_is_not_repeated_by_those_who_waited() {
    let server = Server::start(|_, _| refusal(10004, "Application does not exist or account info error")).await;
    let session = session(&server);
    let answers = join_all((0..10).map(|_| session.token())).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap_err().code() == Some(ErrorCode::UnknownApp)));
    assert_eq!(server.asked(LOGIN).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_expires() {
    let server = logging_in(|_, _| empty_list()).await;
    let session = session(&server);
    session.apps().page(1).await.unwrap();
    tokio::time::advance(Duration::from_secs(890)).await;
    session.apps().page(1).await.unwrap();
    assert_eq!(server.asked(LOGIN).len(), 1, "a tenth of its life is left");
    tokio::time::advance(Duration::from_secs(10)).await;
    session.apps().page(1).await.unwrap();
    assert_eq!(server.asked(LOGIN).len(), 2);
    assert_eq!(server.asked(APPS)[2].header("authorization"), "Bearer t2");
}

#[tokio::test]
async fn an_expired_token_is_renewed_once() {
    let server = logging_in(|asked, _| match asked.header("authorization") {
        "Bearer t1" => refusal(10002, "Authorization has failed"),
        _ => success(&json!({ "app_id": "a", "app_secret": "s" })),
    })
    .await;
    let session = session(&server);
    assert_eq!(session.create_app(&NewApp::new("name")).await.unwrap().app_id, "a");
    assert_eq!((server.asked(LOGIN).len(), server.asked(APPS).len()), (2, 2));
}

#[tokio::test]
async fn a_second_refusal_is_returned() {
    let server = logging_in(|_, _| refusal(10002, "Authorization has failed")).await;
    let error = session(&server).apps().page(1).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::AuthorizationExpired));
    assert_eq!((server.asked(LOGIN).len(), server.asked(APPS).len()), (2, 2));
}

#[tokio::test]
async fn a_token_of_another_key_is_renewed_only_if_it_is_old() {
    let server = logging_in(|_, before| if before == 1 { refusal(10001, "Unauthorized") } else { empty_list() }).await;
    let session = session(&server);
    session.apps().page(1).await.unwrap();
    session.apps().page(1).await.unwrap();
    assert_eq!((server.asked(LOGIN).len(), server.asked(APPS).len()), (2, 3));

    let server = logging_in(|_, _| refusal(10001, "Unauthorized")).await;
    let error = self::session(&server).apps().page(1).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Unauthorized));
    assert_eq!((server.asked(LOGIN).len(), server.asked(APPS).len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_while_the_server_is_busy() {
    let server = Server::start(|_, before| match before {
        0 => envelope(503, -1, "System is busy", &Value::Null),
        1 => Answer::HangUp,
        _ => success(&Value::Null),
    })
    .await;
    let begin = Instant::now();
    session(&server).ping().await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 3);
    assert_eq!(server.asked(PING).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_counted() {
    let server = Server::start(|_, _| Answer::HangUp).await;
    let begin = Instant::now();
    let error = session(&server).ping().await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)) && error.is_retryable());
    assert_eq!((server.asked(PING).len(), begin.elapsed().as_secs()), (4, 7));

    let once = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    once.ping().await.unwrap_err();
    assert_eq!(server.asked(PING).len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_login_is_repeated() {
    let server = Server::start(|asked, before| match (asked.path(), before) {
        (LOGIN, 0) => Answer::HangUp,
        _ => token("t1", 1000),
    })
    .await;
    assert_eq!(session(&server).token().await.unwrap().expose(), "t1");
    let logins = server.asked(LOGIN);
    assert_eq!(logins.len(), 2);
    assert_eq!(logins[1].body, format!("app_id=go-api-test0001&app_secret={SECRET}"));
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_may_have_arrived_is_not_repeated() {
    for broken in [true, false] {
        let server =
            logging_in(
                move |_, _| {
                    if broken { Answer::HangUp } else { envelope(503, -1, "System is busy", &Value::Null) }
                },
            )
            .await;
        let error = session(&server).create_app(&NewApp::new("name")).await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert_eq!(server.asked(APPS).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_connect_is_repeated() {
    let server = logging_in(|_, _| empty_list()).await;
    let session = session(&server);
    session.token().await.unwrap();
    let gone = builder(&server).base_url("http://127.0.0.1:1").retry(known_waits()).build().unwrap();
    let begin = Instant::now();
    let error = gone.create_app(&NewApp::new("name")).await.unwrap_err();
    assert_eq!(error.to_string(), "the server cannot be reached");
    assert_eq!(begin.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_if_it_is_short() {
    let limited = |wait: u64| {
        envelope(429, 429, "too many requests", &Value::Null)
            .with("Retry-After", wait)
            .with("X-RateLimit-Limit", 1000)
            .with("X-RateLimit-Remaining", 0)
            .with("X-RateLimit-Reset", 1_767_322_800_u64)
    };
    let server = Server::start(move |_, before| if before == 0 { limited(7) } else { success(&Value::Null) }).await;
    let begin = Instant::now();
    session(&server).ping().await.unwrap();
    assert_eq!((server.asked(PING).len(), begin.elapsed().as_secs()), (2, 7));

    let server = Server::start(move |_, _| limited(3600)).await;
    let session = session(&server);
    let begin = Instant::now();
    let error = session.ping().await.unwrap_err();
    assert_eq!((server.asked(PING).len(), begin.elapsed().as_secs()), (1, 0));
    assert_eq!(error.code(), Some(ErrorCode::TooManyRequests));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    let rate = error.rate().unwrap();
    assert_eq!((rate.limit, rate.remaining, rate.reset), (1000, 0, 1_767_322_800));
    assert_eq!(session.last_rate(), Some(rate));
    assert!(error.is_retryable());
}

#[tokio::test]
async fn errors_are_typed() {
    let server = logging_in(|asked, _| match asked.verb.as_str() {
        "POST" => refusal(10005, "应用已存在"),
        _ => refusal(12345, "something new"),
    })
    .await;
    let session = session(&server);
    let error = session.create_app(&NewApp::new("name")).await.unwrap_err();
    assert_eq!((error.code(), error.trace_id()), (Some(ErrorCode::AppExists), Some("trace-1")));
    assert_eq!(error.to_string(), "the server refused with code 10005: 应用已存在 (trace trace-1)");
    assert!(!error.is_retryable());
    let error = session.apps().page(1).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Unknown(12345)));
}

#[tokio::test]
async fn a_reply_that_is_not_the_documents_is_told_apart() {
    let server = Server::start(|_, before| match before {
        0 => reply(200, format!(r#"{{"code":"{SECRET}"}}"#)).with("X-Trace-ID", "trace-2"),
        1 => reply(502, "<html>bad gateway</html>"),
        2 => reply(503, "<html>busy</html>").with("Retry-After", 5),
        _ => reply(404, "<html>not here</html>"),
    })
    .await;
    let session = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    let error = session.ping().await.unwrap_err();
    assert!(matches!(&error, Error::Decode { status: Some(200), .. }));
    assert_eq!(error.trace_id(), Some("trace-2"));
    assert!(!format!("{error:?} {error}").contains(SECRET));
    let error = session.ping().await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 502, .. }) && error.is_retryable());
    let error = session.ping().await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 503, .. }));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(5)));
    let error = session.ping().await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 404, .. }) && !error.is_retryable());
}

#[tokio::test]
async fn a_success_without_data_is_no_success() {
    let server = logging_in(|_, _| success(&Value::Null)).await;
    let error = session(&server).apps().page(1).await.unwrap_err();
    assert!(matches!(error, Error::Decode { .. }), "{error}");
}

#[tokio::test]
async fn what_breaks_a_rule_is_not_sent() {
    let server = logging_in(|_, _| empty_list()).await;
    let session = session(&server);
    let error = session.apps().size(101).page(1).await.unwrap_err();
    assert_eq!(error.to_string(), "the request was not sent: `size` is more than 100");
    let error = session.create_app(&NewApp::new("")).await.unwrap_err();
    assert_eq!(error.to_string(), "the request was not sent: `app_name` has fewer than 1 characters");
    assert!(server.asked(APPS).is_empty());
}

#[tokio::test]
async fn nothing_prints_a_secret() {
    let server = Server::start(|asked, _| match asked.path() {
        LOGIN => token(SECRET, 1000),
        _ => success(&json!({ "app_id": "a", "app_secret": SECRET })),
    })
    .await;
    let session = session(&server);
    let reply = session.create_app(&NewApp::new("name")).await.unwrap();
    assert_eq!(reply.app_secret, SECRET);
    let token = session.token().await.unwrap();
    let events = session.events();
    let printed = format!("{session:?} {reply:?} {token:?} {token} {events:?} {:?}", session.apps());
    assert!(!printed.contains(SECRET), "{printed}");
}

#[tokio::test]
async fn every_request_has_the_settings_headers() {
    let server = Server::start(|_, _| success(&Value::Null)).await;
    let session = builder(&server).language("zh").user_agent("mine/1").build().unwrap();
    let reply = session.ping().await.unwrap();
    assert_eq!(reply.trace_id(), Some("trace-1"));
    let asked = &server.asked(PING)[0];
    assert_eq!((asked.header("accept-language"), asked.header("user-agent")), ("zh", "mine/1"));
    assert_eq!((asked.header("authorization"), asked.header("api-version")), ("", ""));
}

#[tokio::test]
async fn the_raw_client_sends_multipart() {
    use gatehouse_client::go_api::raw::{Client, types::TokenRequest};
    use gatehouse_client::wire::Caller;

    let server = logging_in(|_, _| empty_list()).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let client = Client::new_with_client(&server.url, http, Caller::new());
    let request = TokenRequest { app_id: "id".to_owned(), app_secret: SECRET.to_owned() };
    assert!(!format!("{request:?}").contains(SECRET));
    let reply = client.issue_token_multipart(&request).await.unwrap();
    assert_eq!(reply.data.as_ref().unwrap().token, "t1");
    let asked = &server.asked(LOGIN)[0];
    assert_eq!(asked.target, LOGIN);
    assert!(asked.header("content-type").starts_with("multipart/form-data; boundary="));
    assert!(asked.body.contains("name=\"app_secret\"\r\n\r\nhunter2"));
}
