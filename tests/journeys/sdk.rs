//! The SDK against the server, over real sockets: what a session takes off its user. This file is about `go_api`; the
//! other dialects have one each.

mod coeus_gateway;
mod edge_gateway;
mod insight_auth;

use std::time::Duration;

use contract_tests::{
    fixture::{DEMO_APP, DEMO_SECRET, Fixture},
    must,
};
use futures_util::{StreamExt, TryStreamExt, future::join_all};
use gatehouse_client::{
    RetryPolicy,
    go_api::{App, AppStatus, Error, ErrorCode, NewApp, Session, events::Event},
};
use serde_json::json;

use crate::{TOKEN_LIFE, register, replies, session, settings};

/// The same operation by so many tasks at once.
async fn ask_at_once(session: &Session, tasks: usize) {
    let asked = (0..tasks).map(|_| {
        let session = session.clone();
        tokio::spawn(async move { session.apps().page(1).await.map(|_| ()) })
    });
    for outcome in join_all(asked).await {
        outcome.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_journey_on_every_database() {
    for server in Fixture::on_every_database().await {
        let session = session(&server);
        session.ping().await.unwrap();
        session.ping_internal().await.unwrap();
        let app = NewApp::new("My Application")
            .description("Application description")
            .redirect_uri("https://example.com/callback");
        let created = session.create_app(&app).await.unwrap();
        assert!(created.app_id.starts_with("go-api-") && created.app_id.len() == 15, "{}", created.app_id);
        assert_eq!(created.app_secret.len(), 32);

        let listed: Vec<App> = session.apps().items().try_collect().await.unwrap();
        let [listed] = listed.as_slice() else { panic!("one application, but {listed:?}") };
        assert_eq!((listed.app_id.as_str(), listed.app_name.as_str()), (created.app_id.as_str(), "My Application"));
        assert_eq!(listed.description, "Application description");
        assert_eq!(listed.redirect_uri, "https://example.com/callback");
        assert_eq!(listed.status, AppStatus::Enabled);
        assert_eq!(listed.created_at, "2026-01-02T03:04:05Z");

        // The new application is one like any other, with nothing registered yet.
        let own = settings(&server).app_id(&*created.app_id).app_secret(&*created.app_secret).build().unwrap();
        assert!(own.apps().items().next().await.is_none());
    }
}

#[tokio::test]
async fn forty_five_applications_come_as_pages_and_as_items() {
    let server = Fixture::start().await;
    let session = session(&server);
    let names: Vec<String> = (1..=45).map(|number| format!("Application {number:02}")).collect();
    for name in &names {
        register(&session, name).await;
    }

    let pages: Vec<_> = session.apps().pages().try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.items.len()).collect::<Vec<_>>(), [20, 20, 5]);
    assert_eq!(pages.iter().map(|page| page.pagination.page).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(pages.iter().all(|page| page.pagination.total == 45 && page.pagination.total_pages == 3));

    let before = replies(&server, "listApps").await;
    let items: Vec<App> = session.apps().size(10).items().try_collect().await.unwrap();
    assert_eq!(items.into_iter().map(|app| app.app_name).collect::<Vec<_>>(), names);
    assert_eq!(replies(&server, "listApps").await - before, 5);

    // Who takes only the first ones fetches only their page.
    let before = replies(&server, "listApps").await;
    let first: Vec<App> = session.apps().size(10).items().take(10).try_collect().await.unwrap();
    assert_eq!(first.len(), 10);
    assert_eq!(replies(&server, "listApps").await - before, 1);

    let beyond = session.apps().page(7).await.unwrap();
    assert!(beyond.items.is_empty() && beyond.pagination.total == 45);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_tasks_log_in_once() {
    let server = Fixture::start().await;
    let session = session(&server);
    ask_at_once(&session, 50).await;
    assert_eq!(replies(&server, "issueToken").await, 1);
    assert_eq!(replies(&server, "listApps").await, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_replaced_once_for_all() {
    let server = Fixture::start().await;
    let session = session(&server);
    ask_at_once(&session, 1).await;
    server.clock.advance(TOKEN_LIFE);
    ask_at_once(&session, 50).await;
    assert_eq!(replies(&server, "issueToken").await, 2);
    ask_at_once(&session, 1).await;
    assert_eq!(replies(&server, "issueToken").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_replaced_once_for_all() {
    let server = Fixture::start().await;
    let session = session(&server);
    let first = session.token().await.unwrap();
    server.revoke_tokens(DEMO_APP).await;
    ask_at_once(&session, 50).await;
    assert_eq!(replies(&server, "issueToken").await, 2);
    assert_ne!(session.token().await.unwrap().expose(), first.expose());
}

#[tokio::test]
async fn an_operation_that_creates_is_sent_again_after_a_refused_token() {
    let server = Fixture::start().await;
    let session = session(&server);
    session.token().await.unwrap();
    server.revoke_tokens(DEMO_APP).await;
    register(&session, "After the revocation").await;
    assert_eq!(replies(&server, "createApp").await, 2);
    assert_eq!(session.apps().page(1).await.unwrap().pagination.total, 1);
}

#[tokio::test]
async fn a_disabled_application_is_told_so_instead_of_trying_on() {
    let server = Fixture::start().await;
    let session = session(&server);
    session.token().await.unwrap();
    server.change_app(DEMO_APP, &json!({ "enabled": false })).await;
    let error = session.apps().page(1).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::UnknownApp));
    assert_eq!(replies(&server, "issueToken").await, 2);
}

#[tokio::test]
async fn refusals_have_typed_codes_in_both_languages() {
    let server = Fixture::start().await;
    server.provision("go-api-readonly", false).await;
    for (language, unknown, exists, failed) in [
        (
            "en",
            "Application does not exist or account info error",
            "Application already exists",
            "Authorization failed",
        ),
        ("zh-CN", "应用不存在或账户信息错误", "应用已存在", "授权失败"),
    ] {
        let told = |error: Error| match error {
            Error::Api { code, message, trace_id: Some(_), status: 200, .. } => (code, message),
            other => panic!("no refusal: {other:?}"),
        };
        let wrong = settings(&server).language(language).app_secret("not this one").build().unwrap();
        let refused = told(wrong.token().await.unwrap_err());
        assert_eq!(refused, (ErrorCode::UnknownApp, unknown.to_owned()));

        let session = settings(&server).language(language).build().unwrap();
        let _there_from_the_first_round = session.create_app(&NewApp::new("Taken")).await;
        let refused = told(session.create_app(&NewApp::new("Taken")).await.unwrap_err());
        assert_eq!(refused, (ErrorCode::AppExists, exists.to_owned()));

        let readonly = settings(&server).language(language).app_id("go-api-readonly").build().unwrap();
        let refused = told(readonly.create_app(&NewApp::new("Mine")).await.unwrap_err());
        assert_eq!(refused, (ErrorCode::AuthorizationFailed, failed.to_owned()));
    }
}

#[tokio::test]
async fn what_breaks_a_rule_of_the_document_is_not_sent() {
    let server = Fixture::start().await;
    let session = session(&server);
    session.token().await.unwrap();
    for bad in [session.apps().size(101).page(1).await.unwrap_err(), session.apps().page(0).await.unwrap_err()] {
        assert!(matches!(bad, Error::Invalid(_)), "{bad:?}");
    }
    let long = session.create_app(&NewApp::new("x".repeat(51))).await.unwrap_err();
    assert!(matches!(&long, Error::Invalid(rule) if rule.contains("app_name")), "{long:?}");
    assert_eq!(replies(&server, "createApp").await + replies(&server, "listApps").await, 0);

    // What only the server knows to be wrong comes back with its code.
    let relative = session.create_app(&NewApp::new("Relative").redirect_uri("/callback")).await.unwrap_err();
    assert_eq!(relative.code(), Some(ErrorCode::InvalidParameter));
}

#[tokio::test]
async fn replies_state_the_rate_limit_and_a_refused_request_says_when() {
    let server = Fixture::with(|config| config.go_api.rate_limit = 3).await;
    let session = session(&server);
    assert_eq!(session.last_rate(), None);
    for remaining in [2, 1, 0] {
        let rate = session.ping().await.unwrap().rate().unwrap();
        assert_eq!((rate.limit, rate.remaining, rate.reset), (3, remaining, 1_767_323_045 + 3600));
        assert_eq!(session.last_rate(), Some(rate));
    }
    // An hour is longer than the session's patience, so that it is not waited for.
    let error = session.ping().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::TooManyRequests));
    assert_eq!((error.status(), error.retry_after()), (Some(429), Some(Duration::from_secs(3600))));
    assert!(error.is_retryable() && error.trace_id().is_some());
    assert_eq!(error.rate().map(|rate| rate.remaining), Some(0));
    assert_eq!(replies(&server, "ping").await + replies(&server, "none").await, 4);

    server.clock.advance(Duration::from_secs(3600));
    assert_eq!(session.ping().await.unwrap().rate().map(|rate| rate.remaining), Some(2));
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_that_passes() {
    let mut server = Fixture::start().await;
    let direct = settings(&server).base_url(format!("http://{}", server.address())).build().unwrap();
    direct.ping().await.unwrap();
    let behind = session(&server);
    behind.ping().await.unwrap();
    server.stop().await;
    let error = direct.ping().await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)) && error.is_retryable(), "{error:?}");
    // The proxy in between says what proxies say.
    let error = behind.ping().await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 502, .. }) && error.is_retryable(), "{error:?}");
}

#[tokio::test]
async fn nothing_that_is_printed_has_a_secret_in_it() {
    let server = Fixture::start().await;
    let session = session(&server);
    let token = session.token().await.unwrap();
    let refused = settings(&server).app_secret("hunter2hunter2").build().unwrap().token().await.unwrap_err();
    let created = session.create_app(&NewApp::new("Printed")).await.unwrap();
    let printed = format!("{session:?} {token:?} {token} {refused:?} {refused} {created:?}");
    for secret in [token.expose(), "hunter2", "demodemo", &created.app_secret] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn a_session_works_with_a_client_of_its_users_own() {
    let server = Fixture::start().await;
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let session =
        settings(&server).http_client(client).user_agent("journeys/1").retry(RetryPolicy::none()).build().unwrap();
    assert_eq!(session.apps().page(1).await.unwrap().pagination.total, 0);
}

#[tokio::test]
async fn a_session_makes_a_client_if_it_is_given_none() {
    // Like every client that is not told otherwise, it would go to the proxy of the environment.
    let proxies = ["http_proxy", "https_proxy", "all_proxy"];
    if std::env::vars_os().any(|(name, _)| proxies.contains(&name.to_string_lossy().to_lowercase().as_str())) {
        eprintln!("left out: the SDK's own HTTP client, because the environment has settings for proxies");
        return;
    }
    let server = Fixture::start().await;
    let builder = Session::builder().base_url(server.base_url()).app_id(DEMO_APP).app_secret(DEMO_SECRET);
    let session = builder.build().unwrap();
    let mut events = session.events().connect().await.unwrap();
    let created = session.create_app(&NewApp::new("By a plain session")).await.unwrap();
    let event = must("the event", events.next()).await.unwrap().unwrap();
    assert!(matches!(&event, Event::AppCreated { app_id, .. } if *app_id == created.app_id), "{event:?}");
}
