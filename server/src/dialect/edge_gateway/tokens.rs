//! The tokens of `edge_gateway`: a pair for each login and each refresh, signed of what the domain granted.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_api::edge_gateway::{DOCUMENT, TokenPair};
use serde::{Deserialize, Serialize};

use crate::{
    config::EdgeGateway,
    domain::{
        Core, Error,
        clock::{Clock, Timestamp},
        origin::Origin,
        session::{Grant, RefreshRules, Sessions},
        signed::{self, Signer},
        user::User,
    },
};

const ISSUER: &str = "edge-gateway";
const AUDIENCE: &str = "edge_gateway";

/// How far another instance's clock may be ahead of ours, in seconds.
const FUTURE_LEEWAY: i64 = 60;

/// The claims, in the order in which they are written; the first five are the documented ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "ID")]
    id: i64,
    #[serde(rename = "Username")]
    username: String,
    exp: i64,
    iss: String,
    nbf: i64,
    aud: String,
    jti: String,
    typ: Kind,
    sid: String,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Access,
    Refresh,
}

impl signed::Claims for Claims {
    fn are_ours(&self) -> bool {
        self.iss == ISSUER
            && self.aud == AUDIENCE
            && self.nbf < self.exp
            && signed::is_id(&self.jti)
            && signed::is_id(&self.sid)
    }
}

/// Issues, exchanges and reads the tokens.
pub struct Tokens {
    signer: Signer<Claims>,
    sessions: Arc<Sessions>,
    clock: Clock,
    access_life: Duration,
    refresh_life: Duration,
    refresh_grace: Duration,
}

impl Tokens {
    /// Tokens over the sessions of `core`.
    pub fn new(core: &Core, settings: &EdgeGateway) -> Self {
        let seconds = |number: u32| Duration::from_secs(number.into());
        Self {
            signer: Signer::new(Arc::clone(&core.keys), DOCUMENT.dialect),
            sessions: Arc::clone(&core.sessions),
            clock: core.clock.clone(),
            access_life: seconds(settings.access_ttl),
            refresh_life: seconds(settings.refresh_ttl),
            refresh_grace: seconds(settings.refresh_grace),
        }
    }

    /// The first pair of a user who has just logged in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn begin(&self, origin: &Origin, user: User) -> Result<TokenPair, Error> {
        let key_id = self.signer.active_key_id();
        let grant = self.sessions.begin_refreshing(origin, user, self.refresh_life, key_id).await?;
        self.pair(&grant)
    }

    /// The pair for which a refresh token is exchanged.
    ///
    /// # Errors
    /// [`Error::TokenExpired`] if it has expired; [`Error::Unauthorized`] if it is no refresh token of ours, or of no use
    /// any more.
    pub async fn refresh(&self, origin: &Origin, token: &str) -> Result<TokenPair, Error> {
        let claims = self.claims(token, Kind::Refresh)?;
        let rules =
            RefreshRules { life: self.refresh_life, grace: self.refresh_grace, key_id: self.signer.active_key_id() };
        let grant = self.sessions.refresh(origin, &claims.sid, &claims.jti, rules).await?;
        self.pair(&grant)
    }

    /// Whose an access token is.
    ///
    /// # Errors
    /// [`Error::TokenExpired`] if it has expired; [`Error::Unauthorized`] if it is no access token of ours, or its
    /// session is over.
    pub async fn user_of(&self, token: &str) -> Result<Arc<User>, Error> {
        let claims = self.claims(token, Kind::Access)?;
        self.sessions.user_of(&claims.sid, DOCUMENT.dialect).await
    }

    fn claims(&self, token: &str, kind: Kind) -> Result<Arc<Claims>, Error> {
        let claims = self.signer.claims(token).filter(|claims| claims.typ == kind).ok_or(Error::Unauthorized)?;
        let now = self.clock.now();
        if now >= Timestamp::from_seconds(claims.exp) {
            return Err(Error::TokenExpired);
        }
        if now.seconds() + FUTURE_LEEWAY < claims.nbf {
            return Err(Error::Unauthorized);
        }
        Ok(claims)
    }

    fn pair(&self, grant: &Grant) -> Result<TokenPair, Error> {
        let access_expires_at = grant.issued_at.plus(self.access_life);
        let access = claims(grant, Kind::Access, &grant.access_id, access_expires_at);
        let refresh = claims(grant, Kind::Refresh, &grant.refresh_id, grant.refresh_expires_at);
        Ok(TokenPair {
            access_token: self.signer.sign(&access, &grant.key_id)?,
            expire: access.exp,
            refresh_token: self.signer.sign(&refresh, &grant.key_id)?,
        })
    }
}

fn claims(grant: &Grant, typ: Kind, id: &str, expires_at: Timestamp) -> Claims {
    Claims {
        id: grant.user.id,
        username: grant.user.account.clone(),
        exp: expires_at.seconds(),
        iss: ISSUER.to_owned(),
        nbf: grant.issued_at.seconds(),
        aud: AUDIENCE.to_owned(),
        jti: id.to_owned(),
        typ,
        sid: grant.session_id.clone(),
    }
}
