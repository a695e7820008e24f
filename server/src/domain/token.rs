//! Tokens of `go_api`: issued to an application, verified at every call.
//!
//! A token is judged in two steps. What never changes (form, signature, claims) is judged once and remembered under the
//! token's SHA-256. What changes (expiry, revocation, the application's status, the key ring) is judged at every call.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use super::Error;
use super::app::{App, AppStatus, Apps};
use super::clock::{Clock, Timestamp};
use super::jwt::{self, JwtKey};
use super::keys::{Key, KeyRing, Purpose};
use super::random::Random;

/// How long a token is good for.
const TTL: Duration = Duration::from_secs(604_800);

/// How far another instance's clock may be ahead of ours, in seconds.
const FUTURE_LEEWAY: i64 = 60;

const ISSUER: &str = "go-api";
const AUDIENCE: &str = "go_api";

/// Verified tokens remembered at most, the least recently used forgotten first; about 300 bytes each.
const CACHE_CAPACITY: u64 = 20_000;

/// After this time without use a verified token is forgotten.
const CACHE_IDLE: Duration = Duration::from_secs(3600);

/// A token for its application.
#[derive(Clone)]
pub struct IssuedToken {
    /// The token as it goes into the `Authorization` header.
    pub token: String,
    /// How long it is good for, in seconds.
    pub expires_in: i64,
}

/// Who calls: an application that has proven itself by a token, now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The application as it is now.
    pub app: Arc<App>,
    /// The token's id, which may be logged.
    pub token_id: Arc<str>,
    /// When the token was issued; a whole second.
    pub issued_at: Timestamp,
    /// When the token expires; a whole second, the first in which it is refused.
    pub expires_at: Timestamp,
}

/// The claims, in the order in which they are written. All are required.
#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    id: i64,
    app_name: std::borrow::Cow<'a, str>,
    app_id: std::borrow::Cow<'a, str>,
    iat: i64,
    exp: i64,
    iss: std::borrow::Cow<'a, str>,
    aud: std::borrow::Cow<'a, str>,
    jti: std::borrow::Cow<'a, str>,
}

/// What is remembered of a genuine token.
struct Genuine {
    kid: String,
    app: i64,
    token_id: Arc<str>,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

/// Issues and verifies tokens.
pub struct Tokens {
    apps: Arc<Apps>,
    keys: Arc<KeyRing>,
    clock: Clock,
    random: Random,
    genuine: Cache<[u8; 32], Arc<Genuine>>,
}

/// The `go_api` signing key within a key of the ring.
struct SigningKey(Arc<Key>);

impl AsRef<JwtKey> for SigningKey {
    fn as_ref(&self) -> &JwtKey {
        self.0.jwt(Purpose::GoApiToken)
    }
}

impl Tokens {
    /// Tokens of the applications in `apps`, signed by `keys`.
    pub fn new(apps: Arc<Apps>, keys: Arc<KeyRing>, clock: Clock, random: Random) -> Self {
        let genuine = Cache::builder().max_capacity(CACHE_CAPACITY).time_to_idle(CACHE_IDLE).build();
        Self { apps, keys, clock, random, genuine }
    }

    /// A new token for `app`, good for 604800 seconds.
    ///
    /// # Errors
    /// [`Error::Internal`] only.
    pub fn issue(&self, app: &App) -> Result<IssuedToken, Error> {
        // After a revocation the first valid second may be the next one; a token as of now would be born revoked.
        let issued_at = self.clock.now().seconds().max(app.tokens_valid_from.seconds());
        let claims = Claims {
            id: app.id,
            app_name: app.name.as_str().into(),
            app_id: app.app_id.as_str().into(),
            iat: issued_at,
            exp: Timestamp::from_seconds(issued_at).plus(TTL).seconds(),
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            jti: self.random.hex(32).into(),
        };
        let key = self.keys.active();
        let token = jwt::sign(&claims, key.jwt(Purpose::GoApiToken)).map_err(Error::internal)?;
        Ok(IssuedToken { token, expires_in: claims.exp - claims.iat })
    }

    /// Who calls with this token.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for what is no token of ours; [`Error::TokenExpired`] for one that has expired, was
    /// revoked, or whose application is disabled or gone; and those of the store.
    pub async fn verify(&self, token: &str) -> Result<Caller, Error> {
        let genuine = self.genuine(token)?;
        if self.clock.now() >= genuine.expires_at {
            return Err(Error::TokenExpired);
        }
        let app = self.apps.by_id(genuine.app).await?.ok_or(Error::TokenExpired)?;
        if app.status == AppStatus::Disabled || genuine.issued_at < app.tokens_valid_from {
            return Err(Error::TokenExpired);
        }
        Ok(Caller {
            app,
            token_id: Arc::clone(&genuine.token_id),
            issued_at: genuine.issued_at,
            expires_at: genuine.expires_at,
        })
    }

    fn genuine(&self, token: &str) -> Result<Arc<Genuine>, Error> {
        if token.len() > jwt::MAX_BYTES {
            return Err(Error::Unauthorized);
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        if let Some(genuine) = self.genuine.get(&fingerprint) {
            // A retired key takes its tokens with it, remembered or not.
            return if self.keys.knows(&genuine.kid) { Ok(genuine) } else { Err(Error::Unauthorized) };
        }
        let genuine = Arc::new(self.judge(token).ok_or(Error::Unauthorized)?);
        self.genuine.insert(fingerprint, Arc::clone(&genuine));
        Ok(genuine)
    }

    fn judge(&self, token: &str) -> Option<Genuine> {
        let verified: jwt::Verified<Claims> = jwt::verify(token, |kid| self.keys.by_id(kid).map(SigningKey))?;
        let claims = verified.claims;
        let ours = claims.iss == ISSUER && claims.aud == AUDIENCE && !claims.jti.is_empty();
        let sane = claims.iat <= self.clock.now().seconds() + FUTURE_LEEWAY && claims.iat < claims.exp;
        (ours && sane).then(|| Genuine {
            kid: verified.kid,
            app: claims.id,
            token_id: claims.jti.as_ref().into(),
            issued_at: Timestamp::from_seconds(claims.iat),
            expires_at: Timestamp::from_seconds(claims.exp),
        })
    }
}

#[cfg(test)]
mod tests;
