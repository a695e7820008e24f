//! Logins without a password.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{CODES, TOKENS, code, counts, failure, invalid_token, is, nobody, serving, shown, too_soon};
use crate::server::{Answer, Server};
use gatehouse_client::insight_auth::{Error, ErrorCode, SignIn, sms_signature};
use serde_json::json;
use tokio::time::{Instant, advance};

const MOBILE: &str = "13800138000";

fn sign_in(server: &Server) -> SignIn {
    nobody(server).app_id("app").device_id("phone").sign_in().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_code_of_an_sms_logs_in() {
    let server = serving(|_, _| None).await;
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&told);
    let sign_in = nobody(&server)
        .app_id("app")
        .device_id("phone")
        .on_tokens(move |tokens| log.lock().unwrap().push(tokens.access_token.clone()))
        .sign_in()
        .unwrap();
    sign_in.request_sms_code(MOBILE).await.unwrap();
    let session = sign_in.log_in_with_sms_code(MOBILE, "246810").await.unwrap();
    assert!(server.asked(CODES).iter().all(|asked| asked.target == format!("{CODES}?account={MOBILE}&type=1")));
    assert_eq!(
        server.asked(TOKENS)[0].json(),
        json!({
            "appId": "app", "account": MOBILE, "signature": sms_signature(MOBILE, "246810", &code(2)),
            "deviceId": "phone",
        })
    );
    session.check().await.unwrap();
    assert_eq!((session.account(), session.user().unwrap().account.as_str()), (None, "admin"));
    // It is renewed in time, as any other.
    advance(Duration::from_secs(6900)).await;
    session.check().await.unwrap();
    assert_eq!((shown(&server), counts(&server)), (vec!["a1".to_owned(), "a1.1".to_owned()], (2, 1, 1)));
    assert_eq!(*told.lock().unwrap(), ["a1", "a1.1"]);
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_its_refresh_token() {
    let server = serving(|asked, _| (asked.verb == "PUT").then(invalid_token)).await;
    let session = sign_in(&server).log_in_with_sms_code(MOBILE, "246810").await.unwrap();
    advance(Duration::from_secs(7200)).await;
    for _ in 0..2 {
        assert_eq!(session.check().await.unwrap_err().code(), Some(ErrorCode::InvalidToken));
    }
    assert_eq!(counts(&server), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_logout_is_its_end_even_after_its_refresh_token() {
    for since_login in [0, 6900] {
        let server = serving(|asked, _| (asked.verb == "PUT").then(invalid_token)).await;
        let session = sign_in(&server).log_in_with_sms_code(MOBILE, "246810").await.unwrap();
        advance(Duration::from_secs(since_login)).await;
        session.check().await.unwrap();
        session.logout().await.unwrap();
        let ended: Vec<_> = server.asked(TOKENS).into_iter().filter(|asked| asked.verb == "DELETE").collect();
        assert_eq!((ended.len(), ended[0].header("authorization")), (1, "a1"));
        let asked = counts(&server);
        for _ in 0..2 {
            let error = session.check().await.unwrap_err();
            assert!(matches!(error, Error::LoggedOut), "{error:?}");
            assert!(error.to_string().starts_with("the session was logged out"), "{error}");
        }
        session.logout().await.unwrap();
        assert_eq!(counts(&server), asked, "nothing is sent");
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_is_not_spent_twice_but_the_gap_is_waited_for() {
    let server = serving(|asked, before| {
        ((asked.path() == CODES && before == 1) || (is(asked, "POST", TOKENS) && before == 0)).then(too_soon)
    })
    .await;
    let sign_in = sign_in(&server);
    sign_in.request_sms_code(MOBILE).await.unwrap();
    let begin = Instant::now();
    sign_in.log_in_with_sms_code(MOBILE, "246810").await.unwrap();
    assert_eq!((begin.elapsed().as_secs(), counts(&server)), (8, (4, 2, 0)));

    let server = serving(|asked, _| is(asked, "POST", TOKENS).then_some(Answer::HangUp)).await;
    let error = self::sign_in(&server).log_in_with_sms_code(MOBILE, "246810").await.unwrap_err();
    assert!(error.is_retryable() && counts(&server) == (1, 1, 0), "{error:?}");
}

#[tokio::test]
async fn a_wrong_code_is_told() {
    let server =
        serving(|asked, _| is(asked, "POST", TOKENS).then(|| failure(200, 430, "wrong account or password"))).await;
    let error = sign_in(&server).log_in_with_sms_code(MOBILE, "000000").await.unwrap_err();
    assert_eq!((error.code(), counts(&server)), (Some(ErrorCode::WrongPassword), (1, 1, 0)));
}
