//! Exclusive applications: a login ends the user's earlier sessions in that application, and no others.

use contract_tests::fixture::{ADMIN, DEMO_APP, Fixture};
use futures_util::future::join_all;
use gatehouse_server::domain::{
    access::Bundle,
    origin::Origin,
    password::Digest,
    user::{Handle, NewUser},
};

use super::{
    DIGEST, admin, bundle, bundle_of, code, data_of, login, login_request, refresh_request, signature, status,
};

#[tokio::test]
async fn a_login_ends_the_earlier_one() {
    for server in Fixture::on_every_database().await {
        server.make_exclusive(DEMO_APP).await;
        let first = bundle(&server).await;
        assert_eq!(status(&server, &first.access).await, 200);
        data_of(&login(&server).await);
        assert_eq!(status(&server, &first.access).await, 400, "{:?}", server.backend());
        assert_eq!(server.send(refresh_request(&first.refresh)).await.reply.code(), 400);
    }
}

#[tokio::test]
async fn other_applications_and_other_users_are_left_alone() {
    let server = Fixture::start().await;
    server.make_exclusive(DEMO_APP).await;
    server.provision("other-app", false).await;
    let lory = NewUser::new(Handle::account("lory").unwrap());
    let lory = server.core.users.create(&Origin::command("test"), lory, Digest::of("x")).await.unwrap();
    let elsewhere = bundle_of(&server, admin(&server).await, "other-app").await;
    let hers = bundle_of(&server, lory, DEMO_APP).await;
    bundle(&server).await;
    bundle(&server).await;
    for bundle in [elsewhere, hers] {
        assert_eq!(status(&server, &bundle.access).await, 200);
    }
}

#[tokio::test]
async fn an_application_that_is_not_exclusive_admits_many() {
    let server = Fixture::start().await;
    let (one, other) = (bundle(&server).await, bundle(&server).await);
    assert_eq!((status(&server, &one.access).await, status(&server, &other.access).await), (200, 200));
}

#[tokio::test]
async fn fifty_logins_at_once_leave_one() {
    for server in Fixture::on_every_database().await {
        server.make_exclusive(DEMO_APP).await;
        let mut logins = Vec::new();
        for _ in 0..50 {
            let signature = signature(ADMIN, DIGEST, &code(&server, ADMIN).await);
            logins.push(login_request(&signature).from_new_device());
        }
        let replies = join_all(logins.into_iter().map(|login| server.send(login))).await;
        let mut alive = 0;
        for exchange in &replies {
            let token = data_of(exchange)["accessToken"].as_str().expect("a token").to_owned();
            match status(&server, &token).await {
                200 => alive += 1,
                other => assert_eq!(other, 400, "{:?}", server.backend()),
            }
        }
        assert_eq!(alive, 1, "{:?}", server.backend());
    }
}

/// A session that is being renewed when it is ended does not come back.
#[tokio::test]
async fn a_renewal_does_not_bring_back_what_a_login_ended() {
    let server = Fixture::start().await;
    server.make_exclusive(DEMO_APP).await;
    let first: Bundle = bundle(&server).await;
    let renewals = (0..10).map(|_| server.send(refresh_request(&first.refresh).from_new_device()));
    let (renewed, second) = tokio::join!(join_all(renewals), bundle(&server));
    for exchange in renewed.into_iter().filter(|exchange| exchange.reply.code() == 200) {
        let token = data_of(&exchange)["accessToken"].as_str().expect("a token").to_owned();
        assert_ne!(status(&server, &token).await, 200);
    }
    assert_eq!(status(&server, &second.access).await, 200);
}
