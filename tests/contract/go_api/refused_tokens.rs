//! Tokens that are refused, each at `createApp` with a body that is wrong as well: the token is judged first.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract_tests::{
    fixture::{DEMO_APP, Fixture},
    transcript,
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::APP;

/// Sends a body that is no JSON with this header.
async fn with_header(value: &str) -> Exchange {
    Fixture::start().await.send(bad_body().header("Authorization", value)).await
}

fn bad_body() -> Request {
    Request::post(APP).body("application/json", "{")
}

/// A token's header and claims.
fn parts(token: &str) -> (Value, Value) {
    let part = |at: usize| {
        let encoded = token.split('.').nth(at).expect("a token has three parts");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).expect("base64")).expect("JSON")
    };
    (part(0), part(1))
}

/// Sends a token that is signed with the right key, but whose header or claims were changed.
async fn resigned(change: impl FnOnce(&mut Value, &mut Value)) -> Exchange {
    let server = Fixture::start().await;
    let (mut header, mut claims) = parts(&server.token().await);
    change(&mut header, &mut claims);
    let token = server.sign("go_api", &header.to_string(), &claims.to_string());
    server.send(bad_body().bearer(&token)).await
}

/// A control: nothing changed gives a good token, so that every refusal below is for the change.
#[tokio::test]
async fn resigned_without_a_change_is_good() {
    let exchange = resigned(|_, _| {}).await;
    assert_eq!(exchange.reply.code(), 400, "{exchange}");
}

#[tokio::test]
async fn missing() {
    transcript!(Fixture::start().await.send(bad_body()).await);
}

#[tokio::test]
async fn missing_in_chinese() {
    transcript!(Fixture::start().await.send(bad_body().header("lang", "zh")).await);
}

#[tokio::test]
async fn missing_and_wrong_media_type() {
    transcript!(Fixture::start().await.send(Request::post(APP).body("text/plain", "x")).await);
}

#[tokio::test]
async fn in_the_query_instead() {
    let server = Fixture::start().await;
    let token = server.token().await;
    transcript!(server.send(Request::post(format!("{APP}?token={token}")).body("application/json", "{")).await);
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
    transcript!(with_header("Bearer your_jwt_token").await);
}

#[tokio::test]
async fn huge() {
    transcript!(with_header(&format!("Bearer {}", "a".repeat(16 * 1024))).await);
}

#[tokio::test]
async fn with_a_forged_signature() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let (signed, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 32]));
    transcript!(server.send(bad_body().bearer(&forged)).await);
}

#[tokio::test]
async fn with_changed_claims() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let (_, mut claims) = parts(&token);
    claims["id"] = json!(2);
    let mut pieces: Vec<_> = token.split('.').map(str::to_owned).collect();
    pieces[1] = URL_SAFE_NO_PAD.encode(claims.to_string());
    transcript!(server.send(bad_body().bearer(&pieces.join("."))).await);
}

#[tokio::test]
async fn of_algorithm_none() {
    let server = Fixture::start().await;
    let (_, claims) = parts(&server.token().await);
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
async fn of_a_public_key_algorithm() {
    transcript!(resigned(|header, _| header["alg"] = json!("RS256")).await);
}

#[tokio::test]
async fn of_another_type() {
    transcript!(resigned(|header, _| header["typ"] = json!("at+jwt")).await);
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
async fn without_key_id() {
    let exchange = resigned(|header, _| drop(header.as_object_mut().unwrap().shift_remove("kid"))).await;
    transcript!(exchange);
}

#[tokio::test]
async fn without_audience() {
    transcript!(resigned(|_, claims| drop(claims.as_object_mut().unwrap().shift_remove("aud"))).await);
}

#[tokio::test]
async fn for_another_audience() {
    transcript!(resigned(|_, claims| claims["aud"] = json!("edge_gateway")).await);
}

#[tokio::test]
async fn of_another_issuer() {
    transcript!(resigned(|_, claims| claims["iss"] = json!("edge-gateway")).await);
}

#[tokio::test]
async fn without_expiry() {
    transcript!(resigned(|_, claims| drop(claims.as_object_mut().unwrap().shift_remove("exp"))).await);
}

#[tokio::test]
async fn without_id() {
    transcript!(resigned(|_, claims| drop(claims.as_object_mut().unwrap().shift_remove("jti"))).await);
}

#[tokio::test]
async fn issued_in_the_future() {
    let change = |claims: &mut Value| claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 3600);
    transcript!(resigned(|_, claims| change(claims)).await);
}

#[tokio::test]
async fn signed_with_the_key_of_another_dialect() {
    let server = Fixture::start().await;
    let (header, claims) = parts(&server.token().await);
    let token = server.sign("edge_gateway", &header.to_string(), &claims.to_string());
    transcript!(server.send(bad_body().bearer(&token)).await);
}

#[tokio::test]
async fn expired() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.clock.advance(Duration::from_secs(604_800));
    transcript!(server.send(bad_body().bearer(&token)).await);
}

#[tokio::test]
async fn expired_in_chinese() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.clock.advance(Duration::from_secs(604_800));
    transcript!(server.send(bad_body().bearer(&token).header("lang", "zh")).await);
}

#[tokio::test]
async fn good_until_the_last_millisecond() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.clock.advance(Duration::from_millis(604_799_999));
    assert_eq!(server.send(bad_body().bearer(&token)).await.reply.code(), 400);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(server.send(bad_body().bearer(&token)).await.reply.code(), 10002);
}

#[tokio::test]
async fn revoked() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.revoke_tokens(DEMO_APP).await;
    transcript!(server.send(bad_body().bearer(&token)).await);
}

#[tokio::test]
async fn issued_after_a_revocation_is_good() {
    let server = Fixture::start().await;
    server.revoke_tokens(DEMO_APP).await;
    let token = server.token().await;
    assert_eq!(server.send(bad_body().bearer(&token)).await.reply.code(), 400);
}

#[tokio::test]
async fn of_a_disabled_app() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.change_app(DEMO_APP, &json!({ "enabled": false })).await;
    transcript!(server.send(bad_body().bearer(&token)).await);
}

#[tokio::test]
async fn of_an_app_that_is_gone() {
    let server = Fixture::start().await;
    let (header, mut claims) = parts(&server.token().await);
    claims["id"] = json!(4711);
    let token = server.sign("go_api", &header.to_string(), &claims.to_string());
    transcript!(server.send(bad_body().bearer(&token)).await);
}
