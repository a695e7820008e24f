//! A service that asks about the tokens of its callers.

use super::{checks, elsewhere, expired, failure, invalid_token, serving, shown};
use crate::server::{Answer, Server, direct, known_waits};
use gatehouse_client::insight_auth::{ErrorCode, TokenChecker, TokenStatus};

/// A token of the user `u1`, as the server writes them: `{"id":"1","userId":"u1","userName":null,"secret":"s"}`.
const TOKEN: &str = "eyJpZCI6IjEiLCJ1c2VySWQiOiJ1MSIsInVzZXJOYW1lIjpudWxsLCJzZWNyZXQiOiJzIn0=";

fn checker(server: &Server) -> TokenChecker {
    let builder = TokenChecker::builder().base_url(&server.url).http_client(direct()).timeout(None);
    builder.retry(known_waits()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn tokens_are_told_apart() {
    let server = serving(|asked, before| match asked.header("authorization") {
        TOKEN if before == 0 => Some(Answer::HangUp),
        "expired" => Some(expired()),
        "elsewhere" => Some(elsewhere()),
        "forged" => Some(invalid_token()),
        _ => None,
    })
    .await;
    let checker = checker(&server);
    let status = checker.check(TOKEN).await.unwrap();
    assert!(status.is_good());
    assert_eq!((status.user_id(), shown(&server)), (Some("u1"), vec![TOKEN.to_owned(); 2]));
    assert_eq!(checker.check("other").await.unwrap(), TokenStatus::Good { user_id: None });
    assert_eq!(checker.check("expired").await.unwrap(), TokenStatus::Expired);
    assert_eq!(checker.check("elsewhere").await.unwrap(), TokenStatus::LoggedInElsewhere);
    assert_eq!(checker.check("forged").await.unwrap(), TokenStatus::Invalid);
    assert!(checker.check("forged").await.unwrap().user_id().is_none());
    let asked = shown(&server).len();
    for none in ["", "two\nlines"] {
        assert_eq!(checker.check(none).await.unwrap(), TokenStatus::Invalid);
    }
    assert_eq!(shown(&server).len(), asked, "what cannot be a token is not asked about");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_say_is_an_error() {
    let server = serving(|asked, _| checks(asked, "t").then(|| failure(500, 500, "服务器繁忙"))).await;
    let error = checker(&server).check("t").await.unwrap_err();
    assert_eq!((error.code(), error.status()), (Some(ErrorCode::Fault), Some(500)));
    let server = serving(|asked, _| checks(asked, "t").then_some(Answer::HangUp)).await;
    assert!(checker(&server).check("t").await.unwrap_err().is_retryable());
    assert_eq!(shown(&server).len(), 4);
}
