//! `listNavigators`: the menu of the token's application, as far as its user may use it.

use std::time::Duration;

use contract_tests::{
    fixture::{ADMIN, Fixture},
    transcript,
    wire::Request,
};
use serde_json::Value;

use super::{INSIGHT_APP, INSIGHT_TENANT, NAVIGATORS, access_of, bundle, data_of};

/// Another user, and a second group and module whose functions say something to that user only.
const LORY: &str = r#"
users: [{ account: lory, password: "123456" }]
tenants:
  - { id: 00000000000000000000000000000001, name: Other, apps: [9dd99dd9e6df467a8207d05ea5581125], users: [admin, lory] }
navigators:
  - { id: 00000000000000000000000000000011, app: 9dd99dd9e6df467a8207d05ea5581125, index: 1, name: First }
  - id: 00000000000000000000000000000012
    app: 9dd99dd9e6df467a8207d05ea5581125
    parent: 00000000000000000000000000000011
    index: 1
    name: Module
functions:
  - { id: 00000000000000000000000000000021, navigator: 00000000000000000000000000000012, index: 1, name: One }
  - { id: 00000000000000000000000000000022, navigator: 00000000000000000000000000000012, index: 2, name: Two }
roles:
  - id: 00000000000000000000000000000031
    name: Everywhere
    users: [lory]
    permit: [00000000000000000000000000000021]
  - id: 00000000000000000000000000000032
    name: In the tenant
    tenant: 00000000000000000000000000000001
    users: [lory]
    permit: [4d9e2f6ab1c84e37a5d0c7f8e9b1a201]
    deny: [00000000000000000000000000000021]
"#;

fn request(token: &str) -> Request {
    Request::get(NAVIGATORS).header("Authorization", token)
}

/// The names in a user's menu.
async fn names(server: &Fixture, account: &str, tenant: Option<&str>) -> Vec<String> {
    let token = access_of(server, account, tenant).await;
    let menu = data_of(&server.send(request(&token)).await);
    let name = |entry: &Value| entry["name"].as_str().expect("a name").to_owned();
    menu.as_array().expect("a list").iter().map(name).collect()
}

/// The document's sample, byte by byte.
#[tokio::test]
async fn ok() {
    let server = Fixture::demo().await;
    let token = access_of(&server, ADMIN, Some(INSIGHT_TENANT)).await;
    transcript!(server.send(request(&token)).await);
}

#[tokio::test]
async fn ok_in_english() {
    let server = Fixture::demo().await;
    let token = access_of(&server, ADMIN, None).await;
    transcript!(server.send(request(&token).header("Accept-Language", "en")).await);
}

/// An application without a menu has an empty one.
#[tokio::test]
async fn no_menu() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    transcript!(server.send(request(&bundle.access)).await);
}

/// Whoever has no role sees nothing, an administrator no more than others.
#[tokio::test]
async fn no_role() {
    let server = Fixture::demo().await;
    server.apply("users: [{ account: root, password: \"123456\", admin: true, builtin: true }]").await;
    let token = access_of(&server, "root", None).await;
    transcript!(server.send(request(&token)).await);
}

#[tokio::test]
async fn groups_come_first_and_in_their_order() {
    let server = Fixture::demo().await;
    server.apply(LORY).await;
    server
        .apply("roles: [{ id: 00000000000000000000000000000033, name: R, users: [admin], permit: [00000000000000000000000000000022] }]")
        .await;
    let token = access_of(&server, ADMIN, None).await;
    transcript!(server.send(request(&token)).await);
}

#[tokio::test]
async fn a_tenants_roles_count_there_only_and_a_denial_wins() {
    for backend in gatehouse_server::testing::backends() {
        let server = Fixture::demo_on(backend, |_| {}).await;
        server.apply(LORY).await;
        assert_eq!(names(&server, "lory", None).await, ["First", "Module"], "{backend:?}");
        let tenant = "00000000000000000000000000000001";
        assert_eq!(names(&server, "lory", Some(tenant)).await, ["系统设置", "角色权限"], "{backend:?}");
        assert_eq!(names(&server, ADMIN, Some(tenant)).await, ["系统设置", "角色权限"], "{backend:?}");
    }
}

/// What is changed counts for the sessions that there are.
#[tokio::test]
async fn a_role_that_is_taken_counts_at_once() {
    let server = Fixture::demo().await;
    server.apply(LORY).await;
    let token = access_of(&server, "lory", None).await;
    let count = async || data_of(&server.send(request(&token)).await).as_array().map(Vec::len);
    assert_eq!(count().await, Some(2));
    server.apply(&LORY.replace("permit: [00000000000000000000000000000021]", "permit: []")).await;
    assert_eq!(count().await, Some(0));
}

/// A user who leaves a tenant is not logged in there any more.
#[tokio::test]
async fn whoever_leaves_a_tenant_is_logged_out_of_it() {
    let server = Fixture::demo().await;
    server.apply(LORY).await;
    let token = access_of(&server, "lory", Some("00000000000000000000000000000001")).await;
    server.apply(&LORY.replace("users: [admin, lory] }", "users: [admin] }")).await;
    assert_eq!(server.send(request(&token)).await.reply.code(), 421);
}

#[tokio::test]
async fn no_token() {
    transcript!(Fixture::start().await.send(Request::get(NAVIGATORS)).await);
}

#[tokio::test]
async fn no_token_in_english() {
    transcript!(Fixture::start().await.send(Request::get(NAVIGATORS).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn expired() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.clock.advance(Duration::from_millis(7_200_000));
    transcript!(server.send(request(&bundle.access)).await);
}

#[tokio::test]
async fn logged_in_elsewhere() {
    let server = Fixture::demo().await;
    server.make_exclusive(INSIGHT_APP).await;
    let first = access_of(&server, ADMIN, None).await;
    access_of(&server, ADMIN, None).await;
    transcript!(server.send(request(&first)).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(request(&bundle.access)).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    server.execute("ALTER TABLE navigator RENAME TO gone").await;
    transcript!(server.send(request(&bundle.access)).await);
}

#[tokio::test]
async fn body_too_large() {
    transcript!(super::body_too_large("GET", "/base/auth/v1.0/navigators").await);
}
