//! Logins, operations, errors.

use super::{EXCHANGE, LOGIN, PRODUCT, builder, failure, pair, product, serving, session, shown, success};
use crate::server::{Answer, SECRET, Server, at_once};
use gatehouse_client::RetryPolicy;
use gatehouse_client::edge_gateway::{Error, ErrorCode};
use serde_json::json;

#[tokio::test]
async fn forty_tasks_log_in_once() {
    let server = serving(|_, _| None).await;
    let session = session(&server);
    let create = || {
        let session = session.clone();
        async move { session.create_product(None).await }
    };
    for product in at_once(40, create).await {
        assert_eq!(product.unwrap().product_key, "Ol98KeAD6vSlegu1");
    }
    let logins = server.asked(LOGIN);
    assert_eq!(logins.len(), 1);
    assert_eq!(logins[0].json(), json!({ "username": "admin", "password": SECRET }));
    assert_eq!(shown(&server), vec!["a1"; 40]);
}

#[tokio::test]
async fn a_name_goes_into_the_query_and_nowhere_else() {
    let server = serving(|_, _| None).await;
    let session = session(&server);
    session.create_product(Some("First Product")).await.unwrap();
    session.create_product(None).await.unwrap();
    let targets: Vec<String> = server.asked(PRODUCT).into_iter().map(|asked| asked.target).collect();
    assert_eq!(targets, [format!("{PRODUCT}?name=First+Product"), PRODUCT.to_owned()]);
    let error = session.create_product(Some("")).await.unwrap_err();
    assert_eq!(error.to_string(), "the request was not sent: `name` has fewer than 1 characters");
    assert_eq!(server.asked(PRODUCT).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_product_that_may_be_registered_is_not_registered_again_though_it_is_a_get() {
    for is_broken in [true, false] {
        let server = serving(move |asked, _| {
            let answer = || if is_broken { Answer::HangUp } else { failure(503, 500, "system error") };
            (asked.path() == PRODUCT).then(answer)
        })
        .await;
        let error = session(&server).create_product(Some("name")).await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert_eq!(server.asked(PRODUCT).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_is_repeated() {
    let server = serving(|asked, before| (asked.path() == LOGIN && before == 0).then_some(Answer::HangUp)).await;
    assert_eq!(session(&server).token().await.unwrap().expose(), "a2");
    assert_eq!(server.asked(LOGIN).len(), 2);
}

#[tokio::test]
async fn errors_are_typed() {
    let server = Server::start(|asked, before| match (asked.path(), before) {
        (LOGIN, 0) => failure(200, 20101, "The specified password is incorrect."),
        (LOGIN, _) => pair("1"),
        (_, 0) => failure(200, 1005, "名称已存在"),
        (_, 1) => failure(200, 12345, "something new"),
        (_, 2) => failure(404, 1108, "url path is invalid"),
        _ => success(&json!(null)),
    })
    .await;
    let session = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    let error = session.token().await.unwrap_err();
    assert_eq!((error.code(), error.status()), (Some(ErrorCode::WrongPassword), Some(200)));
    assert_eq!(session.tokens().map(|pair| pair.expire), None);
    let error = session.create_product(None).await.unwrap_err();
    assert_eq!((error.code(), error.trace_id()), (Some(ErrorCode::NameTaken), Some("trace-1")));
    assert_eq!(error.to_string(), "the server refused with code 1005: 名称已存在 (trace trace-1)");
    let error = session.create_product(None).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Unknown(12345)));
    let error = session.create_product(None).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 404, .. }), "{error:?}");
    let error = session.create_product(None).await.unwrap_err();
    assert!(matches!(error, Error::Decode { .. }), "{error:?}");
}

#[tokio::test]
async fn a_second_refusal_is_returned() {
    let server =
        serving(|asked, _| (asked.path() == PRODUCT).then(|| failure(200, 10006, "Request token is invalid."))).await;
    let error = session(&server).create_product(None).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InvalidRequestToken));
    assert_eq!(shown(&server), ["a1", "a1.1"]);
    assert_eq!(server.asked(LOGIN).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_prints_a_secret() {
    let server = Server::start(|asked, _| match asked.path() {
        LOGIN => success(&json!({ "access_token": SECRET, "expire": 0, "refresh_token": SECRET })),
        PRODUCT => product(),
        path if path.starts_with(EXCHANGE) => Answer::HangUp,
        path => panic!("nobody asks for {path}"),
    })
    .await;
    let session = session(&server);
    // The refresh token is in the path of the request that breaks.
    session.token().await.unwrap();
    let error = session.token().await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error:?}");
    let cause = std::error::Error::source(&error).unwrap();
    let (pair, builder) = (session.tokens().unwrap(), builder(&server));
    assert_eq!(pair.access_token, SECRET);
    let printed = format!("{session:?} {pair:?} {builder:?} {error:?} {error} {cause:?} {cause}");
    assert!(!printed.contains("hunter2"), "{printed}");
}
