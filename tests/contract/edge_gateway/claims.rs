//! What is in the tokens.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract_tests::fixture::{ADMIN, ADMIN_PASSWORD, Fixture, START};
use serde_json::{Value, json};

use super::{LORY_EMAIL, LORY_PASSWORD, Pair, add_lory, login_request, parts, refresh_request};

/// Claims as they must be, but for the ids, which must have their form.
fn assert_claims(token: &str, typ: &str, issued_at: i64, life: i64) {
    assert!(token.len() < 700, "{} bytes", token.len());
    let (header, claims) = parts(token);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("HS256"), &json!("JWT")));
    assert_eq!(header.as_object().unwrap().len(), 3, "alg, typ and kid: {header}");
    for id in ["jti", "sid"] {
        let id = claims[id].as_str().unwrap();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{claims}");
    }
    let expected = json!({
        "ID": 1, "Username": "admin", "exp": issued_at + life, "iss": "edge-gateway", "nbf": issued_at,
        "aud": "edge_gateway", "jti": claims["jti"], "typ": typ, "sid": claims["sid"],
    });
    // As texts, because the order is the documented one, with our own claims after it.
    assert_eq!(claims.to_string(), expected.to_string());
    let encoded = token.split('.').nth(1).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(encoded).unwrap(), expected.to_string().as_bytes());
}

#[tokio::test]
async fn tokens_have_the_documented_claims_in_their_order() {
    let server = Fixture::start().await;
    // Half a second in: moments in tokens are whole seconds.
    server.clock.advance(Duration::from_millis(500));
    let issued_at = START.seconds();
    let first = server.send(login_request(ADMIN, ADMIN_PASSWORD)).await;
    assert_eq!(first.reply.json()["result"]["expire"], issued_at + 7200);
    assert_eq!(first.reply.json()["t"], issued_at * 1000 + 500);
    let first = Pair::read(&first);
    assert_claims(&first.access, "access", issued_at, 7200);
    assert_claims(&first.refresh, "refresh", issued_at, 1_209_600);

    server.clock.advance(Duration::from_secs(1000));
    let second = server.send(refresh_request(&first.refresh)).await;
    assert_eq!(second.reply.json()["result"]["expire"], issued_at + 1000 + 7200);
    let second = Pair::read(&second);
    assert_claims(&second.access, "access", issued_at + 1000, 7200);
    assert_claims(&second.refresh, "refresh", issued_at + 1000, 1_209_600);
    let claim = |token: &str, name: &str| parts(token).1[name].clone();
    let all = [&first.access, &first.refresh, &second.access, &second.refresh];
    let sessions: std::collections::BTreeSet<_> = all.iter().map(|token| claim(token, "sid").to_string()).collect();
    let ids: std::collections::BTreeSet<_> = all.iter().map(|token| claim(token, "jti").to_string()).collect();
    assert_eq!((sessions.len(), ids.len()), (1, 4));
}

#[tokio::test]
async fn the_name_is_the_account_however_the_user_logs_in() {
    let server = Fixture::start().await;
    let lory = add_lory(&server).await;
    let pair = Pair::of(&server, LORY_EMAIL, LORY_PASSWORD).await;
    let (_, claims) = parts(&pair.access);
    assert_eq!((&claims["ID"], &claims["Username"]), (&Value::from(lory), &json!("lory")));
}

#[tokio::test]
async fn two_logins_of_one_moment_have_nothing_in_common() {
    let server = Fixture::start().await;
    let [one, other] = [Pair::of_admin(&server).await, Pair::of_admin(&server).await];
    for (one, other) in [(one.access, other.access), (one.refresh, other.refresh)] {
        let [(_, one), (_, other)] = [parts(&one), parts(&other)];
        assert_ne!(one["sid"], other["sid"]);
        assert_ne!(one["jti"], other["jti"]);
    }
}
