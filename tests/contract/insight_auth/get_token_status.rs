//! `getTokenStatus`: whether a token is good.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use contract_tests::{
    fixture::{DEMO_APP, Fixture},
    transcript,
    wire::Request,
};
use serde_json::{Value, json};

use super::{STATUS, bundle, data_of, message_of, refresh_request, status, status_request};

/// What a token says.
fn said(token: &str) -> String {
    String::from_utf8(STANDARD.decode(token).expect("base64")).expect("a text")
}

/// A token that says something else, under the same secret or another one, and is written as the server writes them.
fn changed(token: &str, name: &str, value: Value) -> String {
    let mut said: Value = serde_json::from_str(&said(token)).expect("JSON");
    said[name] = value;
    let [id, user_id, user_name, secret] = ["id", "userId", "userName", "secret"].map(|name| &said[name]);
    STANDARD.encode(format!(r#"{{"id":{id},"userId":{user_id},"userName":{user_name},"secret":{secret}}}"#))
}

#[tokio::test]
async fn ok() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    transcript!(server.send(status_request(&bundle.access)).await);
}

#[tokio::test]
async fn ok_in_english() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    transcript!(server.send(status_request(&bundle.access).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn no_token() {
    transcript!(Fixture::start().await.send(Request::get(STATUS)).await);
}

#[tokio::test]
async fn no_token_in_english() {
    transcript!(Fixture::start().await.send(Request::get(STATUS).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn refresh_token() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    transcript!(server.send(status_request(&bundle.refresh)).await);
}

#[tokio::test]
async fn forged() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    assert_eq!(status(&server, &bundle.access).await, 200);
    let other = json!("0".repeat(32));
    for forged in [
        changed(&bundle.access, "secret", other.clone()),
        changed(&bundle.access, "secret", json!("")),
        changed(&bundle.access, "id", other.clone()),
        changed(&bundle.access, "id", json!("\u{0}".repeat(32))),
        changed(&bundle.access, "userId", other),
        bundle.access[..40].to_owned(),
        "x".repeat(5000),
    ] {
        assert_eq!(status(&server, &forged).await, 421, "{forged}");
    }
    transcript!(server.send(status_request(&changed(&bundle.access, "secret", json!("f")))).await);
}

/// The secret is right, but nothing vouches for what stands around it.
#[tokio::test]
async fn written_otherwise() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    let alterations = |token: &str| {
        let said = said(token);
        let json: Value = serde_json::from_str(&said).expect("JSON");
        let [id, user_id, secret] = ["id", "userId", "secret"].map(|name| &json[name]);
        let others = [
            said.replace('}', r#","admin":true}"#),
            said.replace('{', r#"{"admin":true,"#),
            said.replace(r#""userName":null,"#, ""),
            said.replace(':', ": "),
            format!(r#"{{"secret":{secret},"userName":null,"userId":{user_id},"id":{id}}}"#),
        ];
        let mut altered = others.map(|other| STANDARD.encode(other)).to_vec();
        altered.push(changed(token, "userName", json!("root")));
        altered.push(token.trim_end_matches('=').to_owned());
        assert!(altered.iter().all(|altered| altered != token), "{altered:?}");
        altered
    };
    assert_eq!(changed(&bundle.access, "userName", Value::Null), bundle.access);
    // Before the genuine token is remembered, and after.
    for _ in 0..2 {
        for altered in alterations(&bundle.access) {
            assert_eq!(status(&server, &altered).await, 421, "{altered}");
        }
        assert_eq!(status(&server, &bundle.access).await, 200);
    }
    for altered in alterations(&bundle.refresh) {
        let reply = server.send(refresh_request(&altered).from_new_device()).await.reply;
        assert_eq!(reply.code(), 421, "{altered}");
    }
    data_of(&server.send(refresh_request(&bundle.refresh).from_new_device()).await);
}

#[tokio::test]
async fn expired() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.clock.advance(Duration::from_millis(7_200_000));
    transcript!(server.send(status_request(&bundle.access)).await);
}

#[tokio::test]
async fn expired_in_english() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.clock.advance(Duration::from_millis(7_200_000));
    transcript!(server.send(status_request(&bundle.access).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn logged_in_elsewhere() {
    let server = Fixture::start().await;
    server.make_exclusive(DEMO_APP).await;
    let (first, _second) = (bundle(&server).await, bundle(&server).await);
    transcript!(server.send(status_request(&first.access)).await);
}

#[tokio::test]
async fn logged_in_elsewhere_in_english() {
    let server = Fixture::start().await;
    server.make_exclusive(DEMO_APP).await;
    let (first, _second) = (bundle(&server).await, bundle(&server).await);
    transcript!(server.send(status_request(&first.access).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn a_ban_and_a_disabled_application_end_it_at_once() {
    let server = Fixture::start().await;
    let (one, other) = (bundle(&server).await, bundle(&server).await);
    assert_eq!(status(&server, &one.access).await, 200);
    server.change_app(DEMO_APP, &json!({ "enabled": false })).await;
    assert_eq!(status(&server, &one.access).await, 421);
    server.change_app(DEMO_APP, &json!({ "enabled": true })).await;
    assert_eq!(status(&server, &one.access).await, 200);
    server.core.users.ban(1).await.unwrap();
    for bundle in [one, other] {
        assert_eq!(status(&server, &bundle.access).await, 421);
    }
}

/// What is remembered is checked without the store: it answers where the store is gone.
#[tokio::test]
async fn the_common_case_asks_no_store() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    assert_eq!(status(&server, &bundle.access).await, 200);
    server.store.clone().close().await.unwrap();
    assert_eq!(status(&server, &bundle.access).await, 200);
}

#[tokio::test]
async fn unknown_path() {
    let reply = Fixture::start().await.send(Request::get("/base/auth/v1.0/tokens/nothing")).await.reply;
    assert_eq!((reply.status, reply.code(), message_of(&reply).as_str()), (404, 400, "请求的URL不存在"));
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(status_request(&bundle.access)).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.execute("ALTER TABLE access_token RENAME TO gone").await;
    transcript!(server.send(status_request(&bundle.access)).await);
}

#[tokio::test]
async fn body_too_large() {
    transcript!(super::body_too_large("GET", "/base/auth/v1.0/tokens/status").await);
}
