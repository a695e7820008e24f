//! `edge_gateway` by the SDK: products, and tokens that renew each other.

use std::time::Duration;

use contract_tests::fixture::{ADMIN, ADMIN_PASSWORD, Fixture};
use futures_util::future::join_all;
use gatehouse_client::edge_gateway::{Builder, Error, ErrorCode, Session};

use crate::{reaching, replies};

/// How long an access token is good for.
const TOKEN_LIFE: Duration = Duration::from_secs(7200);
/// How long a spent refresh token may come back.
const GRACE: Duration = Duration::from_secs(30);

/// The settings of a session of nobody.
fn nobody(server: &Fixture) -> Builder {
    reaching(Session::builder(), server.base_url())
}

/// The settings of a session of the administrator.
fn admin(server: &Fixture) -> Builder {
    nobody(server).username(ADMIN).password(ADMIN_PASSWORD)
}

fn session(server: &Fixture) -> Session {
    admin(server).build().unwrap()
}

/// How often the server was asked to log somebody in, and to exchange a refresh token.
async fn logins_and_exchanges(server: &Fixture) -> (u64, u64) {
    (replies(server, "login").await, replies(server, "refreshToken").await)
}

#[tokio::test(flavor = "multi_thread")]
async fn products_on_every_database() {
    for server in Fixture::on_every_database().await {
        let session = session(&server);
        let product = session.create_product(Some("First Product")).await.unwrap();
        assert_eq!((product.name.as_str(), product.created_time.as_str()), ("First Product", "2026-01-02 03:04:05"));
        assert_eq!(product.product_key.len(), 16);
        assert!(product.trace_id().is_some());
        let unnamed = session.create_product(None).await.unwrap();
        assert!(!unnamed.name.is_empty() && unnamed.id != product.id);
        let error = session.create_product(Some("First Product")).await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::NameTaken));
        assert_eq!(logins_and_exchanges(&server).await, (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_tasks_with_an_expired_token_exchange_one_refresh_token() {
    let server = Fixture::start().await;
    let session = session(&server);
    session.token().await.unwrap();
    for round in 1..=3 {
        server.clock.advance(TOKEN_LIFE);
        let asked = (0..40).map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.create_product(None).await.map(|_| ()) })
        });
        for outcome in join_all(asked).await {
            outcome.unwrap().unwrap();
        }
        assert_eq!(logins_and_exchanges(&server).await, (1, round));
    }
}

#[tokio::test]
async fn two_sessions_of_one_pair_agree_within_the_grace_and_end_each_other_after_it() {
    let server = Fixture::start().await;
    let first = session(&server);
    first.token().await.unwrap();
    let second = nobody(&server).tokens(first.tokens().unwrap()).build().unwrap();
    second.create_product(None).await.unwrap();
    assert_eq!(logins_and_exchanges(&server).await, (1, 0));

    // As after a lost reply: whoever comes second gets the same successor.
    server.clock.advance(TOKEN_LIFE);
    second.create_product(None).await.unwrap();
    server.clock.advance(GRACE - Duration::from_secs(1));
    first.create_product(None).await.unwrap();
    assert_eq!(first.tokens().unwrap().refresh_token, second.tokens().unwrap().refresh_token);
    assert_eq!(logins_and_exchanges(&server).await, (1, 2));

    // As after a theft: the one with the password logs in again, and for the other it is over.
    server.clock.advance(TOKEN_LIFE);
    second.create_product(None).await.unwrap();
    server.clock.advance(GRACE);
    first.create_product(None).await.unwrap();
    assert_eq!(logins_and_exchanges(&server).await, (2, 4));
    for _ in 0..2 {
        let error = second.create_product(None).await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::TokenInvalid));
    }
    assert_eq!(logins_and_exchanges(&server).await, (2, 5));
    first.create_product(None).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_gone_costs_no_tokens() {
    let mut server = Fixture::start().await;
    let session = session(&server);
    session.token().await.unwrap();
    let saved = session.tokens().unwrap();
    server.stop().await;
    let error = session.create_product(None).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(session.tokens().unwrap().refresh_token, saved.refresh_token);
}

#[tokio::test]
async fn two_weeks_without_a_refresh_take_a_new_login() {
    let server = Fixture::start().await;
    let session = session(&server);
    session.token().await.unwrap();
    server.clock.advance(Duration::from_secs(1_209_600));
    let alone = nobody(&server).tokens(session.tokens().unwrap()).build().unwrap();
    assert_eq!(alone.create_product(None).await.unwrap_err().code(), Some(ErrorCode::TokenExpired));
    session.create_product(None).await.unwrap();
    assert_eq!(logins_and_exchanges(&server).await, (2, 2));
}

#[tokio::test]
async fn refusals_have_typed_codes_in_both_languages() {
    let server = Fixture::start().await;
    session(&server).create_product(Some("Taken")).await.unwrap();
    for (language, wrong, taken) in
        [("en", "The specified password is incorrect.", "name already exists"), ("zh-CN", "密码错误。", "名称已存在")]
    {
        let told = |error: Error| match error {
            Error::Api { code, message, trace_id: Some(_), status: 200, .. } => (code, message),
            other => panic!("no refusal: {other:?}"),
        };
        let refused = admin(&server).language(language).password("hunter2").build().unwrap().token().await;
        assert_eq!(told(refused.unwrap_err()), (ErrorCode::WrongPassword, wrong.to_owned()));
        let session = admin(&server).language(language).build().unwrap();
        let refused = session.create_product(Some("Taken")).await.unwrap_err();
        assert_eq!(told(refused), (ErrorCode::NameTaken, taken.to_owned()));
    }
}
