//! JSON Web Tokens (RFC 7519) in compact form, signed by HMAC-SHA256 (RFC 7515), and nothing else of that family.
//!
//! Written here because the keys' HMAC states are computed once and kept, which no JWT library's interface allows, and
//! because what is *not* supported is then refused by construction: the header has `alg`, `typ` and `kid` and no other
//! member, so that `crit`, `jku`, `x5c` and the like never get as far as to be ignored. The tests hold it against
//! another implementation.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Longer tokens are refused unread; ours have some 450 bytes.
pub(super) const MAX_BYTES: usize = 4096;

/// The whole header: anything more is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    #[serde(borrow)]
    alg: std::borrow::Cow<'a, str>,
    typ: std::borrow::Cow<'a, str>,
    kid: std::borrow::Cow<'a, str>,
}

/// The token for `claims`, signed under `key`, whose id is `kid` and needs no escaping in JSON.
pub(super) fn sign(claims: &impl Serialize, kid: &str, key: &hmac::Key) -> Result<String, serde_json::Error> {
    let header = format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#);
    let claims = serde_json::to_vec(claims)?;
    let mut token = String::with_capacity((header.len() + claims.len() + 32).div_ceil(3) * 4 + 2);
    URL_SAFE_NO_PAD.encode_string(header, &mut token);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = hmac::sign(key, token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// A token whose signature is genuine.
pub(super) struct Verified<C> {
    /// The id of the key that signed it.
    pub(super) kid: String,
    /// What it claims. Nothing of it has been judged but its form.
    pub(super) claims: C,
}

/// Reads a token if `key` finds the key of its header and the signature is that key's. `None` for everything else: what
/// exactly is wrong helps nobody but a forger.
pub(super) fn verify<C, K>(token: &str, key: impl FnOnce(&str) -> Option<K>) -> Option<Verified<C>>
where
    C: DeserializeOwned,
    K: AsRef<hmac::Key>,
{
    if token.len() > MAX_BYTES {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header = URL_SAFE_NO_PAD.decode(header).ok()?;
    let header: Header = serde_json::from_slice(&header).ok()?;
    if header.alg != "HS256" || header.typ != "JWT" {
        return None;
    }
    let key = key(&header.kid)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    hmac::verify(key.as_ref(), signed.as_bytes(), &signature).ok()?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims = serde_json::from_slice(&claims).ok()?;
    Some(Verified { kid: header.kid.into_owned(), claims })
}
