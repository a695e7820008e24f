//! JSON Web Tokens (RFC 7519) signed by HMAC-SHA256, and what `jsonwebtoken` leaves to its users: it takes a header with
//! any `typ` and an unknown `crit`, and a token of any length.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longer tokens are refused unread; ours have some 450 bytes.
pub(super) const MAX_BYTES: usize = 4096;

/// A derived key in the two forms that signing and verifying want.
pub struct JwtKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl JwtKey {
    /// The key of these bytes.
    pub(super) fn new(secret: &[u8]) -> Self {
        Self { encoding: EncodingKey::from_secret(secret), decoding: DecodingKey::from_secret(secret) }
    }
}

/// The only header that we write, and so the only one that we read: anything more or else is not ours.
fn header(kid: &str) -> Header {
    Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) }
}

/// The token for `claims`, signed under `key`, whose id is `kid`.
pub(super) fn sign(claims: &impl Serialize, kid: &str, key: &JwtKey) -> jsonwebtoken::errors::Result<String> {
    jsonwebtoken::encode(&header(kid), claims, &key.encoding)
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
    K: AsRef<JwtKey>,
{
    if token.len() > MAX_BYTES {
        return None;
    }
    let found = jsonwebtoken::decode_header(token).ok()?;
    let kid = found.kid.clone()?;
    if found != header(&kid) {
        return None;
    }
    let key = key(&kid)?;
    // Times and audience are judged by the caller, by its own clock and at every call.
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let data = jsonwebtoken::decode(token, &key.as_ref().decoding, &validation).ok()?;
    Some(Verified { kid, claims: data.claims })
}
