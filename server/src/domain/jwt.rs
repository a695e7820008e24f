//! JSON Web Tokens (RFC 7519) signed by HMAC-SHA256, and what `jsonwebtoken` leaves to its users: it takes a header with
//! any `typ` and an unknown `crit`, and a token of any length.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longer tokens are refused unread; ours have some 450 bytes.
pub(super) const MAX_BYTES: usize = 4096;

/// What nearly all claims fit into, in bytes, so that their buffer need not grow.
const CLAIMS_BYTES: usize = 320;

/// A derived key in the forms that signing and verifying want.
pub struct JwtKey {
    /// The header of every token that this key signs, encoded once.
    header: String,
    /// The key with its state computed once, which `jsonwebtoken` would compute for each token.
    encoding: hmac::Key,
    decoding: DecodingKey,
}

impl JwtKey {
    /// The key of these bytes, which tokens name by `kid`.
    pub(super) fn new(secret: &[u8], kid: &str) -> serde_json::Result<Self> {
        let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header(kid))?);
        let encoding = hmac::Key::new(HMAC_SHA256, secret);
        Ok(Self { header, encoding, decoding: DecodingKey::from_secret(secret) })
    }
}

/// The only header that we write, and so the only one that we read: anything more or else is not ours.
fn header(kid: &str) -> Header {
    Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) }
}

/// The token for `claims`, signed under `key`. It is what `jsonwebtoken::encode` gives, but neither is the header
/// serialised nor the key prepared anew for each token.
pub(super) fn sign(claims: &impl Serialize, key: &JwtKey) -> serde_json::Result<String> {
    let mut json = Vec::with_capacity(CLAIMS_BYTES);
    serde_json::to_writer(&mut json, claims)?;
    let mut token = Vec::with_capacity(key.header.len() + json.len() * 4 / 3 + 50);
    token.extend_from_slice(key.header.as_bytes());
    append(&json, &mut token);
    let signature = hmac::sign(&key.encoding, &token);
    append(signature.as_ref(), &mut token);
    String::from_utf8(token).map_err(serde::ser::Error::custom)
}

/// Appends a full stop and the base64 of a part.
fn append(part: &[u8], token: &mut Vec<u8>) {
    token.push(b'.');
    let start = token.len();
    token.resize(start + part.len().div_ceil(3) * 4, 0);
    // It fits, as the padding that it was reckoned with is left out.
    let written = URL_SAFE_NO_PAD.encode_slice(part, &mut token[start..]).unwrap_or_default();
    token.truncate(start + written);
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
