//! Tokens, held against another implementation and against what forgers send.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::domain::app::tests::Bench;

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token of any header and claims, signed as ours are.
fn forge(bench: &Bench, header: &Value, claims: &Value) -> String {
    let signed = format!("{}.{}", part(header), part(claims));
    let tag = hmac::sign(bench.core.keys.active().mac(Purpose::GoApiToken), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn header(bench: &Bench) -> Value {
    json!({"alg": "HS256", "typ": "JWT", "kid": bench.core.keys.active().id()})
}

fn decode(token: &str, index: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}

fn with(value: &Value, key: &str, change: Value) -> Value {
    let mut value = value.clone();
    value[key] = change;
    value
}

fn without(value: &Value, key: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(key);
    value
}

#[tokio::test]
async fn a_token_says_what_the_contract_says() {
    let bench = Bench::new().await;
    let app = bench.app("shop", true).await.app;
    let issued = bench.core.tokens.issue(&app).unwrap();
    assert_eq!(issued.expires_in, 604_800);
    assert_eq!(decode(&issued.token, 0), header(&bench));
    let claims = decode(&issued.token, 1);
    let names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["id", "app_name", "app_id", "iat", "exp", "iss", "aud", "jti"]);
    assert_eq!(claims["id"], app.id);
    assert_eq!(claims["app_name"], "shop");
    assert_eq!(claims["app_id"], app.app_id.as_str());
    assert_eq!(claims["iat"], bench.core.clock.now().seconds());
    assert_eq!(claims["exp"], bench.core.clock.now().seconds() + 604_800);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("go-api"), &json!("go_api")));

    let caller = bench.core.tokens.verify(&issued.token).await.unwrap();
    assert_eq!(*caller.app, app);
    assert_eq!(claims["jti"], *caller.token_id);
    assert_eq!(claims["exp"], caller.expires_at.seconds());
}

#[test]
fn a_token_is_what_the_library_itself_would_write() {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    let claims = json!({"sub": "x", "exp": 4_000_000_000_i64});
    let ours = jwt::sign(&claims, &JwtKey::new(&[7; 32], "k1").unwrap()).unwrap();
    let header = Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::HS256) };
    assert_eq!(ours, jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&[7; 32])).unwrap());
}

#[tokio::test]
async fn what_is_no_token_of_ours_is_unauthorized() {
    let bench = Bench::new().await;
    let app = bench.app("shop", true).await.app;
    let good = bench.core.tokens.issue(&app).unwrap().token;
    let (header, claims) = (header(&bench), decode(&good, 1));
    assert!(bench.core.tokens.verify(&forge(&bench, &header, &claims)).await.is_ok(), "the forgery itself is sound");

    let mut refused: Vec<(String, String)> = vec![
        ("empty".into(), String::new()),
        ("no dots".into(), "abc".into()),
        ("two parts".into(), good.rsplit_once('.').unwrap().0.to_owned()),
        ("four parts".into(), format!("{good}.e30")),
        ("padding".into(), format!("{good}=")),
        ("spaces".into(), format!(" {good}")),
        ("no signature".into(), format!("{}.", good.rsplit_once('.').unwrap().0)),
        ("too long".into(), forge(&bench, &header, &with(&claims, "app_name", json!("a".repeat(4096))))),
        ("alg none".into(), format!("{}.{}.", part(&with(&header, "alg", json!("none"))), part(&claims))),
        ("array header".into(), forge(&bench, &json!(["HS256", "JWT", "k"]), &claims)),
        ("array claims".into(), forge(&bench, &header, &json!([1]))),
    ];
    for (key, value) in [
        ("alg", json!("none")),
        ("alg", json!("hs256")),
        ("alg", json!("HS384")),
        ("alg", json!("RS256")),
        ("typ", json!("jwt")),
        ("typ", json!("at+jwt")),
        ("kid", json!("unknown")),
        ("kid", json!(1)),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("jku", json!("https://example.com")),
        ("b64", json!(false)),
    ] {
        refused.push((format!("header {key}={value}"), forge(&bench, &with(&header, key, value), &claims)));
    }
    for key in ["alg", "typ", "kid"] {
        refused.push((format!("no {key}"), forge(&bench, &without(&header, key), &claims)));
    }
    let now = bench.core.clock.now().seconds();
    for (key, value) in [
        ("iss", json!("edge-gateway")),
        ("aud", json!("edge_gateway")),
        ("aud", json!(["go_api"])),
        ("jti", json!("")),
        ("exp", json!("never")),
        ("exp", json!(1.5)),
        ("exp", json!(now)),
        ("iat", json!(now + 61)),
        ("id", json!("1")),
        ("id", json!(null)),
    ] {
        refused.push((format!("claim {key}={value}"), forge(&bench, &header, &with(&claims, key, value))));
    }
    for key in ["id", "app_name", "app_id", "iat", "exp", "iss", "aud", "jti"] {
        refused.push((format!("no {key}"), forge(&bench, &header, &without(&claims, key))));
    }
    for (what, token) in refused {
        let outcome = bench.core.tokens.verify(&token).await;
        assert!(matches!(outcome, Err(Error::Unauthorized)), "{what}: {outcome:?}");
    }
    let leeway = forge(&bench, &header, &with(&claims, "iat", json!(now + 60)));
    bench.core.tokens.verify(&leeway).await.unwrap();
}

#[tokio::test]
async fn every_flipped_byte_is_unauthorized() {
    let bench = Bench::new().await;
    let good = bench.core.tokens.issue(&bench.app("shop", true).await.app).unwrap().token;
    for place in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let token = String::from_utf8(bytes).unwrap();
        assert!(matches!(bench.core.tokens.verify(&token).await, Err(Error::Unauthorized)), "byte {place}");
    }
}

#[tokio::test]
async fn a_key_of_another_purpose_signs_nothing() {
    let bench = Bench::new().await;
    let good = bench.core.tokens.issue(&bench.app("shop", true).await.app).unwrap().token;
    let signed = good.rsplit_once('.').unwrap().0;
    let tag = hmac::sign(bench.core.keys.active().mac(Purpose::AppSecret), signed.as_bytes());
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
    assert!(matches!(bench.core.tokens.verify(&token).await, Err(Error::Unauthorized)));
}

#[tokio::test]
async fn a_token_expires_to_the_second_remembered_or_not() {
    let bench = Bench::new().await;
    let app = bench.app("shop", true).await.app;
    let (hot, cold) = (bench.core.tokens.issue(&app).unwrap().token, bench.core.tokens.issue(&app).unwrap().token);
    let expiry = bench.core.tokens.verify(&hot).await.unwrap().expires_at;
    bench.time.set(Timestamp::from_millis(expiry.millis() - 1));
    bench.core.tokens.verify(&hot).await.unwrap();
    bench.time.set(expiry);
    for token in [hot, cold] {
        assert!(matches!(bench.core.tokens.verify(&token).await, Err(Error::TokenExpired)));
    }
}

#[tokio::test]
async fn revocation_ends_what_was_issued_before_and_nothing_else() {
    let bench = Bench::new().await;
    let (created, other) = (bench.app("shop", true).await, bench.app("other", true).await);
    let (tokens, apps) = (&bench.core.tokens, &bench.core.apps);
    let id = &created.app.app_id;
    let before = tokens.issue(&created.app).unwrap().token;
    let others = tokens.issue(&other.app).unwrap().token;
    tokens.verify(&before).await.unwrap();
    bench.revoke_tokens(&created).await;
    assert!(matches!(tokens.verify(&before).await, Err(Error::TokenExpired)));
    tokens.verify(&others).await.unwrap();

    // Within the same second, a new login works and the revoked token does not.
    let app = apps.authenticate(id.as_str(), created.secret.expose()).await.unwrap();
    let after = tokens.issue(&app).unwrap().token;
    tokens.verify(&after).await.unwrap();
    assert!(matches!(tokens.verify(&before).await, Err(Error::TokenExpired)));

    bench.time.advance(Duration::from_secs(5));
    bench.revoke_tokens(&created).await;
    assert!(matches!(tokens.verify(&after).await, Err(Error::TokenExpired)));
}

#[tokio::test]
async fn tokens_of_a_disabled_application_are_refused_while_it_is() {
    let bench = Bench::new().await;
    let app = bench.app("shop", true).await.app;
    let token = bench.core.tokens.issue(&app).unwrap().token;
    bench.core.tokens.verify(&token).await.unwrap();
    bench.change(&app, "enabled: false").await;
    assert!(matches!(bench.core.tokens.verify(&token).await, Err(Error::TokenExpired)));
    bench.change(&app, "enabled: true").await;
    bench.core.tokens.verify(&token).await.unwrap();
}

#[tokio::test]
async fn a_token_of_an_application_that_is_gone_is_expired() {
    let bench = Bench::new().await;
    let mut app = bench.app("shop", true).await.app;
    app.id += 1;
    let token = bench.core.tokens.issue(&app).unwrap().token;
    assert!(matches!(bench.core.tokens.verify(&token).await, Err(Error::TokenExpired)));
}

#[tokio::test]
async fn tokens_of_an_older_key_are_good_until_it_is_retired() {
    let bench = Bench::new().await;
    let app = bench.app("shop", true).await.app;
    let old = bench.core.keys.active();
    let (hot, cold) = (bench.core.tokens.issue(&app).unwrap().token, bench.core.tokens.issue(&app).unwrap().token);
    bench.core.keys.rotate().unwrap();
    let new = bench.core.tokens.issue(&app).unwrap().token;
    assert_ne!(decode(&new, 0)["kid"], decode(&hot, 0)["kid"]);
    bench.core.tokens.verify(&hot).await.unwrap();
    bench.core.keys.retire(old.id(), 1, true).unwrap();
    for token in [hot, cold] {
        assert!(matches!(bench.core.tokens.verify(&token).await, Err(Error::Unauthorized)));
    }
    bench.core.tokens.verify(&new).await.unwrap();
}
