//! `loadConfigs`: limits follow what was changed in the database in another way.

use contract_tests::{transcript, wire::Request};

use super::{
    configs::{LOAD, managed, refusals, send, with},
    data_of, status,
};

refusals!(Request::get(LOAD), "GET", "/base/auth/v1.0/configs/load", "interface_config");

#[tokio::test]
async fn ok() {
    transcript!(send(Request::get(LOAD)).await);
}

#[tokio::test]
async fn ok_in_english() {
    transcript!(send(Request::get(LOAD).header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn a_change_past_the_server_takes_effect() {
    let (server, token) = managed().await;
    let limited =
        "UPDATE interface_config SET limited = TRUE, limit_gap = 60 WHERE url = '/base/auth/v1.0/tokens/status'";
    server.execute(limited).await;
    assert_eq!(
        [status(&server, &token).await, status(&server, &token).await],
        [200, 200],
        "nobody has told the server"
    );
    data_of(&server.send(with(Request::get(LOAD), &token)).await);
    assert_eq!([status(&server, &token).await, status(&server, &token).await], [200, 490]);
}

#[tokio::test]
async fn body_too_large() {
    transcript!(super::body_too_large("GET", "/base/auth/v1.0/configs/load").await);
}
