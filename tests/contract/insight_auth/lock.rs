//! Too many wrong signatures lock an account: exactly then, for ten minutes, on every database and across restarts.

use std::time::Duration;

use contract_tests::{
    fixture::{ADMIN, DEMO_APP, Fixture},
    wire::{Exchange, Request},
};
use serde_json::json;

use super::{DIGEST, code, data_of, login, login_request, message_of, signature};

/// A login of this account with a wrong signature, after it got a Code.
async fn fail(server: &Fixture, account: &str) -> Exchange {
    code(server, account).await;
    let body = json!({ "appId": DEMO_APP, "account": account, "signature": "6821a080527d775101b624d632899fee" });
    server.send(Request::post(super::TOKENS).json(&body).from_new_device()).await
}

/// The codes of so many wrong logins.
async fn fail_times(server: &Fixture, account: &str, times: usize) -> Vec<i64> {
    let mut codes = Vec::new();
    for _ in 0..times {
        codes.push(fail(server, account).await.reply.code());
    }
    codes
}

#[tokio::test]
async fn five_are_forgiven() {
    let server = Fixture::start().await;
    assert_eq!(fail_times(&server, ADMIN, 5).await, [430; 5]);
    data_of(&login(&server).await);
    // And what was forgiven is forgotten.
    assert_eq!(fail_times(&server, ADMIN, 5).await, [430; 5]);
    data_of(&login(&server).await);
}

#[tokio::test]
async fn the_sixth_locks_for_ten_minutes() {
    for server in Fixture::on_every_database().await {
        assert_eq!(fail_times(&server, ADMIN, 6).await, [430; 6], "{:?}", server.backend());
        let refused = login(&server).await.reply;
        assert_eq!(
            (refused.code(), message_of(&refused).as_str()),
            (400, "错误次数过多,账号已被锁定!请于10分钟后再试")
        );
        server.clock.advance(Duration::from_millis(599_999));
        assert_eq!(login(&server).await.reply.code(), 400);
        server.clock.advance(Duration::from_millis(1));
        data_of(&login(&server).await);
    }
}

#[tokio::test]
async fn tries_of_a_locked_account_do_not_prolong_it() {
    let server = Fixture::start().await;
    fail_times(&server, ADMIN, 6).await;
    server.clock.advance(Duration::from_secs(300));
    assert_eq!(fail_times(&server, ADMIN, 3).await, [400; 3]);
    server.clock.advance(Duration::from_secs(300));
    data_of(&login(&server).await);
}

#[tokio::test]
async fn six_within_more_than_ten_minutes_lock_nothing() {
    let server = Fixture::start().await;
    for _ in 0..12 {
        assert_eq!(fail_times(&server, ADMIN, 1).await, [430]);
        server.clock.advance(Duration::from_secs(121));
    }
    data_of(&login(&server).await);
}

/// Whether an account is there shows in nothing.
#[tokio::test]
async fn an_account_that_nobody_has_is_locked_alike() {
    let server = Fixture::start().await;
    assert_eq!(fail_times(&server, "nobody", 7).await, fail_times(&server, ADMIN, 7).await);
}

#[tokio::test]
async fn another_account_is_not_locked() {
    let server = Fixture::start().await;
    fail_times(&server, "nobody", 7).await;
    data_of(&login(&server).await);
}

#[tokio::test]
async fn a_login_without_a_code_counts_as_well() {
    let server = Fixture::start().await;
    for _ in 0..6 {
        assert_eq!(server.send(login_request("wrong").from_new_device()).await.reply.code(), 430);
    }
    assert_eq!(login(&server).await.reply.code(), 400);
}

#[tokio::test]
async fn it_survives_restarts() {
    let mut server = Fixture::start().await;
    fail_times(&server, ADMIN, 3).await;
    server.restart().await;
    assert_eq!(fail_times(&server, ADMIN, 3).await, [430; 3]);
    server.restart().await;
    assert_eq!(login(&server).await.reply.code(), 400);
}

#[tokio::test]
async fn each_of_many_at_once_counts() {
    for server in Fixture::on_every_database().await {
        let tries = (0..6).map(|_| server.send(login_request("wrong").from_new_device()));
        let tries = futures_util::future::join_all(tries).await;
        assert!(tries.iter().all(|exchange| exchange.reply.code() == 430), "{:?}", server.backend());
        assert_eq!(login(&server).await.reply.code(), 400, "{:?}", server.backend());
    }
}

/// However many guess at once, six are compared.
#[tokio::test]
async fn of_many_guesses_at_once_six_are_compared() {
    for server in Fixture::on_every_database().await {
        for _ in 0..40 {
            code(&server, ADMIN).await;
        }
        let guesses = (0..40).map(|_| server.send(login_request("wrong").from_new_device()));
        let codes: Vec<_> =
            futures_util::future::join_all(guesses).await.iter().map(|exchange| exchange.reply.code()).collect();
        assert_eq!(codes.iter().filter(|code| **code == 430).count(), 6, "{:?}: {codes:?}", server.backend());
        assert_eq!(codes.iter().filter(|code| **code == 400).count(), 34, "{:?}", server.backend());
    }
}

#[tokio::test]
async fn a_clock_set_back_by_an_hour_locks_nobody_for_longer() {
    let server = Fixture::start().await;
    fail_times(&server, ADMIN, 6).await;
    server
        .clock
        .set(gatehouse_server::domain::clock::Timestamp::from_seconds(contract_tests::fixture::START.seconds() - 3600));
    data_of(&login(&server).await);
}

#[tokio::test]
async fn locked() {
    let server = Fixture::start().await;
    fail_times(&server, ADMIN, 6).await;
    let code = code(&server, ADMIN).await;
    let refused = server.send(login_request(&signature(ADMIN, DIGEST, &code)).header("Accept-Language", "en")).await;
    assert_eq!(message_of(&refused.reply), "too many errors, the account is locked! Try again in 10 minutes");
}
