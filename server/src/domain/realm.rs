//! Provisioning: a file declares tenants, applications, users, roles, menus, interface configs, applications at WeChat and
//! pools, and the store is made what it says, all of it or nothing.
//!
//! The file is read and checked, compared with what is there, and the difference is written in one transaction, which
//! first looks whether what was compared is still there. Applied again, it changes nothing.

mod change;
mod check;
mod file;
mod identity;
mod plan;
mod problem;
mod prune;
mod record;
mod secret;
#[cfg(test)]
pub(super) mod tests;
mod world;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{MissedTickBehavior, timeout};

use super::Error;
use super::access::AccessTokens;
use super::app::Apps;
use super::audit::Audit;
use super::clock::Clock;
use super::config::Configs;
use super::password::Digest;
use super::random::Random;
use super::secret::Secret;
use super::user::{Handle, Users};
use super::vault::Vault;
use super::wechat::sealed_at;
use crate::store::{RealmPut, RealmState, Store, UserScope};
use plan::{Plan, Planner};

pub use change::{Action, Change, FieldChange};
pub use file::Position;
pub use problem::{Problem, RealmError};

/// How often the store is asked whether a realm was applied. With the look that WebSockets take at their tokens, each half
/// second, it makes less than the second in which they promise to follow.
const FOLLOW: Duration = Duration::from_millis(250);

/// How long one such question may take, with all that follows from it.
const FOLLOW_PATIENCE: Duration = Duration::from_secs(10);

/// How often what is there is compared anew, because it changed before the difference was written.
const ATTEMPTS: usize = 5;

/// A realm file that was read and checked, with the secrets that it names.
#[derive(Debug)]
pub struct Declared {
    file: file::RealmFile,
    prune: bool,
}

impl Declared {
    /// Reads the text of a realm file, which stands in `directory`. With `prune`, what it does not declare is removed, of
    /// the kinds that it has a section for.
    ///
    /// # Errors
    /// [`RealmError::Wrong`] with what is wrong and where.
    pub fn read(text: &str, directory: &Path, prune: bool) -> Result<Self, RealmError> {
        Ok(Self { file: check::read(text, directory)?, prune })
    }

    /// The users that have to be looked at.
    fn scope(&self) -> UserScope {
        if self.prune && self.file.users.is_some() {
            return UserScope::All;
        }
        let users = self.file.users.iter().flatten();
        let own = users.flat_map(|user| [Some(&user.account), user.email.as_ref(), user.phone.as_ref()]).flatten();
        let tenants = self.file.tenants.iter().flatten().flat_map(|tenant| tenant.users.iter().flatten());
        let roles = self.file.roles.iter().flatten().flat_map(|role| role.users.iter().flatten());
        let handles = own.chain(tenants).chain(roles).filter_map(|at| Handle::fold(&at.value)).collect();
        let uids = self.file.users.iter().flatten().filter_map(|user| plan::text(&user.id)).collect();
        UserScope::Named { handles, uids }
    }
}

/// The JSON Schema of realm files, for editors.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(file::RealmFile).to_value()
}

/// A secret that was made because the file has none.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Whose it is, in words.
    pub of: String,
    /// The secret, which nobody can read again.
    pub secret: Secret<String>,
}

/// What was done.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The changes, in their order.
    pub changes: Vec<Change>,
    /// The secrets that were made.
    pub generated: Vec<Generated>,
}

/// What provisioning is made with.
pub(super) struct Parts {
    pub store: Store,
    pub apps: Arc<Apps>,
    pub users: Arc<Users>,
    pub access: Arc<AccessTokens>,
    pub configs: Arc<Configs>,
    pub vault: Arc<Vault>,
    pub audit: Audit,
    pub clock: Clock,
    pub random: Random,
}

/// Applies realm files.
pub struct Realms {
    parts: Parts,
    /// Held while anything here follows the realm.
    reached: Mutex<Reached>,
}

/// Which revision of the realm is followed.
#[derive(Default)]
struct Reached {
    /// Nothing older than this one is remembered.
    forgotten: Option<i64>,
    /// Everybody was told of this one, and everything follows it.
    settled: Option<i64>,
}

impl Realms {
    pub(super) fn new(parts: Parts) -> Self {
        Self { parts, reached: Mutex::default() }
    }

    /// What [`apply`](Self::apply) would do. Nothing changes.
    ///
    /// # Errors
    /// [`RealmError::Wrong`] if the file does not fit what is there; those of the store.
    pub async fn compare(&self, declared: &Declared) -> Result<Vec<Change>, RealmError> {
        let state = self.parts.store.realm(&declared.scope()).await?;
        Ok(Planner::plan(&self.parts, declared, &state).await?.changes)
    }

    /// Makes what is there what the file declares, in one transaction.
    ///
    /// # Errors
    /// As [`compare`](Self::compare), and [`RealmError::Taken`] or [`RealmError::Busy`]. Nothing has changed then.
    pub async fn apply(&self, declared: &Declared) -> Result<Applied, RealmError> {
        let scope = declared.scope();
        let mut failure = RealmError::Busy;
        for _ in 0..ATTEMPTS {
            let state = self.parts.store.realm(&scope).await?;
            let plan = Planner::plan(&self.parts, declared, &state).await?;
            match self.write(&scope, &state, plan).await {
                Ok(Some(applied)) => return Ok(applied),
                Ok(None) => failure = RealmError::Busy,
                // What has it came meanwhile, so that another comparison finds it, and tells where the file names it.
                Err(RealmError::Taken(unique)) => failure = RealmError::Taken(unique),
                Err(error) => return Err(error),
            }
        }
        Err(failure)
    }

    /// Forgets what is remembered of applications, users and their opaque tokens, tells applications what became of them, and
    /// reads the limits of our own operations again.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn settle(&self) -> Result<(), Error> {
        // What was just changed is not served any more, even if the store does not answer now.
        self.forget();
        let mut reached = self.reached.lock().await;
        let revision = self.parts.store.realm_revision().await?;
        self.reach(revision, &mut reached).await
    }

    /// Settles whenever another process has applied a realm, until it is dropped. It notices within a quarter of a second.
    pub async fn follow(&self) {
        let mut asking = tokio::time::interval(FOLLOW);
        asking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            asking.tick().await;
            // A database that is gone without a word would otherwise be waited for as long as the network does.
            let outcome = timeout(FOLLOW_PATIENCE, self.settle_if_due()).await;
            let outcome = outcome.unwrap_or_else(|_| Err(Error::internal("the store did not answer in time")));
            if let (Err(error), false) = (&outcome, failing) {
                tracing::warn!(error = error.chain(), "whether a realm was applied cannot be told for now");
            }
            failing = outcome.is_err();
        }
    }

    async fn settle_if_due(&self) -> Result<(), Error> {
        let mut reached = self.reached.lock().await;
        let revision = self.parts.store.realm_revision().await?;
        if reached.settled != Some(revision) {
            self.reach(revision, &mut reached).await?;
            tracing::info!("a realm that was applied is in effect");
        }
        Ok(())
    }

    /// Follows the realm to this revision. What fails is tried again, without that everything is forgotten each time.
    async fn reach(&self, revision: i64, reached: &mut Reached) -> Result<(), Error> {
        if reached.forgotten != Some(revision) {
            self.forget();
            reached.forgotten = Some(revision);
        }
        let told = self.parts.apps.tell().await;
        self.parts.configs.load().await.and(told)?;
        reached.settled = Some(revision);
        Ok(())
    }

    fn forget(&self) {
        self.parts.apps.forget_all();
        self.parts.users.forget_all();
        self.parts.access.forget_all();
    }

    async fn write(&self, scope: &UserScope, seen: &RealmState, plan: Plan) -> Result<Option<Applied>, RealmError> {
        let Plan { changes, mut writes, passwords, sealed, generated } = plan;
        for (place, digest) in passwords {
            if let Some(RealmPut::User { user, .. }) = writes.puts.get_mut(place) {
                let row = self.parts.users.password_row(&user.uid, user.password_version + 1, digest).await?;
                user.password_hash = row.hash;
                user.password_sealed = row.sealed;
                user.password_version = row.version;
            }
        }
        for (place, secret) in sealed {
            if let Some(RealmPut::WechatApp(id, app)) = writes.puts.get_mut(place) {
                app.secret_sealed = self.parts.vault.seal(sealed_at(id), secret.expose()).await?;
            }
        }
        if !changes.is_empty() {
            if !self.parts.store.write_realm(scope, seen, &writes).await? {
                return Ok(None);
            }
            // It is done, even if it cannot be followed now: a server that runs does as soon as the store answers.
            if let Err(error) = self.settle().await {
                tracing::warn!(error = error.chain(), "what was changed takes effect later");
            }
        }
        let generated = generated.into_iter();
        let generated = generated.map(|(of, id, secret)| Generated { of: format!("{of} {id}"), secret }).collect();
        Ok(Some(Applied { changes, generated }))
    }
}
