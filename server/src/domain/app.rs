//! Applications: who calls, proven by an id and a secret.
//!
//! Secrets are kept as HMAC-SHA256 under the key ring's active key, written `key id:hexadecimal`. They are 32 random
//! alphanumerics (190 bits), so that a keyed hash is enough and a slow one would only slow the caller.

mod input;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, Digest, SHA256};
use moka::sync::Cache;

use super::Error;
use super::clock::{Clock, Timestamp};
use super::event::{Event, Events, Topic};
use super::keyed::{self, KeyedHash};
use super::keys::{Key, KeyRing, Purpose};
use super::random::Random;
use super::secret::Secret;
use super::token::Caller;
use crate::store::{self, AppRow, NewAppRow, Store, Unique};

pub use input::{NewApp, PageRequest};

/// How long an application may be served from memory. A change made by this process is seen at once, a realm that another
/// one applied within a second, and whatever else happens to the store after this time at the latest, and after two seconds
/// more where what was found is remembered once more.
const CACHE_TTL: Duration = Duration::from_secs(8);

/// Applications held in memory at most.
const CACHE_CAPACITY: u64 = 10_000;

/// How often a fresh `app_id` is drawn before giving up; two draws collide once in 218 million million.
const ID_ATTEMPTS: usize = 5;

/// How long access tokens of users are good unless the application says otherwise, as the document's sample has it.
const TOKEN_LIFE: Duration = Duration::from_millis(7_200_000);

/// After what time users have to log in again unless the application says otherwise, as the document's sample has it.
const REFRESH_LIFE: Duration = Duration::from_millis(86_400_000);

/// The public id of an application, such as `go-api-4fJ2kQ9x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppId(Arc<str>);

impl AppId {
    /// Takes the text as an id; whether an application has it is for [`Apps`] to say.
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn generate(random: &Random) -> Self {
        Self(format!("go-api-{}", random.alphanumeric(8)).into())
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether an application may authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppStatus {
    /// It may.
    Enabled,
    /// It may not, and its tokens are not accepted.
    Disabled,
}

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The numeric id, ascending in the order of creation.
    pub id: i64,
    /// The public id.
    pub app_id: AppId,
    /// The name, unique.
    pub name: String,
    /// A text of the creator's.
    pub description: Option<String>,
    /// Where the application wants its users sent back to.
    pub redirect_uri: Option<String>,
    /// Whether it may authenticate.
    pub status: AppStatus,
    /// Whether it may create further applications.
    pub may_create: bool,
    /// The numeric id of the application that created it; none for a provisioned one.
    pub created_by: Option<i64>,
    /// Tokens issued before this moment are revoked. A whole second, as tokens tell theirs.
    pub tokens_valid_from: Timestamp,
    /// When it was created.
    pub created_at: Timestamp,
    /// How long its users' access tokens are good.
    pub token_life: Duration,
    /// After what time its users have to log in again.
    pub refresh_life: Duration,
    /// Whether a login ends the user's earlier sessions in it.
    pub exclusive: bool,
}

/// A new application and its secret, which nobody can read again.
#[derive(Clone, Debug)]
pub struct CreatedApp {
    /// The application.
    pub app: App,
    /// Its secret: 32 alphanumerics.
    pub secret: Secret<String>,
}

/// An application that is given rather than asked for: by bootstrap, or by the demo data.
#[derive(Clone, Debug)]
pub struct Provision {
    /// The public id; generated if none is given.
    pub app_id: Option<AppId>,
    /// The secret; generated if none is given.
    pub secret: Option<Secret<String>>,
    /// Name, description and redirect address.
    pub new: NewApp,
    /// Whether it may create further applications.
    pub may_create: bool,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: u64,
}

/// What the cache holds of an application.
struct Known {
    app: Arc<App>,
    secret_hash: String,
    /// The same, taken apart; none if it is damaged.
    stored: Option<KeyedHash>,
    /// The SHA-256 of id and secret, once the secret was proven: it is compared faster than a keyed hash is made.
    proven: OnceLock<[u8; 32]>,
}

impl Known {
    /// Whether the digest of id and secret is that of the proven secret, under a key that is not retired.
    fn is_proven(&self, keys: &KeyRing, digest: &Digest) -> bool {
        let is_digest = |proven: &[u8; 32]| verify_slices_are_equal(proven, digest.as_ref()).is_ok();
        self.proven.get().is_some_and(is_digest) && self.stored.as_ref().is_some_and(|hash| keys.knows(&hash.key_id))
    }
}

/// The operations on applications. What asks the store is boxed wherever memory is asked first: the store's futures are
/// large, and one that holds them is copied with them at every request.
pub struct Apps {
    store: Store,
    keys: Arc<KeyRing>,
    events: Events,
    clock: Clock,
    random: Random,
    by_app_id: Cache<String, Arc<Known>>,
    by_id: Cache<i64, Arc<Known>>,
    /// Pages of lists, under the count of changes before they were read: no change leaves an older page to be found.
    pages: Cache<(u64, i64, PageRequest), Arc<Listed<App>>>,
    /// Grows with every invalidation; a value read before one must not enter the cache after it.
    changes: AtomicU64,
    /// How often somebody asked that applications be told what became of them.
    asked: AtomicU64,
    /// Held while they are told, lest somebody takes down what he read before another; how often was it asked before the
    /// store was read for that.
    told: tokio::sync::Mutex<u64>,
}

impl Apps {
    /// The applications of `store`.
    pub fn new(store: Store, keys: Arc<KeyRing>, events: Events, clock: Clock, random: Random) -> Self {
        let by_app_id = Cache::builder().max_capacity(CACHE_CAPACITY).time_to_live(CACHE_TTL).build();
        let by_id = Cache::builder().max_capacity(CACHE_CAPACITY).time_to_live(CACHE_TTL).build();
        let pages = Cache::builder()
            .weigher(|_, page: &Arc<Listed<App>>| u32::try_from(page.items.len()).unwrap_or(u32::MAX).saturating_add(1))
            .max_capacity(CACHE_CAPACITY)
            .time_to_live(CACHE_TTL)
            .build();
        let (changes, asked, told) = (AtomicU64::new(0), AtomicU64::new(0), tokio::sync::Mutex::default());
        Self { store, keys, events, clock, random, by_app_id, by_id, pages, changes, asked, told }
    }

    /// The application with this id and secret.
    ///
    /// # Errors
    /// [`Error::UnknownApp`] if there is none, the secret is wrong, or it is disabled; each after the same work, so that
    /// the time tells them apart no more than the answer.
    pub async fn authenticate(&self, app_id: &str, secret: &str) -> Result<Arc<App>, Error> {
        // PostgreSQL takes no text with a zero byte, and so no id has one.
        if app_id.contains('\0') {
            return Err(Error::UnknownApp);
        }
        let remembered = self.by_app_id.get(app_id);
        let is_remembered = remembered.is_some();
        let known = match remembered {
            Some(known) => Some(known),
            None => Box::pin(self.read_by_app_id(app_id)).await?,
        };
        let active = self.keys.active();
        let stored = known.as_deref().and_then(|known| known.stored.as_ref());
        let stored = stored.and_then(|stored| Some((self.keys.by_id(&stored.key_id)?, stored.mac)));
        // Without a stored hash the comparison is made all the same, with one that nothing matches.
        let (key, mac) = stored.unwrap_or_else(|| (Arc::clone(&active), [0; 32]));
        let digest = digest_of(app_id, secret);
        let genuine = known.as_deref().is_some_and(|known| known.is_proven(&self.keys, &digest))
            || keyed::verify(&key, Purpose::AppSecret, [app_id, secret], &mac);
        let Some(known) = known.filter(|known| genuine && known.app.status == AppStatus::Enabled) else {
            if is_remembered {
                // An id that nobody has is looked for in the store each time; one that is remembered must take as long.
                Box::pin(self.store.app_by_app_id(app_id)).await?;
            }
            return Err(Error::UnknownApp);
        };
        if key.id() != active.id() {
            Box::pin(self.move_secret(&known, &active, secret)).await;
        }
        known.proven.get_or_init(|| digest.as_ref().try_into().unwrap_or_default());
        Ok(Arc::clone(&known.app))
    }

    /// Creates an application on behalf of `caller`, who is told so by the event `app.created`.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if the caller may not create applications, [`Error::AppNameTaken`] if the name is taken.
    pub async fn create(&self, caller: &Caller, new: NewApp) -> Result<CreatedApp, Error> {
        if !caller.app.may_create {
            return Err(Error::Forbidden);
        }
        let created =
            self.insert(Provision { app_id: None, secret: None, new, may_create: true }, Some(caller.app.id)).await?;
        let data = serde_json::json!({ "app_id": created.app.app_id.as_str(), "app_name": created.app.name });
        self.events.publish(caller.app.id, self.event(Topic::AppCreated, data));
        Ok(created)
    }

    /// Adds an application without a creator.
    ///
    /// # Errors
    /// [`Error::AppNameTaken`], or `InvalidInput` for an `app_id` that is taken.
    pub async fn provision(&self, provision: Provision) -> Result<CreatedApp, Error> {
        self.insert(provision, None).await
    }

    /// The applications that the caller's application created, the newest last.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn list(&self, caller: &Caller, page: PageRequest) -> Result<Arc<Listed<App>>, Error> {
        let creator = caller.app.id;
        let key = (self.changes.load(Ordering::SeqCst), creator, page);
        if let Some(listed) = self.pages.get(&key) {
            return Ok(listed);
        }
        let (rows, total) = Box::pin(async {
            tokio::try_join!(
                self.store.apps_created_by(creator, page.offset(), page.size()),
                self.store.count_apps_created_by(creator),
            )
        })
        .await?;
        let listed = Arc::new(Listed { items: rows.into_iter().map(App::from).collect(), total });
        self.pages.insert(key, Arc::clone(&listed));
        Ok(listed)
    }

    /// Whether there is any application at all.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn any(&self) -> Result<bool, Error> {
        Ok(self.store.has_apps().await?)
    }

    /// The application with this numeric id.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn by_id(&self, id: i64) -> Result<Option<Arc<App>>, Error> {
        Ok(self.known_by_id(id).await?.map(|known| Arc::clone(&known.app)))
    }

    /// The application with this public id.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn by_app_id(&self, app_id: &AppId) -> Result<Option<Arc<App>>, Error> {
        let known = match self.by_app_id.get(app_id.as_str()) {
            Some(known) => Some(known),
            None => self.read_by_app_id(app_id.as_str()).await?,
        };
        Ok(known.map(|known| Arc::clone(&known.app)))
    }

    /// Tells whoever listens to an application if it was disabled, or its tokens revoked, since he last heard of it. Whoever
    /// made the change, and in which process, it is told once. Any number of those who ask at once share one look.
    ///
    /// # Errors
    /// Only those of the store. Nothing is lost then: it is told the next time.
    pub async fn tell(&self) -> Result<(), Error> {
        let asking = self.asked.fetch_add(1, Ordering::SeqCst);
        let mut told = self.told.lock().await;
        if asking < *told {
            return Ok(());
        }
        let asked = self.asked.load(Ordering::SeqCst);
        let (ids, so_far) = self.events.followed();
        let mut apps = BTreeMap::new();
        for row in Box::pin(self.store.apps_by_ids(&ids)).await? {
            apps.insert(row.id, Arc::new(App::from(row)));
        }
        for id in ids {
            let (now, revoked, disabled) = (apps.remove(&id), OnceCell::new(), OnceCell::new());
            self.events.update(id, so_far, |heard| {
                // One that is gone is no more than disabled to those who use it.
                let gone = || Arc::new(App { status: AppStatus::Disabled, ..heard.clone() });
                let now = now.clone().unwrap_or_else(gone);
                let event = |topic| Arc::new(self.event(topic, serde_json::json!({ "app_id": now.app_id.as_str() })));
                let mut news = Vec::new();
                if now.tokens_valid_from > heard.tokens_valid_from {
                    news.push(Arc::clone(revoked.get_or_init(|| event(Topic::TokenRevoked))));
                }
                if (heard.status, now.status) == (AppStatus::Enabled, AppStatus::Disabled) {
                    news.push(Arc::clone(disabled.get_or_init(|| event(Topic::AppDisabled))));
                }
                (now, news)
            });
        }
        *told = asked;
        Ok(())
    }

    async fn insert(&self, wish: Provision, created_by: Option<i64>) -> Result<CreatedApp, Error> {
        let (name, description, redirect_uri) = wish.new.into_parts();
        let secret = wish.secret.unwrap_or_else(|| Secret::new(self.random.alphanumeric(32)));
        let now = self.clock.now();
        for _ in 0..ID_ATTEMPTS {
            let app_id = wish.app_id.clone().unwrap_or_else(|| AppId::generate(&self.random));
            let row = NewAppRow {
                app_id: app_id.as_str().to_owned(),
                name: name.clone(),
                description: description.clone(),
                redirect_uri: redirect_uri.clone(),
                secret_hash: keyed::hash(&self.keys.active(), Purpose::AppSecret, [app_id.as_str(), secret.expose()]),
                may_create: wish.may_create,
                created_by,
                tokens_valid_from: now.whole_second().millis(),
                created_at: now.millis(),
            };
            match self.store.insert_app(row).await {
                Ok(row) => {
                    self.changes.fetch_add(1, Ordering::SeqCst);
                    return Ok(CreatedApp { app: row.into(), secret });
                }
                Err(store::Error::Taken(Unique::AppName)) => return Err(Error::AppNameTaken),
                Err(store::Error::Taken(Unique::AppId)) if wish.app_id.is_none() => {}
                Err(store::Error::Taken(Unique::AppId)) => return Err(Error::invalid("app_id", "is taken")),
                Err(other) => return Err(other.into()),
            }
        }
        Err(Error::internal("no free app_id was drawn"))
    }

    /// The hash of a secret as it is stored, under the active key.
    pub(super) fn hash_secret(&self, app_id: &AppId, secret: &Secret<String>) -> String {
        keyed::hash(&self.keys.active(), Purpose::AppSecret, [app_id.as_str(), secret.expose()])
    }

    /// Whether a stored hash is that of this secret. One under a key that is gone is that of none.
    pub(super) fn is_secret(&self, app_id: &str, secret: &str, stored: &str) -> bool {
        let stored = KeyedHash::parse(stored);
        stored.is_some_and(|stored| stored.is_of(&self.keys, Purpose::AppSecret, [app_id, secret]))
    }

    /// Called after a commit that changes many applications.
    pub(super) fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.by_app_id.invalidate_all();
        self.by_id.invalidate_all();
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Counts the changes. An application that is found after this count was taken is what would be found anew, for as long
    /// as the count stays the same and nobody else changes the store.
    pub(super) fn version(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Hashes a secret that was just proven under the active key, so that the older key can be retired. The caller is
    /// authenticated either way; a failure is tried again at the next time.
    async fn move_secret(&self, known: &Known, active: &Key, secret: &str) {
        let app = &known.app;
        let hash = keyed::hash(active, Purpose::AppSecret, [app.app_id.as_str(), secret]);
        match self.store.replace_secret_hash(app.id, &known.secret_hash, &hash).await {
            Ok(()) => self.forget(app),
            Err(error) => tracing::warn!(app_id = %app.app_id, %error, "a secret stays under an older key for now"),
        }
    }

    async fn read_by_app_id(&self, app_id: &str) -> Result<Option<Arc<Known>>, Error> {
        let before = self.changes.load(Ordering::SeqCst);
        let row = self.store.app_by_app_id(app_id).await?;
        Ok(row.map(|row| self.remember(row, before)))
    }

    async fn known_by_id(&self, id: i64) -> Result<Option<Arc<Known>>, Error> {
        if let Some(known) = self.by_id.get(&id) {
            return Ok(Some(known));
        }
        let before = self.changes.load(Ordering::SeqCst);
        let row = Box::pin(self.store.app_by_id(id)).await?;
        Ok(row.map(|row| self.remember(row, before)))
    }

    /// Caches a row read when `changes` was `before`. A change committed since then has perhaps already invalidated, so
    /// that this late entry would outlive it: it is then taken out again.
    fn remember(&self, row: AppRow, before: u64) -> Arc<Known> {
        let secret_hash = row.secret_hash.clone();
        let stored = KeyedHash::parse(&secret_hash);
        let known = Arc::new(Known { app: Arc::new(App::from(row)), secret_hash, stored, proven: OnceLock::new() });
        self.by_app_id.insert(known.app.app_id.as_str().to_owned(), Arc::clone(&known));
        self.by_id.insert(known.app.id, Arc::clone(&known));
        if self.changes.load(Ordering::SeqCst) != before {
            self.invalidate(&known.app);
        }
        known
    }

    /// The other half of [`remember`](Self::remember): called after every commit that changes the application. It is
    /// counted before, for those who are reading the store, and after, for those who still found what is forgotten.
    fn forget(&self, app: &App) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.invalidate(app);
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    fn invalidate(&self, app: &App) {
        self.by_app_id.invalidate(app.app_id.as_str());
        self.by_id.invalidate(&app.id);
    }

    fn event(&self, topic: Topic, data: serde_json::Value) -> Event {
        Event { id: self.random.hex(32), topic, at: self.clock.now(), data }
    }
}

impl From<AppRow> for App {
    fn from(row: AppRow) -> Self {
        Self {
            id: row.id,
            app_id: AppId(row.app_id.into()),
            name: row.name,
            description: row.description,
            redirect_uri: row.redirect_uri,
            status: if row.enabled { AppStatus::Enabled } else { AppStatus::Disabled },
            may_create: row.may_create,
            created_by: row.created_by,
            tokens_valid_from: Timestamp::from_millis(row.tokens_valid_from),
            created_at: Timestamp::from_millis(row.created_at),
            token_life: life(row.token_life, TOKEN_LIFE),
            refresh_life: life(row.refresh_life, REFRESH_LIFE),
            exclusive: row.exclusive,
        }
    }
}

/// No id has a zero byte, so that neither part can imitate the other.
fn digest_of(app_id: &str, secret: &str) -> Digest {
    let mut context = Context::new(&SHA256);
    context.update(app_id.as_bytes());
    context.update(&[0]);
    context.update(secret.as_bytes());
    context.finish()
}

/// A time of the application's own, or the documented one.
fn life(millis: Option<i64>, documented: Duration) -> Duration {
    millis.and_then(|millis| u64::try_from(millis).ok()).map_or(documented, Duration::from_millis)
}

#[cfg(test)]
pub(super) mod tests;
