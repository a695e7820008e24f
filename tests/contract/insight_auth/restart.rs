//! Sessions outlive the process; Codes, which live for half a minute, do not.

use contract_tests::fixture::{ADMIN, Fixture};

use super::{
    DIGEST, code, data_of, login, login_request, logout_request, refresh_request, signature, status, tokens_in,
};

#[tokio::test]
async fn sessions_and_what_ended_them_stay() {
    let mut server = Fixture::start().await;
    let (kept, refresh) = tokens_in(&login(&server).await);
    let (ended, _) = tokens_in(&login(&server).await);
    data_of(&server.send(logout_request(&ended)).await);
    server.restart().await;
    assert_eq!(status(&server, &kept).await, 200);
    assert_eq!(status(&server, &ended).await, 421);
    data_of(&server.send(refresh_request(&refresh)).await);
}

#[tokio::test]
async fn renewals_are_counted_across_restarts() {
    let mut server = Fixture::start().await;
    let (_, refresh) = tokens_in(&login(&server).await);
    for _ in 0..12 {
        data_of(&server.send(refresh_request(&refresh).from_new_device()).await);
    }
    server.restart().await;
    assert_eq!(server.send(refresh_request(&refresh)).await.reply.code(), 421);
}

#[tokio::test]
async fn a_code_is_forgotten() {
    let mut server = Fixture::start().await;
    let code = code(&server, ADMIN).await;
    server.restart().await;
    assert_eq!(server.send(login_request(&signature(ADMIN, DIGEST, &code))).await.reply.code(), 430);
    data_of(&login(&server).await);
}
