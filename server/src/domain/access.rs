//! Opaque tokens: a session of a user in an application, as a pair of secrets of which the store has the hashes.
//!
//! The access secret is renewed with the refresh secret, twelve times at most and not after the session's end. An
//! application may be exclusive: a login then ends the user's other sessions in it.

mod presented;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use aws_lc_rs::digest::{Context, SHA256};
use moka::sync::Cache;

use crate::store::{AccessTokenRow, ELSEWHERE, Renewal, Store};

use super::Error;
use super::app::{App, AppId, AppStatus, Apps};
use super::audit::{Audit, AuditKind};
use super::clock::{Clock, Timestamp};
use super::keyed::{self, KeyedHash};
use super::keys::{KeyRing, Purpose};
use super::near::Near;
use super::origin::Origin;
use super::random::Random;
use super::user::{User, Users};

use presented::Presented;

/// How often an access token is renewed, as the document says.
const REFRESHES: i32 = 12;

/// Sessions remembered at once; some 1,000 bytes each.
const CACHE_CAPACITY: u64 = 50_000;

/// How long what a check looked at is good for the next one, in milliseconds, unless this process changes it before. It
/// adds to the time after which another process' changes are seen.
const STANDING: i64 = 2_000;

/// After this time without use a compared token is forgotten.
const CACHE_IDLE: Duration = Duration::from_secs(3600);

/// Ended sessions are kept for this long, so that their tokens are still told from forgeries.
const KEPT: Duration = Duration::from_secs(7 * 86_400);

/// The tenant that a user is logged in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The numeric id.
    pub id: i64,
    /// The public id.
    pub uid: String,
}

/// A session that goes on.
#[derive(Clone, Debug)]
pub struct AccessSession {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Whose it is.
    pub user: Arc<User>,
    /// The application that the user is logged in to.
    pub app: Arc<App>,
    /// The tenant, if the user named one.
    pub tenant: Option<Tenant>,
}

/// What somebody logs in to.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The public id of the application.
    pub app_id: String,
    /// The public id of the tenant; an empty one is none.
    pub tenant_id: Option<String>,
    /// What the client calls its device.
    pub device_id: Option<String>,
    /// The id of the session, which no other has had: 32 hexadecimal digits. Drawn where there is none.
    pub id: Option<String>,
}

/// The tokens of a session.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The session.
    pub session: AccessSession,
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

/// Which of the two tokens somebody presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
}

impl Kind {
    /// What a secret of this kind is bound to.
    fn bound(self, id: &str) -> String {
        match self {
            Self::Access => format!("access:{id}"),
            Self::Refresh => format!("refresh:{id}"),
        }
    }
}

/// A session as it is remembered.
struct Known {
    row: AccessTokenRow,
    tenant: Option<Tenant>,
    /// The hashes of the row, taken apart; none if they are damaged.
    access: Option<KeyedHash>,
    refresh: Option<KeyedHash>,
}

impl Known {
    const fn hash(&self, kind: Kind) -> Option<&KeyedHash> {
        match kind {
            Kind::Access => self.access.as_ref(),
            Kind::Refresh => self.refresh.as_ref(),
        }
    }
}

/// A token whose secret has this hash.
struct Genuine {
    id: String,
    hash: KeyedHash,
    /// What its session last stood on.
    standing: ArcSwapOption<Standing>,
}

/// All that the check of a token looks at, found together.
struct Standing {
    known: Arc<Known>,
    user: Option<Arc<User>>,
    app: Option<Arc<App>>,
    /// The counts of changes before it was found.
    versions: [u64; 3],
    since: Timestamp,
}

/// What opaque tokens are made with.
pub(super) struct Parts {
    pub store: Store,
    pub apps: Arc<Apps>,
    pub users: Arc<Users>,
    pub keys: Arc<KeyRing>,
    pub audit: Audit,
    pub clock: Clock,
    pub random: Random,
}

/// The operations on opaque tokens.
pub struct AccessTokens {
    parts: Parts,
    known: Near<String, Known>,
    /// Tokens whose secret was compared, by their SHA-256: what never changes of a token is judged once.
    genuine: Cache<[u8; 32], Arc<Genuine>>,
}

impl AccessTokens {
    pub(super) fn new(parts: Parts) -> Self {
        let genuine = Cache::builder().max_capacity(CACHE_CAPACITY).time_to_idle(CACHE_IDLE).build();
        Self { parts, known: Near::new(CACHE_CAPACITY), genuine }
    }

    /// Begins a session of a user who has just proven who that is.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if there is no such application or it is disabled, or the tenant has not both it and the user.
    pub async fn begin(&self, origin: &Origin, user: User, entry: Entry) -> Result<Bundle, Error> {
        let parts = &self.parts;
        let app = self.app(&entry.app_id).await?;
        let tenant = self.tenant(&entry, &app, &user).await?;
        let id = entry.id.unwrap_or_else(|| parts.random.hex(32));
        let now = parts.clock.now();
        let fails_at = now.plus(app.refresh_life);
        let (access, access_hash) = self.secret(Kind::Access, &id);
        let (refresh, refresh_hash) = self.secret(Kind::Refresh, &id);
        // A clock that was set back does not make a new session one of those that were ended before.
        let created_at = now.max(app.tokens_valid_from).max(user.tokens_valid_from);
        let row = AccessTokenRow {
            id: id.clone(),
            user_id: user.id,
            app_id: app.id,
            tenant_id: tenant.as_ref().map(|tenant| tenant.id),
            // PostgreSQL takes no text with a zero byte, and what a client calls its device is worth no refusal.
            device_id: entry.device_id.map(|device| device.replace('\0', "\u{fffd}")),
            access_hash,
            refresh_hash,
            refreshes: 0,
            created_at: created_at.millis(),
            expires_at: now.plus(app.token_life).min(fails_at).millis(),
            fails_at: fails_at.millis(),
            revoked_at: None,
            revoked_why: None,
        };
        let event = parts.audit.row(origin, AuditKind::LoginSucceeded, Some(user.id), Some(&id));
        let begun = parts.store.insert_access_token(row, app.exclusive, event).await?;
        // Whoever has left the tenant by now never was in it.
        for ended in begun.ok_or(Error::Forbidden)? {
            self.known.forget(&ended);
        }
        let session = AccessSession { id, user: Arc::new(user), app, tenant };
        Ok(Bundle {
            access: presented::written(&session.id, &session.user.uid, &access),
            refresh: presented::written(&session.id, &session.user.uid, &refresh),
            session,
        })
    }

    /// The session of a token.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] if it is no token of this kind, or its session is over; [`Error::LoggedInElsewhere`] if a
    /// login on another device ended it; [`Error::TokenExpired`] if it is an access token that can be renewed.
    pub async fn check(&self, kind: Kind, token: &str) -> Result<AccessSession, Error> {
        if token.len() > presented::MAX {
            return Err(Error::Unauthorized);
        }
        let now = self.parts.clock.now();
        let fingerprint = fingerprint(kind, token);
        let genuine = self.genuine.get(&fingerprint);
        let standing = genuine.as_ref().and_then(|genuine| genuine.standing.load_full());
        let standing = match standing.filter(|standing| self.is_current(standing, now)) {
            Some(standing) => standing,
            None => Box::pin(self.stand(kind, token, fingerprint, genuine.as_deref(), now)).await?,
        };
        // A retired key takes what was hashed under it with it, remembered or not.
        match standing.known.hash(kind) {
            Some(hash) if self.parts.keys.knows(&hash.key_id) => judge(kind, &standing, now),
            _ => Err(Error::Unauthorized),
        }
    }

    /// Renews the access token of a session, which was found by the refresh token `refresh`.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] if it was renewed too often, or has ended meanwhile.
    pub async fn refresh(&self, session: AccessSession, refresh: &str) -> Result<Bundle, Error> {
        let parts = &self.parts;
        let now = parts.clock.now();
        let (access, access_hash) = self.secret(Kind::Access, &session.id);
        let expires_at = now.plus(session.app.token_life).millis();
        let renewal = Renewal { access_hash, at: now.millis(), expires_at, most: REFRESHES };
        let renewed = parts.store.renew_access_token(&session.id, renewal).await?;
        self.known.forget(&session.id);
        if !renewed {
            return Err(Error::Unauthorized);
        }
        let access = presented::written(&session.id, &session.user.uid, &access);
        Ok(Bundle { session, access, refresh: refresh.to_owned() })
    }

    /// Ends a session, because its user logs out.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn end(&self, origin: &Origin, session: &AccessSession) -> Result<(), Error> {
        let event = self.parts.audit.row(origin, AuditKind::LoggedOut, Some(session.user.id), Some(&session.id));
        self.parts.store.revoke_access_token(&session.id, "logout", event).await?;
        self.known.forget(&session.id);
        Ok(())
    }

    /// Forgets what ended long ago.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn purge(&self) -> Result<u64, Error> {
        let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        Ok(self.parts.store.purge_access_tokens(self.parts.clock.now().millis().saturating_sub(kept)).await?)
    }

    /// Whether anybody can log in to the application at all.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if there is no such application or it is disabled.
    pub async fn admits_app(&self, entry: &Entry) -> Result<(), Error> {
        self.app(&entry.app_id).await.map(drop)
    }

    /// Whether [`begin`](Self::begin) would let this user in, for whoever has to know before.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn admits(&self, entry: &Entry, user: &User) -> Result<(), Error> {
        let app = self.app(&entry.app_id).await?;
        self.tenant(entry, &app, user).await.map(drop)
    }

    /// Called after a commit that ends many sessions.
    pub(super) fn forget_all(&self) {
        self.known.forget_all();
    }

    /// What a token stands on, found anew; remembered for the next check of it.
    async fn stand(
        &self,
        kind: Kind,
        token: &str,
        fingerprint: [u8; 32],
        genuine: Option<&Genuine>,
        now: Timestamp,
    ) -> Result<Arc<Standing>, Error> {
        let versions = self.versions();
        let (known, user) = match genuine {
            Some(genuine) => {
                let known = self.known_of(&genuine.id).await?;
                if known.hash(kind) != Some(&genuine.hash) {
                    return Err(Error::Unauthorized);
                }
                let user = self.parts.users.by_id(known.row.user_id).await?;
                (known, user)
            }
            None => self.proven(kind, token).await?,
        };
        let app = self.parts.apps.by_id(known.row.app_id).await?;
        let standing = Arc::new(Standing { known, user, app, versions, since: now });
        match genuine {
            Some(genuine) => genuine.standing.store(Some(Arc::clone(&standing))),
            None => {
                let (id, hash) = (standing.known.row.id.clone(), standing.known.hash(kind).cloned());
                let hash = hash.ok_or(Error::Unauthorized)?;
                let remembered = ArcSwapOption::new(Some(Arc::clone(&standing)));
                self.genuine.insert(fingerprint, Arc::new(Genuine { id, hash, standing: remembered }));
            }
        }
        Ok(standing)
    }

    /// Whether what a check once found is still what it would find.
    fn is_current(&self, standing: &Standing, now: Timestamp) -> bool {
        (0..STANDING).contains(&(now.millis() - standing.since.millis())) && standing.versions == self.versions()
    }

    fn versions(&self) -> [u64; 3] {
        [self.known.version(), self.parts.users.version(), self.parts.apps.version()]
    }

    /// The session whose secret a token holds, whatever has become of it, and its user.
    async fn proven(&self, kind: Kind, token: &str) -> Result<(Arc<Known>, Option<Arc<User>>), Error> {
        let presented = Presented::read(token).ok_or(Error::Unauthorized)?;
        let known = self.known_of(&presented.id).await?;
        let hash = known.hash(kind).ok_or(Error::Unauthorized)?;
        if !hash.is_of(&self.parts.keys, Purpose::OpaqueToken, [&kind.bound(&presented.id), &presented.secret]) {
            return Err(Error::Unauthorized);
        }
        let user = self.parts.users.by_id(known.row.user_id).await?;
        if user.as_ref().is_none_or(|user| user.uid != presented.user_id) {
            return Err(Error::Unauthorized);
        }
        Ok((known, user))
    }

    /// The session with this id; [`Error::Unauthorized`] if there is none.
    async fn known_of(&self, id: &str) -> Result<Arc<Known>, Error> {
        match self.known.peek(id) {
            Some(known) => Ok(known),
            None => Box::pin(self.read(id)).await?.ok_or(Error::Unauthorized),
        }
    }

    async fn app(&self, app_id: &str) -> Result<Arc<App>, Error> {
        // PostgreSQL takes no text with a zero byte.
        if app_id.contains('\0') {
            return Err(Error::Forbidden);
        }
        let app = self.parts.apps.by_app_id(&AppId::new(app_id)).await?;
        app.filter(|app| app.status == AppStatus::Enabled).ok_or(Error::Forbidden)
    }

    async fn tenant(&self, entry: &Entry, app: &App, user: &User) -> Result<Option<Tenant>, Error> {
        let Some(uid) = entry.tenant() else { return Ok(None) };
        if uid.contains('\0') {
            return Err(Error::Forbidden);
        }
        let row = self.parts.store.tenant_of(uid, app.id, user.id).await?.ok_or(Error::Forbidden)?;
        Ok(Some(Tenant { id: row.id, uid: row.uid }))
    }

    /// A new secret, 128 bits in hexadecimal, and its hash.
    fn secret(&self, kind: Kind, id: &str) -> (String, String) {
        let secret = hex::encode(self.parts.random.bytes::<16>());
        let hash = keyed::hash(&self.parts.keys.active(), Purpose::OpaqueToken, [&kind.bound(id), &secret]);
        (secret, hash)
    }

    async fn read(&self, id: &str) -> Result<Option<Arc<Known>>, Error> {
        let read = async {
            let found = self.parts.store.access_token(id).await?;
            Ok::<_, crate::store::Error>(found.map(|(row, tenant)| Known {
                access: KeyedHash::parse(&row.access_hash),
                refresh: KeyedHash::parse(&row.refresh_hash),
                tenant: tenant.map(|tenant| Tenant { id: tenant.id, uid: tenant.uid }),
                row,
            }))
        };
        self.known.get(&id.to_owned(), read).await
    }
}

/// Whether a session goes on.
fn judge(kind: Kind, standing: &Standing, now: Timestamp) -> Result<AccessSession, Error> {
    let row = &standing.known.row;
    let now = now.millis();
    if now >= row.fails_at {
        return Err(Error::Unauthorized);
    }
    if row.revoked_at.is_some() {
        let elsewhere = row.revoked_why.as_deref() == Some(ELSEWHERE);
        return Err(if elsewhere { Error::LoggedInElsewhere } else { Error::Unauthorized });
    }
    let (Some(user), Some(app)) = (&standing.user, &standing.app) else {
        return Err(Error::Unauthorized);
    };
    let valid_from = user.tokens_valid_from.max(app.tokens_valid_from);
    let may_go_on = !user.banned && app.status == AppStatus::Enabled && row.created_at >= valid_from.millis();
    if !may_go_on {
        return Err(Error::Unauthorized);
    }
    if kind == Kind::Access && now >= row.expires_at {
        return Err(Error::TokenExpired);
    }
    let (user, app) = (Arc::clone(user), Arc::clone(app));
    Ok(AccessSession { id: row.id.clone(), user, app, tenant: standing.known.tenant.clone() })
}

impl Entry {
    /// The public id of the tenant, if one is named.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant_id.as_deref().filter(|uid| !uid.is_empty())
    }
}

impl Bundle {
    /// For how long an access token is good.
    pub fn expire(&self) -> Duration {
        self.session.app.token_life
    }

    /// For how long the refresh token is good after the login.
    pub fn failure(&self) -> Duration {
        self.session.app.refresh_life
    }
}

/// A token is another one where the other kind is asked for.
fn fingerprint(kind: Kind, token: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(&[kind as u8]);
    context.update(token.as_bytes());
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(context.finish().as_ref());
    fingerprint
}
