//! `listFunctions`: what a module can do, and whether the user may.

use std::time::Duration;

use contract_tests::{
    fixture::{ADMIN, Fixture},
    transcript,
    wire::Request,
};
use gatehouse_server::testing::backends;

use super::{INSIGHT_APP, INSIGHT_TENANT, MODULE, NAVIGATORS, access_of, bundle, data_of};

/// A user whom one role permits the first function, another denies the second, and both speak of a third one. A fourth
/// one is in no role.
const LORY: &str = r#"
users: [{ account: lory, password: "123456" }]
functions:
  - id: 00000000000000000000000000000021
    navigator: 711aad8daf654bcdb3a126d70191c15c
    type: 1
    index: 3
    name: Three
    auth_codes: [editTenant, deleteTenant]
  - { id: 00000000000000000000000000000022, navigator: 711aad8daf654bcdb3a126d70191c15c, index: 4, name: Four }
roles:
  - id: 00000000000000000000000000000031
    name: One
    users: [lory]
    permit: [8ce53af6306111eaa03a0242ac110004, 00000000000000000000000000000021]
  - id: 00000000000000000000000000000032
    name: Two
    users: [lory]
    deny: [8ce53d39306111eaa03a0242ac110004, 00000000000000000000000000000021]
"#;

fn request(module: &str, token: &str) -> Request {
    Request::get(format!("{NAVIGATORS}/{module}/functions")).header("Authorization", token)
}

/// The document's sample, byte by byte: a module of another application than the token's.
#[tokio::test]
async fn ok() {
    let server = Fixture::demo().await;
    let token = access_of(&server, ADMIN, Some(INSIGHT_TENANT)).await;
    transcript!(server.send(request(MODULE, &token)).await);
}

#[tokio::test]
async fn ok_in_english() {
    let server = Fixture::demo().await;
    let token = access_of(&server, ADMIN, None).await;
    transcript!(server.send(request(MODULE, &token).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn permitted_denied_and_neither() {
    let server = Fixture::demo().await;
    server.apply(LORY).await;
    let token = access_of(&server, "lory", None).await;
    transcript!(server.send(request(MODULE, &token)).await);
}

#[tokio::test]
async fn permits_are_the_same_on_every_database() {
    for backend in backends() {
        let server = Fixture::demo_on(backend, |_| {}).await;
        server.apply(LORY).await;
        let token = access_of(&server, "lory", None).await;
        let functions = data_of(&server.send(request(MODULE, &token)).await);
        let permits: Vec<_> = (0..4).map(|place| functions[place]["permit"].as_bool()).collect();
        assert_eq!(permits, [Some(true), Some(false), Some(false), None], "{backend:?}");
    }
}

/// A group has no functions of its own.
#[tokio::test]
async fn of_a_group() {
    let server = Fixture::demo().await;
    let token = access_of(&server, ADMIN, None).await;
    transcript!(server.send(request("5e4a994ccd2611e9bbd40242ac110008", &token)).await);
}

#[tokio::test]
async fn unknown_id() {
    let server = Fixture::demo().await;
    let token = access_of(&server, ADMIN, None).await;
    for id in ["711AAD8DAF654BCDB3A126D70191C15C", "x", "%00", "711aad8daf654bcdb3a126d70191c15c%20", "%27--"] {
        assert_eq!(server.send(request(id, &token)).await.reply.code(), 400, "{id}");
    }
    transcript!(server.send(request("00000000000000000000000000000000", &token)).await);
}

#[tokio::test]
async fn unknown_id_in_english() {
    let server = Fixture::demo().await;
    let token = access_of(&server, ADMIN, None).await;
    let request = request("00000000000000000000000000000000", &token);
    transcript!(server.send(request.header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn id_too_long() {
    let server = Fixture::demo().await;
    let token = access_of(&server, ADMIN, None).await;
    transcript!(server.send(request(&"1".repeat(65), &token)).await);
}

#[tokio::test]
async fn id_not_utf8() {
    let server = Fixture::demo().await;
    let token = access_of(&server, ADMIN, None).await;
    transcript!(server.send(request("%ff", &token)).await);
}

#[tokio::test]
async fn no_token() {
    transcript!(Fixture::demo().await.send(Request::get(format!("{NAVIGATORS}/{MODULE}/functions"))).await);
}

#[tokio::test]
async fn no_token_in_english() {
    let request = Request::get(format!("{NAVIGATORS}/{MODULE}/functions"));
    transcript!(Fixture::demo().await.send(request.header("Accept-Language", "en")).await);
}

/// The token is looked at before the id.
#[tokio::test]
async fn no_token_and_no_id() {
    transcript!(Fixture::demo().await.send(Request::get(format!("{NAVIGATORS}/{}/functions", "1".repeat(65)))).await);
}

#[tokio::test]
async fn expired() {
    let server = Fixture::demo().await;
    let token = access_of(&server, ADMIN, None).await;
    server.clock.advance(Duration::from_millis(7_200_000));
    transcript!(server.send(request(MODULE, &token)).await);
}

#[tokio::test]
async fn logged_in_elsewhere() {
    let server = Fixture::demo().await;
    server.make_exclusive(INSIGHT_APP).await;
    let first = access_of(&server, ADMIN, None).await;
    access_of(&server, ADMIN, None).await;
    transcript!(server.send(request(MODULE, &first)).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(request(MODULE, &bundle.access)).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.execute("ALTER TABLE navigator RENAME TO gone").await;
    transcript!(server.send(request(MODULE, &bundle.access)).await);
}

#[tokio::test]
async fn body_too_large() {
    transcript!(
        super::body_too_large("GET", "/base/auth/v1.0/navigators/711aad8daf654bcdb3a126d70191c15c/functions").await
    );
}
