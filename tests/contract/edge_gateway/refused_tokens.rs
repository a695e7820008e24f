//! Tokens that are refused, each at `createProduct` with a name that is wrong as well: the token is judged first.

use std::time::Duration;

use contract_tests::{
    fixture::Fixture,
    transcript,
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::{
    LORY, LORY_PASSWORD, PRODUCT, Pair, add_lory, code_of_access, code_of_refresh, parts, resigned, unsigned,
    with_signature,
};

/// A request whose name is empty, without a token.
fn bad_name() -> Request {
    Request::get(format!("{PRODUCT}?name="))
}

/// A request whose name is empty, with this token.
fn knock(token: &str) -> Request {
    bad_name().header("x-token", token)
}

/// Sends what `change` makes of the administrator's access token.
async fn changed(change: impl FnOnce(&Fixture, &str) -> String) -> Exchange {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    server.send(knock(&change(&server, &pair.access))).await
}

/// As [`changed`], for a token that is signed with the right key after the change.
async fn with_claims(change: impl FnOnce(&mut Value, &mut Value)) -> Exchange {
    changed(|server, token| resigned(server, token, change)).await
}

/// A control: nothing changed gives a good token, so that every refusal below is for the change.
#[tokio::test]
async fn resigned_without_a_change_is_good() {
    let exchange = with_claims(|_, _| {}).await;
    assert_eq!(exchange.reply.code(), 1104, "{exchange}");
}

#[tokio::test]
async fn missing() {
    transcript!(Fixture::start().await.send(bad_name()).await);
}

#[tokio::test]
async fn missing_in_chinese() {
    transcript!(Fixture::start().await.send(bad_name().header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn empty() {
    transcript!(Fixture::start().await.send(knock("")).await);
}

/// The document's own sample.
#[tokio::test]
async fn no_jwt() {
    transcript!(Fixture::start().await.send(knock("ABCDEFJ....")).await);
}

#[tokio::test]
async fn not_ascii() {
    transcript!(Fixture::start().await.send(bad_name().header("x-token", b"\xff\xfe")).await);
}

#[tokio::test]
async fn huge() {
    transcript!(Fixture::start().await.send(knock(&"a".repeat(16 * 1024))).await);
}

#[tokio::test]
async fn in_the_authorization_header() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    transcript!(server.send(bad_name().bearer(&pair.access)).await);
}

#[tokio::test]
async fn in_the_query() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    transcript!(server.send(bad_name().query("x-token", &pair.access).query("token", &pair.access)).await);
}

#[tokio::test]
async fn after_the_word_bearer() {
    transcript!(changed(|_, token| format!("Bearer {token}")).await);
}

#[tokio::test]
async fn refresh_token() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    transcript!(server.send(knock(&pair.refresh)).await);
}

#[tokio::test]
async fn expired() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    server.clock.advance(Duration::from_secs(7200));
    transcript!(server.send(knock(&pair.access)).await);
}

#[tokio::test]
async fn expired_in_chinese() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    server.clock.advance(Duration::from_secs(7200));
    transcript!(server.send(knock(&pair.access).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn good_until_the_last_millisecond() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    server.clock.advance(Duration::from_millis(7_199_999));
    assert_eq!(server.send(knock(&pair.access)).await.reply.code(), 1104);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(server.send(knock(&pair.access)).await.reply.code(), 10006);
}

#[tokio::test]
async fn with_a_forged_signature() {
    transcript!(changed(|_, token| with_signature(token, &[0; 32])).await);
}

#[tokio::test]
async fn of_algorithm_none() {
    transcript!(changed(|_, token| unsigned(token)).await);
}

#[tokio::test]
async fn of_algorithm_none_signed() {
    transcript!(with_claims(|header, _| header["alg"] = json!("none")).await);
}

#[tokio::test]
async fn of_an_unknown_key() {
    transcript!(with_claims(|header, _| header["kid"] = json!("0000000000000000")).await);
}

#[tokio::test]
async fn signed_with_the_key_of_another_dialect() {
    let change = |server: &Fixture, token: &str| {
        let (header, claims) = parts(token);
        server.sign("coeus_gateway", &header.to_string(), &claims.to_string())
    };
    transcript!(changed(change).await);
}

#[tokio::test]
async fn of_another_type() {
    transcript!(with_claims(|_, claims| claims["typ"] = json!("refresh")).await);
}

#[tokio::test]
async fn of_another_issuer() {
    transcript!(with_claims(|_, claims| claims["iss"] = json!("go-api")).await);
}

#[tokio::test]
async fn for_another_audience() {
    transcript!(with_claims(|_, claims| claims["aud"] = json!("go_api")).await);
}

#[tokio::test]
async fn without_expiry() {
    transcript!(with_claims(|_, claims| drop(claims.as_object_mut().unwrap().shift_remove("exp"))).await);
}

#[tokio::test]
async fn issued_in_the_far_future() {
    let change = |claims: &mut Value| claims["nbf"] = json!(claims["nbf"].as_i64().unwrap() + 3600);
    transcript!(with_claims(|_, claims| change(claims)).await);
}

#[tokio::test]
async fn of_an_unknown_session() {
    transcript!(with_claims(|_, claims| claims["sid"] = json!("0123456789abcdef0123456789abcdef")).await);
}

#[tokio::test]
async fn of_a_revoked_family() {
    let server = Fixture::start().await;
    let first = Pair::of_admin(&server).await;
    let second = first.exchange(&server).await;
    server.clock.advance(Duration::from_secs(30));
    assert_eq!(code_of_refresh(&server, &first.refresh).await, 1011);
    transcript!(server.send(knock(&second.access)).await);
}

#[tokio::test]
async fn of_a_banned_user() {
    let server = Fixture::start().await;
    let lory = add_lory(&server).await;
    let pair = Pair::of(&server, LORY, LORY_PASSWORD).await;
    assert_eq!(code_of_access(&server, &pair.access).await, 0);
    server.core.users.ban(lory).await.unwrap();
    transcript!(server.send(knock(&pair.access)).await);
}

/// Which of two was meant nobody can tell.
#[tokio::test]
async fn twice() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    for (one, other) in [("forged", pair.access.as_str()), (pair.access.as_str(), "forged")] {
        let exchange = server.send(knock(one).header("x-token", other)).await;
        assert_eq!(exchange.reply.code(), 10006, "{exchange}");
    }
}
