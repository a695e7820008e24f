//! What is told first where several things are wrong: the limit, the token, the right, and then what was sent.

use std::time::Duration;

use contract_tests::{
    fixture::{DEMO_APP, Fixture},
    wire::Request,
};
use gatehouse_server::domain::{
    origin::Origin,
    password::Digest,
    user::{Handle, NewUser},
};

use super::{bundle, bundle_of, configs, refresh_request, status};

const CONFIGS: &str = "/base/auth/v1.0/configs";

/// A change of a config whose body is no JSON.
async fn broken(server: &Fixture, token: &str) -> i64 {
    let request = Request::new("PUT", CONFIGS).header("Authorization", token).body("application/json", "{");
    server.send(request).await.reply.code()
}

#[tokio::test]
async fn a_token_before_the_right_and_the_right_before_the_body() {
    let server = Fixture::start().await;
    configs::permit(&server).await;
    let lory = NewUser::new(Handle::account("lory").unwrap());
    let lory = server.core.users.create(&Origin::command("test"), lory, Digest::of("x")).await.unwrap();
    let (admin, lory) = (bundle(&server).await, bundle_of(&server, lory, DEMO_APP).await);
    assert_eq!(broken(&server, "nothing").await, 421);
    assert_eq!(broken(&server, &lory.access).await, 403);
    assert_eq!(broken(&server, &admin.access).await, 430);
    server.clock.advance(Duration::from_millis(7_200_000));
    assert_eq!(broken(&server, &lory.access).await, 422, "whoever has to renew is told so before anything else");
}

#[tokio::test]
async fn the_limit_before_the_token() {
    let server = Fixture::start().await;
    let bundle = bundle(&server).await;
    assert_eq!(server.send(refresh_request("nothing")).await.reply.code(), 421);
    assert_eq!(server.send(refresh_request(&bundle.refresh)).await.reply.code(), 490);
}

#[tokio::test]
async fn an_end_on_another_device_before_expiry_and_the_session_s_end_before_both() {
    let server = Fixture::start().await;
    server.make_exclusive(DEMO_APP).await;
    let (first, _second) = (bundle(&server).await, bundle(&server).await);
    server.clock.advance(Duration::from_millis(7_200_000));
    assert_eq!(status(&server, &first.access).await, 400);
    server.clock.advance(Duration::from_millis(86_400_000));
    assert_eq!(status(&server, &first.access).await, 421);
}
