//! Sessions: what begins with a login and ends by itself, by a logout, a ban, or a stolen token that came back.
//!
//! A session is a row of the store first, so that it outlives a restart. Its refresh tokens are one family: each is
//! exchanged for its successor once. A token that comes back within the grace (its reply was lost) gets the very same
//! successor; later, somebody has a copy, and the whole family ends.

use std::sync::Arc;
use std::time::Duration;

use crate::store::{RefreshRow, Rotation, SessionRow, Store};

use super::Error;
use super::audit::{Audit, AuditKind};
use super::clock::{Clock, Timestamp};
use super::near::Near;
use super::origin::Origin;
use super::random::Random;
use super::user::{User, Users};

/// Sessions remembered at once; some 300 bytes each.
const CACHE_CAPACITY: u64 = 50_000;

/// Expired sessions are kept for this long, so that what was signed for them is still told from a forgery.
const KEPT: Duration = Duration::from_secs(7 * 86_400);

/// A session that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Whose it is.
    pub user: Arc<User>,
    /// When it began; a whole second.
    pub started_at: Timestamp,
    /// When it ends by itself; a whole second.
    pub expires_at: Timestamp,
}

/// A pair of tokens that is to be signed: the same grant gives the same tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The session.
    pub session_id: String,
    /// Whose it is.
    pub user: Arc<User>,
    /// The id of the access token.
    pub access_id: String,
    /// The id of the refresh token.
    pub refresh_id: String,
    /// The key that signs both.
    pub key_id: String,
    /// When they are issued; a whole second.
    pub issued_at: Timestamp,
    /// When the refresh token expires; a whole second.
    pub refresh_expires_at: Timestamp,
}

/// The operations on sessions.
pub struct Sessions {
    store: Store,
    users: Arc<Users>,
    audit: Audit,
    clock: Clock,
    random: Random,
    rows: Near<String, SessionRow>,
}

impl Sessions {
    pub(super) fn new(store: Store, users: Arc<Users>, audit: Audit, clock: Clock, random: Random) -> Self {
        Self { store, users, audit, clock, random, rows: Near::new(CACHE_CAPACITY) }
    }

    /// Begins a session of `life` for a user who has just logged in.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn begin(&self, origin: &Origin, user: User, life: Duration) -> Result<Session, Error> {
        let row = self.row(origin, &user, life);
        let event = self.audit.row(origin, AuditKind::LoginSucceeded, Some(user.id), Some(&row.id));
        self.store.insert_session(row.clone(), None, event).await?;
        Ok(Session {
            id: row.id,
            user: Arc::new(user),
            started_at: Timestamp::from_millis(row.created_at).whole_second(),
            expires_at: Timestamp::from_millis(row.expires_at),
        })
    }

    /// Begins a session that goes on for as long as it is refreshed within `refresh_life`. Its tokens are to be signed
    /// by the key `key_id`.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn begin_refreshing(
        &self,
        origin: &Origin,
        user: User,
        refresh_life: Duration,
        key_id: String,
    ) -> Result<Grant, Error> {
        let row = self.row(origin, &user, refresh_life);
        let refresh = self.refresh_row(&row.id, refresh_life, key_id);
        let event = self.audit.row(origin, AuditKind::LoginSucceeded, Some(user.id), Some(&row.id));
        self.store.insert_session(row, Some(refresh.clone()), event).await?;
        Ok(grant(refresh, Arc::new(user)))
    }

    /// Exchanges the refresh token `refresh_id` of the session `session_id` for its successor. Of any number that ask at
    /// once all get the same one, and so does whoever asks again within `grace`.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] if the session is over or the token was spent before; that ends the session.
    pub async fn refresh(
        &self,
        origin: &Origin,
        session_id: &str,
        refresh_id: &str,
        rules: RefreshRules,
    ) -> Result<Grant, Error> {
        let user = self.user_of(session_id, origin.dialect).await?;
        let now = self.clock.now();
        let successor = self.refresh_row(session_id, rules.life, rules.key_id);
        match self.store.rotate(refresh_id, now.millis(), successor).await? {
            Rotation::Issued(row) => Ok(grant(row, user)),
            Rotation::Spent(row) => {
                let spent_at = Timestamp::from_millis(row.spent_at.unwrap_or_default());
                let successor = row.successor.as_deref().filter(|_| now < spent_at.plus(rules.grace));
                let Some(successor) = successor else {
                    self.end_reused(origin, session_id, &user).await?;
                    return Err(Error::Unauthorized);
                };
                let row = self.store.refresh_token_by_id(successor).await?.ok_or(Error::Unauthorized)?;
                Ok(grant(row, user))
            }
            Rotation::Gone => Err(Error::Unauthorized),
        }
    }

    /// The user of a session that goes on.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] if there is no such session of this dialect, or it is over: expired, ended, or its user
    /// banned or gone.
    pub async fn user_of(&self, session_id: &str, dialect: &str) -> Result<Arc<User>, Error> {
        let row = self.rows.get(&session_id.to_owned(), self.store.session_by_id(session_id)).await?;
        let row = row.filter(|row| row.dialect == dialect && row.revoked_at.is_none()).ok_or(Error::Unauthorized)?;
        let user = self.users.by_id(row.user_id).await?.ok_or(Error::Unauthorized)?;
        if user.banned || row.created_at < user.tokens_valid_from.millis() {
            return Err(Error::Unauthorized);
        }
        Ok(user)
    }

    /// Ends a session, because its user logs out.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn end(&self, origin: &Origin, session_id: &str, user: &User) -> Result<(), Error> {
        let event = self.audit.row(origin, AuditKind::LoggedOut, Some(user.id), Some(session_id));
        self.store.revoke_session(session_id, "logout", event).await?;
        self.rows.forget(&session_id.to_owned());
        Ok(())
    }

    /// Forgets what expired long ago.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn purge(&self) -> Result<u64, Error> {
        let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        Ok(self.store.purge_sessions(self.clock.now().millis().saturating_sub(kept)).await?)
    }

    async fn end_reused(&self, origin: &Origin, session_id: &str, user: &User) -> Result<(), Error> {
        let event = self.audit.row(origin, AuditKind::RefreshReused, Some(user.id), Some(session_id));
        if self.store.revoke_session(session_id, "refresh token reused", event).await? {
            tracing::warn!(
                event = AuditKind::RefreshReused.name(),
                user = user.id,
                session = session_id,
                client = %origin.client,
                trace = origin.trace,
                "a spent refresh token came back; its session is over"
            );
        }
        self.rows.forget(&session_id.to_owned());
        Ok(())
    }

    fn row(&self, origin: &Origin, user: &User, life: Duration) -> SessionRow {
        let now = self.clock.now();
        SessionRow {
            id: self.random.hex(32),
            dialect: origin.dialect.to_owned(),
            user_id: user.id,
            created_at: now.millis(),
            expires_at: now.whole_second().plus(life).millis(),
            revoked_at: None,
            revoked_why: None,
        }
    }

    fn refresh_row(&self, session_id: &str, life: Duration, key_id: String) -> RefreshRow {
        let issued_at = self.clock.now().whole_second();
        RefreshRow {
            id: self.random.hex(32),
            session_id: session_id.to_owned(),
            access_id: self.random.hex(32),
            key_id,
            issued_at: issued_at.millis(),
            expires_at: issued_at.plus(life).millis(),
            spent_at: None,
            successor: None,
        }
    }
}

/// How a refresh token is exchanged.
#[derive(Clone, Debug)]
pub struct RefreshRules {
    /// How long the successor is good for.
    pub life: Duration,
    /// How long a spent token may come back for the same successor.
    pub grace: Duration,
    /// The key that signs the successor.
    pub key_id: String,
}

fn grant(row: RefreshRow, user: Arc<User>) -> Grant {
    Grant {
        session_id: row.session_id,
        user,
        access_id: row.access_id,
        refresh_id: row.id,
        key_id: row.key_id,
        issued_at: Timestamp::from_millis(row.issued_at),
        refresh_expires_at: Timestamp::from_millis(row.expires_at),
    }
}
