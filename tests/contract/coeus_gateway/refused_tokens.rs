//! Tokens that are refused, each at `createProject` with a body that is wrong as well: the token is judged first.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, Fixture},
    transcript,
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::{
    CREATE_PROJECT, DELETE_PROJECT, LIST_PROJECTS, LOGOUT, LORY, add, code_of, logout_request, new_user, token_of,
    token_of_admin,
    tokens::{LIFE, parts},
};

/// Every operation that asks for a token.
const SECURED: [&str; 4] = [LIST_PROJECTS, CREATE_PROJECT, DELETE_PROJECT, LOGOUT];

/// Sends a body that is no JSON with this header.
async fn with_header(value: &str) -> Exchange {
    Fixture::start().await.send(bad_body().header("Authorization", value)).await
}

/// A request whose body tells that its token was good, by the code 1004.
fn bad_body() -> Request {
    Request::post(CREATE_PROJECT).body("application/json", "{")
}

/// Sends a token that is signed with the right key, but whose header or claims were changed.
async fn resigned(change: impl FnOnce(&mut Value, &mut Value)) -> Exchange {
    let server = Fixture::start().await;
    let (mut header, mut claims) = parts(&token_of_admin(&server).await);
    change(&mut header, &mut claims);
    let token = server.sign("coeus_gateway", &header.to_string(), &claims.to_string());
    server.send(bad_body().bearer(&token)).await
}

/// The same without one claim.
async fn without(claim: &str) -> Exchange {
    resigned(|_, claims| drop(claims.as_object_mut().unwrap().shift_remove(claim).unwrap())).await
}

/// A control: nothing changed gives a good token, so that every refusal below is for the change.
#[tokio::test]
async fn resigned_without_a_change_is_good() {
    let exchange = resigned(|_, _| {}).await;
    assert_eq!((exchange.reply.status, code_of(&exchange.reply)), (200, 1004), "{exchange}");
}

#[tokio::test]
async fn missing() {
    transcript!(Fixture::start().await.send(bad_body()).await);
}

#[tokio::test]
async fn missing_in_chinese() {
    transcript!(Fixture::start().await.send(bad_body().header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn missing_and_wrong_media_type() {
    transcript!(Fixture::start().await.send(Request::post(CREATE_PROJECT).body("text/plain", "x")).await);
}

#[tokio::test]
async fn in_the_query_instead() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    let request = Request::post(format!("{CREATE_PROJECT}?Authorization={token}")).body("application/json", "{");
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn in_the_header_of_another_dialect() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    transcript!(server.send(bad_body().header("x-token", &token)).await);
}

#[tokio::test]
async fn empty() {
    transcript!(with_header("").await);
}

#[tokio::test]
async fn bearer_without_token() {
    transcript!(with_header("Bearer").await);
}

#[tokio::test]
async fn of_another_scheme() {
    transcript!(with_header("Basic YWRtaW46MTIzNDU2").await);
}

#[tokio::test]
async fn no_jwt() {
    transcript!(with_header("garbage").await);
}

/// The token that the document prints was signed by another system.
#[tokio::test]
async fn printed_in_the_document() {
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJjbGFpbV9hbGlhcyI6ImxpYmluIiwiY2xhaW1fZXhwaXJlIjoxNzA5ODM0OTExLCJj\
                 bGFpbV9pYXQiOjE3MDk3OTE3MTEsImNsYWltX2lkIjoyLCJjbGFpbV9pc19hZG1pbiI6ZmFsc2UsImNsYWltX3Bob25lX251bWJl\
                 ciI6IiIsImNsYWltX3VzZXJuYW1lIjoibGliaW4ifQ.7PS-paXa5FALiiLgBMgQFF_U4kb4FDcrCqf2n-3hVCc";
    transcript!(with_header(token).await);
}

#[tokio::test]
async fn huge() {
    transcript!(with_header(&format!("Bearer {}", "a".repeat(16 * 1024))).await);
}

#[tokio::test]
async fn with_a_forged_signature() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    let (signed, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 32]));
    transcript!(server.send(bad_body().bearer(&forged)).await);
}

#[tokio::test]
async fn with_changed_claims() {
    let server = Fixture::start().await;
    add(&server, new_user(LORY)).await;
    let token = token_of(&server, LORY).await;
    let (_, mut claims) = parts(&token);
    claims["claim_is_admin"] = json!(true);
    let mut pieces: Vec<_> = token.split('.').map(str::to_owned).collect();
    pieces[1] = URL_SAFE_NO_PAD.encode(claims.to_string());
    transcript!(server.send(bad_body().bearer(&pieces.join("."))).await);
}

#[tokio::test]
async fn of_algorithm_none() {
    let server = Fixture::start().await;
    let (_, claims) = parts(&token_of_admin(&server).await);
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let token = format!("{header}.{}.", URL_SAFE_NO_PAD.encode(claims.to_string()));
    transcript!(server.send(bad_body().bearer(&token)).await);
}

#[tokio::test]
async fn of_algorithm_none_signed() {
    transcript!(resigned(|header, _| header["alg"] = json!("none")).await);
}

#[tokio::test]
async fn of_another_algorithm() {
    transcript!(resigned(|header, _| header["alg"] = json!("HS512")).await);
}

#[tokio::test]
async fn with_crit() {
    transcript!(resigned(|header, _| header["crit"] = json!(["exp"])).await);
}

#[tokio::test]
async fn of_an_unknown_key() {
    transcript!(resigned(|header, _| header["kid"] = json!("0000000000000000")).await);
}

#[tokio::test]
async fn without_audience() {
    transcript!(without("aud").await);
}

#[tokio::test]
async fn for_another_audience() {
    transcript!(resigned(|_, claims| claims["aud"] = json!("edge_gateway")).await);
}

#[tokio::test]
async fn without_expiry() {
    transcript!(without("exp").await);
}

#[tokio::test]
async fn of_two_expiries() {
    transcript!(resigned(|_, claims| claims["exp"] = json!(claims["exp"].as_i64().unwrap() + 1)).await);
}

#[tokio::test]
async fn without_session() {
    transcript!(without("jti").await);
}

#[tokio::test]
async fn of_an_unknown_session() {
    transcript!(resigned(|_, claims| claims["jti"] = json!("0".repeat(32))).await);
}

#[tokio::test]
async fn issued_in_the_future() {
    let later = |claims: &mut Value| claims["claim_iat"] = json!(claims["claim_iat"].as_i64().unwrap() + 3600);
    transcript!(resigned(|_, claims| later(claims)).await);
}

#[tokio::test]
async fn signed_with_the_key_of_another_dialect() {
    let server = Fixture::start().await;
    let (header, claims) = parts(&token_of_admin(&server).await);
    let token = server.sign("edge_gateway", &header.to_string(), &claims.to_string());
    transcript!(server.send(bad_body().bearer(&token)).await);
}

#[tokio::test]
async fn expired() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.clock.advance(LIFE);
    transcript!(server.send(bad_body().bearer(&token)).await);
}

#[tokio::test]
async fn expired_in_chinese() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.clock.advance(LIFE);
    transcript!(server.send(bad_body().bearer(&token).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn good_until_the_last_millisecond() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    server.clock.advance(LIFE - Duration::from_millis(1));
    assert_eq!(code_of(&server.send(bad_body().bearer(&token)).await.reply), 1004);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(code_of(&server.send(bad_body().bearer(&token)).await.reply), 1001);
}

#[tokio::test]
async fn logged_out() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    assert_eq!(code_of(&server.send(logout_request(&token)).await.reply), 0);
    transcript!(server.send(bad_body().bearer(&token)).await);
}

#[tokio::test]
async fn of_a_banned_user() {
    let server = Fixture::start().await;
    let user = add(&server, new_user(LORY)).await;
    let token = token_of(&server, LORY).await;
    assert_eq!(code_of(&server.send(bad_body().bearer(&token)).await.reply), 1004, "it was good");
    server.core.users.ban(user.id).await.unwrap();
    transcript!(server.send(bad_body().bearer(&token)).await);
}

#[tokio::test]
async fn of_before_a_ban_that_was_lifted() {
    let server = Fixture::start().await;
    let user = add(&server, new_user(LORY)).await;
    let token = token_of(&server, LORY).await;
    server.core.users.ban(user.id).await.unwrap();
    server.core.users.unban(user.id).await.unwrap();
    transcript!(server.send(bad_body().bearer(&token)).await);
}

#[tokio::test]
async fn of_go_api() {
    let server = Fixture::start().await;
    let token = server.token().await;
    transcript!(server.send(bad_body().bearer(&token)).await);
}

#[tokio::test]
async fn of_edge_gateway() {
    let server = Fixture::start().await;
    let login = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
    let reply = server.send(Request::post("/v1.0/openapi/auth/login").json(&login)).await.reply.json();
    let token = reply["result"]["access_token"].as_str().unwrap();
    transcript!(server.send(bad_body().bearer(token)).await);
}

#[tokio::test]
async fn every_secured_operation_refuses_them_alike() {
    let server = Fixture::start().await;
    let good = token_of_admin(&server).await;
    let (signed, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 32]));
    let ended = token_of_admin(&server).await;
    assert_eq!(code_of(&server.send(logout_request(&ended)).await.reply), 0);
    let of_go_api = server.token().await;
    for path in SECURED {
        for token in ["", "garbage", &forged, &ended, &of_go_api] {
            for value in [token.to_owned(), format!("Bearer {token}")] {
                let request = Request::post(path).header("Authorization", &value).json(&json!({ "id": 1 }));
                let reply = server.send(request).await.reply;
                let expected = json!({
                    "header": { "code": 1001, "message": "unauthorized", "total": 0, "count": 0 }, "data": null,
                });
                assert_eq!((reply.status, reply.json()), (401, expected), "{path} with {value}");
            }
        }
        for value in [good.clone(), format!("Bearer {good}"), format!("bearer {good}")] {
            let request = Request::post(path).header("Authorization", &value).body("application/json", "{");
            assert_eq!(code_of(&server.send(request).await.reply), 1004, "{path} with {value}");
        }
    }
}
