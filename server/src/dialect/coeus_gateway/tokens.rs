//! The tokens of `coeus_gateway`: one for each session, good until it ends.

use std::sync::Arc;
use std::time::Duration;

use gatehouse_api::coeus_gateway::DOCUMENT;
use serde::{Deserialize, Serialize};

use crate::domain::{
    Core, Error,
    clock::{Clock, Timestamp},
    origin::Origin,
    session::{Session, Sessions},
    signed::{self, Signer},
    user::User,
};

const AUDIENCE: &str = "coeus_gateway";

/// How long a token is good for, as the document's sample has it.
const LIFE: Duration = Duration::from_secs(43_200);

/// How far another instance's clock may be ahead of ours, in seconds.
const FUTURE_LEEWAY: i64 = 60;

/// The claims, in the order in which they are written; the first seven are the documented ones. `jti` is the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    claim_alias: String,
    claim_expire: i64,
    claim_iat: i64,
    claim_id: i64,
    claim_is_admin: bool,
    claim_phone_number: String,
    claim_username: String,
    exp: i64,
    aud: String,
    jti: String,
}

impl signed::Claims for Claims {
    fn are_ours(&self) -> bool {
        self.aud == AUDIENCE && self.exp == self.claim_expire && self.claim_iat < self.exp && signed::is_id(&self.jti)
    }
}

/// Issues and reads the tokens.
pub struct Tokens {
    signer: Signer<Claims>,
    sessions: Arc<Sessions>,
    clock: Clock,
}

impl Tokens {
    /// Tokens over the sessions of `core`.
    pub fn new(core: &Core) -> Self {
        Self {
            signer: Signer::new(Arc::clone(&core.keys), DOCUMENT.dialect),
            sessions: Arc::clone(&core.sessions),
            clock: core.clock.clone(),
        }
    }

    /// The session of a user who has just logged in, and its token.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn begin(&self, origin: &Origin, user: User) -> Result<(String, Session), Error> {
        let session = self.sessions.begin(origin, user, LIFE).await?;
        let user = &session.user;
        let claims = Claims {
            claim_alias: user.name.clone(),
            claim_expire: session.expires_at.seconds(),
            claim_iat: session.started_at.seconds(),
            claim_id: user.id,
            claim_is_admin: user.is_admin,
            claim_phone_number: user.phone.clone().unwrap_or_default(),
            claim_username: user.account.clone(),
            exp: session.expires_at.seconds(),
            aud: AUDIENCE.to_owned(),
            jti: session.id.clone(),
        };
        let token = self.signer.sign(&claims, &self.signer.active_key_id())?;
        Ok((token, session))
    }

    /// The session of a token.
    ///
    /// # Errors
    /// [`Error::TokenExpired`] if it has expired; [`Error::Unauthorized`] if it is no token of ours, or its session is
    /// over.
    pub async fn session_of(&self, token: &str) -> Result<Session, Error> {
        let claims = self.signer.claims(token).ok_or(Error::Unauthorized)?;
        let now = self.clock.now();
        let (started_at, expires_at) = (Timestamp::from_seconds(claims.claim_iat), Timestamp::from_seconds(claims.exp));
        if now >= expires_at {
            return Err(Error::TokenExpired);
        }
        if now.seconds() + FUTURE_LEEWAY < claims.claim_iat {
            return Err(Error::Unauthorized);
        }
        let user = self.sessions.user_of(&claims.jti, DOCUMENT.dialect).await?;
        Ok(Session { id: claims.jti.clone(), user, started_at, expires_at })
    }
}
