//! Logins, logouts, creation, errors.

use std::time::Duration;

use super::{
    CREATE, DELETE, DIGEST, LOGIN, LOGOUT, builder, failure, granted, logging_in, session, success, unauthorized,
};
use crate::server::{Answer, SECRET, Server, at_once, reply};
use gatehouse_client::RetryPolicy;
use gatehouse_client::coeus_gateway::{Error, ErrorCode, NewProject};
use serde_json::json;

fn project() -> NewProject {
    NewProject::new(1, "My Project")
}

fn credentials() -> Answer {
    success(&json!({ "project_key": "k", "project_secret": SECRET }))
}

#[tokio::test]
async fn forty_tasks_log_in_once_with_the_digest() {
    let server = logging_in(|_, _| credentials()).await;
    let session = session(&server);
    let create = || {
        let session = session.clone();
        async move { session.create_project(&project()).await }
    };
    for created in at_once(40, create).await {
        assert_eq!(created.unwrap().project_key, "k");
    }
    let logins = server.asked(LOGIN);
    assert_eq!(logins.len(), 1);
    assert_eq!(logins[0].json(), json!({ "user_name": "admin", "password": DIGEST }));
    let created = server.asked(CREATE);
    assert!(created.iter().all(|asked| asked.header("authorization") == "Bearer t1"));
    assert_eq!(created[0].json(), json!({ "project_type": 1, "project_name": "My Project" }));
}

#[tokio::test]
async fn a_digest_stands_for_the_password() {
    let server = logging_in(|_, _| credentials()).await;
    let session = builder(&server).password_digest(DIGEST.to_uppercase()).build().unwrap();
    session.token().await.unwrap();
    assert_eq!(server.asked(LOGIN)[0].json()["password"], DIGEST);
}

#[tokio::test]
async fn forty_refused_tasks_log_in_once_more() {
    let server = logging_in(|asked, _| match asked.header("authorization") {
        "Bearer t1" => unauthorized(),
        _ => credentials(),
    })
    .await;
    let session = session(&server);
    session.token().await.unwrap();
    let create = || {
        let session = session.clone();
        async move { session.create_project(&project()).await }
    };
    for created in at_once(40, create).await {
        created.unwrap();
    }
    assert_eq!(server.asked(LOGIN).len(), 2);
}

#[tokio::test]
async fn a_second_refusal_is_returned() {
    let server = logging_in(|_, _| unauthorized()).await;
    let error = session(&server).create_project(&project()).await.unwrap_err();
    assert_eq!((error.code(), error.status()), (Some(ErrorCode::Unauthorized), Some(401)));
    assert_eq!(error.to_string(), "the server refused with code 1001: unauthorized (trace trace-1)");
    assert_eq!((server.asked(LOGIN).len(), server.asked(CREATE).len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_its_twelve_hours_are_over() {
    let server = logging_in(|_, _| credentials()).await;
    let session = session(&server);
    session.token().await.unwrap();
    tokio::time::advance(Duration::from_secs(43_200 - 301)).await;
    assert_eq!(session.token().await.unwrap().expose(), "t1");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(session.token().await.unwrap().expose(), "t2");
}

#[tokio::test(start_paused = true)]
async fn a_login_is_repeated_and_a_creation_is_not() {
    let server = Server::start(|asked, before| match (asked.path(), before) {
        (LOGIN, 0) => Answer::HangUp,
        (LOGIN, 1) => failure(503, -1, "unknown error"),
        (LOGIN, _) => granted("t1"),
        (_, 0) => Answer::HangUp,
        _ => failure(503, -1, "unknown error"),
    })
    .await;
    let session = session(&server);
    for _ in 0..2 {
        assert!(session.create_project(&project()).await.unwrap_err().is_retryable());
    }
    assert_eq!((server.asked(LOGIN).len(), server.asked(CREATE).len()), (3, 2));
}

#[tokio::test]
async fn the_login_tells_who_it_is() {
    let server = logging_in(|_, _| credentials()).await;
    let session = session(&server);
    let data = session.login_data().await.unwrap();
    assert_eq!((data.auth_token.as_str(), data.role.as_str()), ("t1", "admin"));
    assert_eq!((data.login_ip.as_str(), data.login_time), ("127.0.0.1", 1_767_323_045));
    session.token().await.unwrap();
    assert_eq!(server.asked(LOGIN).len(), 1);
}

#[tokio::test]
async fn after_a_logout_the_next_operation_logs_in_again() {
    let server = logging_in(|asked, _| if asked.path() == LOGOUT { success(&json!({})) } else { credentials() }).await;
    let session = session(&server);
    session.logout().await.unwrap();
    assert!(server.asked(LOGOUT).is_empty(), "there was nothing to end");
    session.token().await.unwrap();
    session.clone().logout().await.unwrap();
    let logouts = server.asked(LOGOUT);
    assert_eq!((logouts[0].header("authorization"), logouts[0].body.as_str()), ("Bearer t1", "{}"));
    session.create_project(&project()).await.unwrap();
    assert_eq!(server.asked(CREATE)[0].header("authorization"), "Bearer t2");
}

#[tokio::test(start_paused = true)]
async fn a_logout_whose_reply_is_lost_is_repeated() {
    // The second one finds the token ended.
    let server = logging_in(|_, before| if before == 0 { Answer::HangUp } else { unauthorized() }).await;
    let session = session(&server);
    session.token().await.unwrap();
    session.logout().await.unwrap();
    assert_eq!(server.asked(LOGOUT).len(), 2);
    assert_eq!(session.token().await.unwrap().expose(), "t2");
}

#[tokio::test]
async fn a_logout_that_fails_keeps_the_token() {
    let server = logging_in(|_, _| failure(200, 501, "database error")).await;
    let session = session(&server);
    session.token().await.unwrap();
    assert_eq!(session.logout().await.unwrap_err().code(), Some(ErrorCode::DatabaseError));
    assert_eq!(session.token().await.unwrap().expose(), "t1");
}

#[tokio::test]
async fn a_reply_that_is_not_the_documents_is_told_apart() {
    let server = logging_in(|_, before| match before {
        0 => reply(401, "<html>who are you</html>"),
        1 => reply(401, r#"{"error":"who are you"}"#).with("X-Trace-ID", "trace-2"),
        2 => success(&json!({})),
        _ => reply(404, "<html>not here</html>"),
    })
    .await;
    let session = builder(&server).retry(RetryPolicy::none()).build().unwrap();
    let error = session.create_project(&project()).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 401, .. }), "{error:?}");
    let error = session.create_project(&project()).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 401, .. }), "{error:?}");
    assert_eq!(error.trace_id(), Some("trace-2"));
    let error = session.create_project(&project()).await.unwrap_err();
    assert!(matches!(error, Error::Decode { .. }), "a success without its data: {error:?}");
    let error = session.delete_project(1).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 401, .. }), "{error:?}");
    assert_eq!((server.asked(LOGIN).len(), server.asked(DELETE).len()), (1, 1));
}

#[tokio::test]
async fn nothing_prints_a_secret() {
    let server = Server::start(|asked, before| match (asked.path(), before) {
        (LOGIN, 0) => failure(200, 1002, "invalid user or password"),
        (LOGIN, _) => granted(SECRET),
        _ => credentials(),
    })
    .await;
    let session = builder(&server).password(SECRET).build().unwrap();
    let error = session.token().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InvalidUserOrPassword));
    let created = session.create_project(&project()).await.unwrap();
    assert_eq!(created.project_secret, SECRET);
    let (token, data) = (session.token().await.unwrap(), session.login_data().await.unwrap());
    let projects = session.projects();
    let printed = format!("{session:?} {error:?} {error} {created:?} {token:?} {token} {data:?} {projects:?}");
    assert!(!printed.contains("hunter2"), "{printed}");
}
