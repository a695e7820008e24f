//! Refresh tokens that are refused. None of them does the family any harm: anybody can make one up.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract_tests::{
    fixture::{DEMO_APP, Fixture},
    spec, transcript,
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::{
    LORY, LORY_PASSWORD, Pair, add_lory, code_of_refresh, parts, refresh_request, resigned, unsigned, with_signature,
};
use crate::dialects::DIALECTS;

/// Sends what `change` makes of the administrator's refresh token, and then proves that the token itself is still good.
async fn changed(change: impl FnOnce(&Fixture, &str) -> String) -> Exchange {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    let exchange = server.send(refresh_request(&change(&server, &pair.refresh))).await;
    assert_eq!(code_of_refresh(&server, &pair.refresh).await, 0);
    exchange
}

/// As [`changed`], for a token that is signed with the right key after the change.
async fn with_claims(change: impl FnOnce(&mut Value, &mut Value)) -> Exchange {
    changed(|server, token| resigned(server, token, change)).await
}

/// A control: nothing changed gives a good token, so that every refusal below is for the change.
#[tokio::test]
async fn resigned_without_a_change_is_good() {
    let exchange = with_claims(|_, _| {}).await;
    assert_eq!(exchange.reply.code(), 0, "{exchange}");
}

#[tokio::test]
async fn no_jwt() {
    transcript!(Fixture::start().await.send(refresh_request("refreshToken")).await);
}

#[tokio::test]
async fn no_jwt_in_chinese() {
    let request = refresh_request("refreshToken").header("Accept-Language", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

/// The document's own sample, which another system signed and which expired long ago: it is not ours, before anything.
#[tokio::test]
async fn the_sample_of_the_document() {
    let sample = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJJRCI6MSwiVXNlcm5hbWUiOiJhZG1pbiIsImV4cCI6MTY4NzYwMDIzNCwiaXN\
                  zIjoiZWRnZS1nYXRld2F5IiwibmJmIjoxNjg2MzkwNjM0fQ.yG6om2n8GbNidXkAZENkOJiJMQ4CcggDomtiHE591rk";
    transcript!(Fixture::start().await.send(refresh_request(sample)).await);
}

#[tokio::test]
async fn access_token() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    transcript!(server.send(refresh_request(&pair.access)).await);
}

#[tokio::test]
async fn access_token_that_expired() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    server.clock.advance(Duration::from_secs(7200));
    transcript!(server.send(refresh_request(&pair.access)).await);
}

/// The type may say so, but no refresh token was ever given out under that id.
#[tokio::test]
async fn access_token_made_a_refresh_token() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    let token = resigned(&server, &pair.access, |_, claims| claims["typ"] = json!("refresh"));
    transcript!(server.send(refresh_request(&token)).await);
    assert_eq!(code_of_refresh(&server, &pair.refresh).await, 0);
}

#[tokio::test]
async fn tokens_of_other_dialects() {
    let server = Fixture::start().await;
    for dialect in DIALECTS.iter().filter(|dialect| dialect.name != "edge_gateway") {
        let document = spec::all().iter().find(|(document, _)| document.dialect == dialect.name);
        let (_, spec) = document.expect("the dialect has a document");
        for (scheme, _) in spec::entries(&spec.json["components"]["securitySchemes"]) {
            let (_, token) = (dialect.credential)(&server, scheme).await;
            assert_eq!(code_of_refresh(&server, &token).await, 1011, "{}", dialect.name);
        }
    }
}

#[tokio::test]
async fn with_a_forged_signature() {
    transcript!(changed(|_, token| with_signature(token, &[0; 32])).await);
}

#[tokio::test]
async fn without_signature() {
    transcript!(changed(|_, token| with_signature(token, &[])).await);
}

#[tokio::test]
async fn with_changed_claims() {
    let change = |_: &Fixture, token: &str| {
        let (_, signature) = token.rsplit_once('.').unwrap();
        let (header, mut claims) = parts(token);
        claims["ID"] = json!(2);
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        format!("{}.{}.{signature}", encode(&header), encode(&claims))
    };
    transcript!(changed(change).await);
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
async fn of_another_algorithm() {
    transcript!(with_claims(|header, _| header["alg"] = json!("HS512")).await);
}

#[tokio::test]
async fn of_an_unknown_key() {
    transcript!(with_claims(|header, _| header["kid"] = json!("0000000000000000")).await);
}

#[tokio::test]
async fn with_crit() {
    transcript!(with_claims(|header, _| header["crit"] = json!(["exp"])).await);
}

#[tokio::test]
async fn signed_with_the_key_of_another_dialect() {
    let change = |server: &Fixture, token: &str| {
        let (header, claims) = parts(token);
        server.sign("go_api", &header.to_string(), &claims.to_string())
    };
    transcript!(changed(change).await);
}

#[tokio::test]
async fn of_another_type() {
    transcript!(with_claims(|_, claims| claims["typ"] = json!("id")).await);
}

#[tokio::test]
async fn without_type() {
    transcript!(with_claims(|_, claims| drop(claims.as_object_mut().unwrap().shift_remove("typ"))).await);
}

#[tokio::test]
async fn of_another_issuer() {
    transcript!(with_claims(|_, claims| claims["iss"] = json!("go-api")).await);
}

#[tokio::test]
async fn for_another_audience() {
    transcript!(with_claims(|_, claims| claims["aud"] = json!("coeus_gateway")).await);
}

#[tokio::test]
async fn without_audience() {
    transcript!(with_claims(|_, claims| drop(claims.as_object_mut().unwrap().shift_remove("aud"))).await);
}

#[tokio::test]
async fn without_expiry() {
    transcript!(with_claims(|_, claims| drop(claims.as_object_mut().unwrap().shift_remove("exp"))).await);
}

#[tokio::test]
async fn without_id() {
    transcript!(with_claims(|_, claims| claims["jti"] = json!("")).await);
}

#[tokio::test]
async fn of_an_unknown_id() {
    transcript!(with_claims(|_, claims| claims["jti"] = json!("0123456789abcdef0123456789abcdef")).await);
}

#[tokio::test]
async fn of_an_unknown_session() {
    transcript!(with_claims(|_, claims| claims["sid"] = json!("0123456789abcdef0123456789abcdef")).await);
}

#[tokio::test]
async fn of_the_session_of_somebody_else() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    let [admin, lory] = [Pair::of_admin(&server).await, Pair::of(&server, LORY, LORY_PASSWORD).await];
    let (_, of_admin) = parts(&admin.refresh);
    let token = resigned(&server, &lory.refresh, |_, claims| claims["sid"] = of_admin["sid"].clone());
    transcript!(server.send(refresh_request(&token)).await);
    assert_eq!(code_of_refresh(&server, &admin.refresh).await, 0);
    assert_eq!(code_of_refresh(&server, &lory.refresh).await, 0);
}

/// Ids that the database may choke on are only a matter for whoever has the key, but a fault would be one of ours.
#[tokio::test]
async fn ids_that_no_database_takes() {
    for server in Fixture::on_every_database().await {
        let pair = Pair::of_admin(&server).await;
        for (claim, id) in [("jti", "\0"), ("sid", "\0"), ("jti", "𝄞"), ("sid", "𝄞"), ("jti", &"a".repeat(1000))]
        {
            let token = resigned(&server, &pair.refresh, |_, claims| claims[claim] = json!(id));
            assert_eq!(code_of_refresh(&server, &token).await, 1011, "{claim} {id:?} on {:?}", server.backend());
        }
    }
}

#[tokio::test]
async fn issued_in_the_far_future() {
    let change = |claims: &mut Value| claims["nbf"] = json!(claims["nbf"].as_i64().unwrap() + 3600);
    transcript!(with_claims(|_, claims| change(claims)).await);
}

/// The clocks of two instances are never quite the same.
#[tokio::test]
async fn issued_a_minute_ahead_is_good() {
    for (seconds, code) in [(60, 0), (61, 1011)] {
        let change = |claims: &mut Value| claims["nbf"] = json!(claims["nbf"].as_i64().unwrap() + seconds);
        let exchange = with_claims(|_, claims| change(claims)).await;
        assert_eq!(exchange.reply.code(), code, "{exchange}");
    }
}

#[tokio::test]
async fn of_a_banned_user() {
    let server = Fixture::start().await;
    let lory = add_lory(&server).await;
    let pair = Pair::of(&server, LORY, LORY_PASSWORD).await;
    server.core.users.ban(lory).await.unwrap();
    transcript!(server.send(refresh_request(&pair.refresh)).await);
}

#[tokio::test]
async fn in_the_body_or_the_header_instead() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    let body = json!({ "refreshToken": pair.refresh, "refresh_token": pair.refresh });
    let request = Request::post(format!("{}/{DEMO_APP}", super::REFRESH));
    let request = request.header("x-token", &pair.refresh).bearer(&pair.refresh).json(&body);
    assert_eq!(server.send(request).await.reply.code(), 1011);
    assert_eq!(code_of_refresh(&server, &pair.refresh).await, 0);
}
