//! Interface configs: what the interfaces are, which right they need, and how often a device may call them.
//!
//! Every change is recorded together with what it changes. The limits of our own operations are read from the configs
//! into memory, anew after each change and every few seconds besides, because another process may have made one.

mod input;
mod record;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use md5::{Digest as _, Md5};
use tokio::sync::Mutex;

use crate::store::{self, ConfigFields, ConfigLogRow, ConfigRow, NewConfigLogRow, NewConfigRow, Store, Unique};

use super::Error;
use super::app::Listed;
use super::clock::{Clock, Timestamp};
use super::random::Random;
use super::throttle::{Device, Limit, Throttle};
use super::user::User;

pub use input::{ConfigSpec, Search};
pub use record::{ConfigRecord, LogContent};

/// The name of all this in the record of changes.
pub(super) const BUSINESS: &str = "接口配置管理";

/// Characters of a name that the record of changes holds.
const CREATOR_MAX: usize = 64;

/// How often the configs are read again. What another process changed is seen after twice this, if one reading fails.
const RELOAD: Duration = Duration::from_secs(5);

/// The longest that a request waits for the configs to be read again, before it goes on with what is known.
const PATIENCE: Duration = Duration::from_secs(2);

/// A config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceConfig {
    /// 32 hexadecimal digits.
    pub id: String,
    /// What it says.
    pub spec: ConfigSpec,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A change of a config.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigLog {
    /// 32 hexadecimal digits.
    pub id: String,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub kind: String,
    /// What was changed, in words.
    pub business: String,
    /// The id of the config.
    pub business_id: String,
    /// What it was made, was before and after, or had been; a list leaves it out.
    pub content: Option<LogContent>,
    /// The name of whoever changed it.
    pub creator: String,
    /// The id of that user.
    pub creator_id: String,
    /// When it was changed.
    pub created_at: Timestamp,
}

/// An operation of ours, as its document describes it: the config that it gets where it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnInterface {
    /// What it does.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path with its `{parameters}`.
    pub url: String,
    /// The right that it needs.
    pub auth_code: Option<String>,
    /// Whether it needs a token.
    pub verify: bool,
    /// The least time between two calls of a device, the length of the window, both in seconds, and the calls that the
    /// window admits.
    pub limit: Option<(i32, i32, i32)>,
}

/// A call that came too early or was one too many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// What the config says to that; none for the usual message.
    pub message: Option<Arc<str>>,
}

/// The operations on interface configs.
pub struct Configs {
    store: Store,
    clock: Clock,
    random: Random,
    throttle: Throttle,
    /// Method and path of our own operations, by the numbers that [`Configs::admit`] is asked with.
    own: OnceLock<Vec<(String, String)>>,
    /// The limits of our own operations.
    limits: ArcSwap<Vec<Option<Limit>>>,
    /// Held while the configs are read, so that what was read first does not replace what was read later.
    loading: Mutex<()>,
    /// When to read them again, in milliseconds of [`Clock::elapsed`].
    due: AtomicU64,
}

impl Configs {
    pub(super) fn new(store: Store, clock: Clock, random: Random) -> Self {
        Self {
            store,
            throttle: Throttle::new(clock.clone()),
            clock,
            random,
            own: OnceLock::new(),
            limits: ArcSwap::default(),
            loading: Mutex::default(),
            due: AtomicU64::new(0),
        }
    }

    /// Gives each of our own operations a config if it has none, and reads their limits. The order of the operations
    /// gives them the numbers that [`admit`](Self::admit) is asked with.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn open(&self, own: &[OwnInterface]) -> Result<(), Error> {
        let created_at = self.clock.now().millis();
        let wanted: Vec<_> = own.iter().map(|interface| seed(interface, created_at)).collect();
        self.store.add_missing_configs(&wanted, || self.random.hex(32)).await?;
        self.know(own);
        self.load().await
    }

    /// Says which operations are our own, for a program that does not [`open`](Self::open) them.
    pub fn know(&self, own: &[OwnInterface]) {
        self.own.get_or_init(|| own.iter().map(|one| (one.method.clone(), one.url.clone())).collect());
    }

    /// Method and URL of our own operations.
    pub(super) fn own(&self) -> &[(String, String)] {
        self.own.get().map_or(&[], Vec::as_slice)
    }

    /// The configs that have the keyword in name, URL or right, the newest first.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn list(&self, search: &Search) -> Result<Listed<InterfaceConfig>, Error> {
        let (keyword, page) = (search.keyword(), search.page());
        let (rows, total) = tokio::try_join!(
            self.store.find_configs(keyword, page.offset(), page.size()),
            self.store.count_configs(keyword),
        )?;
        Ok(Listed { items: rows.into_iter().map(InterfaceConfig::from).collect(), total })
    }

    /// The config with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none.
    pub async fn get(&self, id: &str) -> Result<InterfaceConfig, Error> {
        let row = if is_id(id) { self.store.config_by_uid(id).await? } else { None };
        row.map(InterfaceConfig::from).ok_or(Error::NotFound)
    }

    /// Makes a config and gives its id.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if a rule is broken, [`Error::ConfigTaken`] if there is one for its method and URL.
    pub async fn create(&self, creator: &User, spec: ConfigSpec) -> Result<String, Error> {
        let spec = spec.checked()?;
        let id = self.random.hex(32);
        let created_at = self.clock.now();
        let config = InterfaceConfig { id: id.clone(), spec, created_at };
        let log = self.log_row(creator, "INSERT", &id, &LogContent::Config(ConfigRecord::of(&config)));
        let row = NewConfigRow { uid: config.id, fields: config.spec.into_fields(), created_at: created_at.millis() };
        self.store.insert_config(row, log).await.map_err(taken)?;
        self.load_changed().await;
        Ok(id)
    }

    /// Replaces what a config says.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if a rule is broken, [`Error::NotFound`] if there is no config with this id,
    /// [`Error::ConfigTaken`] if there is another one for the method and URL.
    pub async fn update(&self, editor: &User, id: &str, spec: ConfigSpec) -> Result<(), Error> {
        let spec = spec.checked()?;
        if !is_id(id) {
            return Err(Error::NotFound);
        }
        let log = |row: &ConfigRow| {
            let before = InterfaceConfig::from(row.clone());
            let after = InterfaceConfig { spec: spec.clone(), ..before.clone() };
            let content = LogContent::Change { before: ConfigRecord::of(&before), after: ConfigRecord::of(&after) };
            self.log_row(editor, "UPDATE", id, &content)
        };
        let before = self.store.update_config(id, spec.clone().into_fields(), log).await.map_err(taken)?;
        before.ok_or(Error::NotFound)?;
        self.load_changed().await;
        Ok(())
    }

    /// Deletes a config.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none with this id.
    pub async fn delete(&self, editor: &User, id: &str) -> Result<(), Error> {
        if !is_id(id) {
            return Err(Error::NotFound);
        }
        let log = |row: &ConfigRow| {
            let config = InterfaceConfig::from(row.clone());
            self.log_row(editor, "DELETE", id, &LogContent::Config(ConfigRecord::of(&config)))
        };
        if !self.store.delete_config(id, log).await? {
            return Err(Error::NotFound);
        }
        self.load_changed().await;
        Ok(())
    }

    /// The changes that have the keyword in what was done, to what, or by whom, the newest first and without contents.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn logs(&self, search: &Search) -> Result<Listed<ConfigLog>, Error> {
        let (keyword, page) = (search.keyword(), search.page());
        let (rows, total) = tokio::try_join!(
            self.store.find_config_logs(keyword, page.offset(), page.size()),
            self.store.count_config_logs(keyword),
        )?;
        let items = rows.into_iter().map(|row| log_of(row, None)).collect();
        Ok(Listed { items, total })
    }

    /// The change with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none.
    pub async fn log(&self, id: &str) -> Result<ConfigLog, Error> {
        let row = if is_id(id) { self.store.config_log_by_uid(id).await? } else { None };
        let row = row.ok_or(Error::NotFound)?;
        let content = row.content.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
        Ok(log_of(row, content))
    }

    /// Reads the limits of our own operations from the store.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn load(&self) -> Result<(), Error> {
        let _alone = self.loading.lock().await;
        self.due.store(self.millis() + millis(RELOAD), Ordering::Relaxed);
        let rows = self.store.configs().await?;
        let limit_of = |(method, url): &(String, String)| {
            rows.iter().find(|row| row.method == *method && row.url == *url).and_then(limit)
        };
        let limits = self.own.get().into_iter().flatten().map(limit_of).collect();
        self.limits.store(Arc::new(limits));
        Ok(())
    }

    /// Whether it is time for [`refresh`](Self::refresh). Of those who ask at once, one is told so.
    pub fn is_due(&self) -> bool {
        let (now, due) = (self.millis(), self.due.load(Ordering::Relaxed));
        let next = now + millis(RELOAD);
        now >= due && self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Reads the limits again. If the store does not answer soon, those that are known stay.
    pub async fn refresh(&self) {
        match tokio::time::timeout(PATIENCE, self.load()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = error.chain(), "the interface configs could not be read again"),
            Err(_) => tracing::warn!("the interface configs could not be read again in time"),
        }
    }

    /// Whether a device may call our own operation of this number now; the call then counts.
    ///
    /// # Errors
    /// [`Throttled`] if it may not.
    pub fn admit(&self, interface: usize, device: impl FnOnce() -> Device) -> Result<(), Throttled> {
        let limits = self.limits.load();
        let Some(Some(limit)) = limits.get(interface) else { return Ok(()) };
        if self.throttle.admit(limit, device(), interface) {
            return Ok(());
        }
        Err(Throttled { message: limit.message.clone() })
    }

    /// Reads the limits after a change, which is made even if they cannot be read now: the next request tries again.
    async fn load_changed(&self) {
        if let Err(error) = self.load().await {
            self.due.store(0, Ordering::Relaxed);
            tracing::warn!(error = error.chain(), "a changed interface config takes effect later");
        }
    }

    fn log_row(&self, editor: &User, kind: &str, id: &str, content: &LogContent) -> NewConfigLogRow {
        NewConfigLogRow {
            uid: self.random.hex(32),
            kind: kind.to_owned(),
            business: BUSINESS.to_owned(),
            business_id: id.to_owned(),
            content: content.to_json(),
            creator: editor.name.chars().take(CREATOR_MAX).collect(),
            creator_id: editor.uid.clone(),
            created_at: self.clock.now().millis(),
        }
    }

    fn millis(&self) -> u64 {
        millis(self.clock.elapsed())
    }
}

impl From<ConfigRow> for InterfaceConfig {
    fn from(row: ConfigRow) -> Self {
        let spec = ConfigSpec {
            name: row.name,
            method: row.method,
            url: row.url,
            auth_code: row.auth_code,
            limit_gap: row.limit_gap,
            limit_cycle: row.limit_cycle,
            limit_max: row.limit_max,
            message: row.message,
            remark: row.remark,
            verify: row.verify,
            limit: row.limited,
        };
        Self { id: row.uid, spec, created_at: Timestamp::from_millis(row.created_at) }
    }
}

/// The config of an operation that has none. Its id is made from what it is for, so that every program that starts on
/// the same store makes the same, as long as no config that was made so is for something else by now.
fn seed(own: &OwnInterface, created_at: i64) -> NewConfigRow {
    let fields = ConfigFields {
        name: own.name.clone(),
        method: own.method.clone(),
        url: own.url.clone(),
        auth_code: own.auth_code.clone(),
        limit_gap: own.limit.map(|(gap, ..)| gap),
        limit_cycle: own.limit.map(|(_, cycle, _)| cycle),
        limit_max: own.limit.map(|(.., max)| max),
        message: None,
        remark: None,
        verify: own.verify,
        limited: own.limit.is_some(),
    };
    NewConfigRow { uid: hex::encode(Md5::digest(format!("{} {}", own.method, own.url))), fields, created_at }
}

/// The limit that a config sets. A number that is not positive, which only another program can have stored, counts as
/// missing.
fn limit(row: &ConfigRow) -> Option<Limit> {
    let positive =
        |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
    let seconds = |number| positive(number).map(|seconds| Duration::from_secs(seconds.into()));
    row.limited.then(|| Limit {
        gap: seconds(row.limit_gap),
        window: seconds(row.limit_cycle).zip(positive(row.limit_max)),
        message: row.message.as_deref().map(Arc::from),
    })
}

fn log_of(row: ConfigLogRow, content: Option<LogContent>) -> ConfigLog {
    ConfigLog {
        id: row.uid,
        kind: row.kind,
        business: row.business,
        business_id: row.business_id,
        content,
        creator: row.creator,
        creator_id: row.creator_id,
        created_at: Timestamp::from_millis(row.created_at),
    }
}

fn taken(error: store::Error) -> Error {
    match error {
        store::Error::Taken(Unique::ConfigUrl) => Error::ConfigTaken,
        other => other.into(),
    }
}

/// Whether a text can be an id of ours. What cannot is not looked for: PostgreSQL would refuse a zero byte.
fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
