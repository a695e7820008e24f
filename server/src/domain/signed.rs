//! Tokens that a dialect signs for users: its own claims, under keys of its own.
//!
//! What never changes of a token (form, signature, claims) is judged once and remembered under the token's SHA-256. What
//! changes (expiry, the session, the user) is the dialect's to judge, by [`sessions`](super::session), at every call.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Error;
use super::jwt::{self, JwtKey};
use super::keys::{Key, KeyRing};

/// Genuine tokens remembered at most, the least recently used forgotten first; some 500 bytes each.
const CACHE_CAPACITY: u64 = 20_000;

/// After this time without use a genuine token is forgotten.
const CACHE_IDLE: Duration = Duration::from_secs(3600);

/// The claims of a dialect's tokens.
pub trait Claims: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Whether the claims that never change are those of the dialect: issuer, audience, and that ids are some.
    fn are_ours(&self) -> bool;
}

/// Whether a claim is an id as [`sessions`](super::session) make them: 32 hexadecimal digits. Whatever else a genuine
/// token may hold never gets to the store.
pub fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Signs and reads the tokens of one dialect.
pub struct Signer<C> {
    ring: Arc<KeyRing>,
    info: String,
    /// The keys derived so far, by the id of the master key.
    derived: ArcSwap<Vec<Named>>,
    genuine: Cache<[u8; 32], Arc<Genuine<C>>>,
}

/// The signing key within a key of the ring.
#[derive(Clone)]
struct Named {
    kid: String,
    key: Arc<JwtKey>,
}

impl AsRef<JwtKey> for Named {
    fn as_ref(&self) -> &JwtKey {
        &self.key
    }
}

struct Genuine<C> {
    kid: String,
    claims: Arc<C>,
}

impl<C: Claims> Signer<C> {
    /// The tokens of `dialect`, under keys that no other dialect has.
    pub fn new(ring: Arc<KeyRing>, dialect: &str) -> Self {
        let genuine = Cache::builder().max_capacity(CACHE_CAPACITY).time_to_idle(CACHE_IDLE).build();
        Self { ring, info: format!("gatehouse/1/token/{dialect}"), derived: ArcSwap::default(), genuine }
    }

    /// The id of the key that signs now.
    pub fn active_key_id(&self) -> String {
        self.ring.active().id().to_owned()
    }

    /// The token for these claims, signed under the key `kid`, or, if that one is gone, under the one that signs now.
    ///
    /// # Errors
    /// [`Error::Internal`] only.
    pub fn sign(&self, claims: &C, kid: &str) -> Result<String, Error> {
        let key = self.ring.by_id(kid).unwrap_or_else(|| self.ring.active());
        jwt::sign(claims, &self.derived(&key)?.key).map_err(Error::internal)
    }

    /// The claims of a token; `None` for what is no token of this dialect.
    pub fn claims(&self, token: &str) -> Option<Arc<C>> {
        if token.len() > jwt::MAX_BYTES {
            return None;
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        if let Some(genuine) = self.genuine.get(&fingerprint) {
            // A retired key takes its tokens with it, remembered or not.
            return self.ring.knows(&genuine.kid).then(|| Arc::clone(&genuine.claims));
        }
        let verified: jwt::Verified<C> = jwt::verify(token, |kid| {
            let key = self.ring.by_id(kid)?;
            self.derived(&key).ok()
        })?;
        if !verified.claims.are_ours() {
            return None;
        }
        let claims = Arc::new(verified.claims);
        self.genuine.insert(fingerprint, Arc::new(Genuine { kid: verified.kid, claims: Arc::clone(&claims) }));
        Some(claims)
    }

    fn derived(&self, key: &Key) -> Result<Named, Error> {
        if let Some(known) = self.derived.load().iter().find(|known| known.kid == key.id()) {
            return Ok(known.clone());
        }
        let secret = key.derive(&self.info).map_err(Error::internal)?;
        let jwt_key = JwtKey::new(secret.expose(), key.id()).map_err(Error::internal)?;
        let named = Named { kid: key.id().to_owned(), key: Arc::new(jwt_key) };
        self.derived.rcu(|known| {
            let others = known.iter().filter(|other| other.kid != named.kid).cloned();
            others.chain([named.clone()]).collect::<Vec<_>>()
        });
        Ok(named)
    }
}
