//! Tokens: what is in them, and how long they are good for.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract_tests::fixture::{ADMIN, Fixture, START};
use gatehouse_server::domain::user::{Handle, NewUser};
use serde_json::{Value, json};

use super::{ADDRESS, DIGEST, LORY, add, code_of, list_request, login_request, new_user, token_in};

/// How long a token is good for.
pub const LIFE: Duration = Duration::from_secs(43_200);

/// A token's header and claims.
pub fn parts(token: &str) -> (Value, Value) {
    let part = |at: usize| {
        let encoded = token.split('.').nth(at).expect("a token has three parts");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).expect("base64")).expect("JSON")
    };
    (part(0), part(1))
}

/// Checks the header of a token and that its claims are these, after its session is taken out.
fn assert_claims(token: &str, expected: &Value) {
    let (header, mut claims) = parts(token);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("HS256"), &json!("JWT")));
    assert_eq!(header.as_object().unwrap().len(), 3, "alg, typ and kid: {header}");
    let session = claims.as_object_mut().unwrap().shift_remove("jti").unwrap();
    let session = session.as_str().unwrap();
    assert!(session.len() == 32 && session.bytes().all(|byte| byte.is_ascii_hexdigit()), "{session}");
    assert_eq!(&claims, expected);
}

#[tokio::test]
async fn a_token_has_the_documented_claims() {
    let server = Fixture::start().await;
    let user = NewUser {
        name: Some("Lory Lou".to_owned()),
        email: Some(Handle::email(ADDRESS).unwrap()),
        phone: Some(Handle::phone("13800138000").unwrap()),
        ..new_user(LORY)
    };
    add(&server, user).await;
    server.clock.advance(Duration::from_millis(1999));
    let exchange = server.send(login_request(ADDRESS, DIGEST)).await;
    let now = START.seconds() + 1;
    let expected = json!({
        "claim_alias": "Lory Lou", "claim_expire": now + 43_200, "claim_iat": now, "claim_id": 2, "claim_is_admin": false,
        "claim_phone_number": "13800138000", "claim_username": LORY, "exp": now + 43_200, "aud": "coeus_gateway",
    });
    assert_claims(&token_in(&exchange), &expected);
    assert_eq!(exchange.reply.json()["data"]["login_time"], now, "the login is when the token was issued");
}

#[tokio::test]
async fn a_token_of_the_administrator_says_so() {
    let server = Fixture::start().await;
    let now = START.seconds();
    let expected = json!({
        "claim_alias": ADMIN, "claim_expire": now + 43_200, "claim_iat": now, "claim_id": 1, "claim_is_admin": true,
        "claim_phone_number": "", "claim_username": ADMIN, "exp": now + 43_200, "aud": "coeus_gateway",
    });
    assert_claims(&token_in(&server.send(login_request(ADMIN, DIGEST)).await), &expected);
}

#[tokio::test]
async fn two_tokens_of_one_moment_differ_and_both_are_good() {
    let server = Fixture::start().await;
    let one = token_in(&server.send(login_request(ADMIN, DIGEST)).await);
    let other = token_in(&server.send(login_request(ADMIN, DIGEST)).await);
    assert_ne!(one, other);
    for token in [one, other] {
        assert_eq!(code_of(&server.send(list_request(&token, &json!({}))).await.reply), 0);
    }
}

/// What a claim says of the role is for clients. The server asks its store.
#[tokio::test]
async fn the_role_is_not_taken_from_the_claims() {
    let server = Fixture::start().await;
    add(&server, new_user(LORY)).await;
    let (header, mut claims) = parts(&token_in(&server.send(login_request(LORY, DIGEST)).await));
    claims["claim_is_admin"] = json!(true);
    claims["claim_id"] = json!(1);
    let token = server.sign("coeus_gateway", &header.to_string(), &claims.to_string());
    let reply = server.send(list_request(&token, &json!({ "user_id": 1 }))).await.reply;
    assert_eq!(code_of(&reply), 1009);
}
