//! Keyed hashes of random secrets, as the store keeps them: `key id:hexadecimal` of an HMAC-SHA256.
//!
//! The secrets hold 128 bits and more, so that a keyed hash is enough and a slow one would only slow the caller.

use aws_lc_rs::constant_time;
use aws_lc_rs::hmac;

use super::keys::{Key, KeyRing, Purpose};

/// A stored hash, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyedHash {
    /// The key under which it was made.
    pub key_id: String,
    /// The hash.
    pub mac: [u8; 32],
}

impl KeyedHash {
    /// Takes a stored hash apart; none if it is damaged.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (key_id, digits) = text.split_once(':')?;
        let mut mac = [0; 32];
        hex::decode_to_slice(digits, &mut mac).ok()?;
        Some(Self { key_id: key_id.to_owned(), mac })
    }

    /// Whether it was made of these parts. A retired key takes what was hashed under it with it.
    pub(super) fn is_of(&self, ring: &KeyRing, purpose: Purpose, parts: [&str; 2]) -> bool {
        ring.by_id(&self.key_id).is_some_and(|key| verify(&key, purpose, parts, &self.mac))
    }
}

/// The hash of a secret and what it is bound to, as it is stored.
pub(super) fn hash(key: &Key, purpose: Purpose, parts: [&str; 2]) -> String {
    format!("{}:{}", key.id(), hex::encode(context(key, purpose, parts).sign()))
}

/// Whether `mac` is that of these parts, in constant time.
pub(super) fn verify(key: &Key, purpose: Purpose, parts: [&str; 2], mac: &[u8; 32]) -> bool {
    let tag = context(key, purpose, parts).sign();
    constant_time::verify_slices_are_equal(tag.as_ref(), mac).is_ok()
}

/// What a secret is bound to is hashed with it, so that a hash copied to another row proves nothing there. Neither part
/// can imitate the other: the zero byte between them is in no id.
fn context(key: &Key, purpose: Purpose, [bound, secret]: [&str; 2]) -> hmac::Context {
    let mut context = hmac::Context::with_key(key.mac(purpose));
    context.update(bound.as_bytes());
    context.update(&[0]);
    context.update(secret.as_bytes());
    context
}
