//! The database: SQLite (embedded), PostgreSQL, MySQL or MariaDB, through one code path. One file a noun.
//!
//! Rows go in and out as plain structs; what they mean is the domain's business. Uniqueness is settled by the
//! database: an insert is tried, and the constraint that refused it is told by name.

mod access;
mod app;
mod audit;
mod config;
mod data_key;
mod entity;
mod error;
mod login_failure;
mod migrate;
mod permission;
mod product;
mod project;
mod realm;
mod session;
mod transaction;
mod turn;
mod user;
mod wechat;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

pub use access::{AccessTokenRow, ELSEWHERE, Renewal, TenantRow};
pub use app::{AppRow, NewAppRow};
pub use audit::AuditRow;
pub use config::{ConfigFields, ConfigLogRow, ConfigRow, NewConfigLogRow, NewConfigRow};
pub use data_key::DataKeyRow;
pub use error::{Error, Unique};
pub use login_failure::LoginFailureRow;
pub use migrate::MigrationState;
pub use permission::{FunctionRow, NavigatorRow};
pub use product::{NewProductRow, ProductRow};
pub use project::{NewProjectRow, PoolRow, ProjectRow};
pub use realm::{
    RealmApp, RealmConfig, RealmFunction, RealmLog, RealmNavigator, RealmPool, RealmPut, RealmRemoval, RealmRole,
    RealmState, RealmTenant, RealmUser, RealmWechatApp, RealmWrites, UserScope,
};
pub use session::{RefreshRow, Rotation, SessionRow};
pub use user::{HandleKind, NewUserRow, PasswordRow, UserRow};
pub use wechat::{WechatAppRow, WechatUserRow};

use turn::Turns;

/// Values in one list of a statement; SQLite counts to some thousands.
const CHUNK: usize = 400;

/// Connections to a database server at most. Each is held for one short statement.
const POOL: u32 = 16;

/// Connections to an SQLite file at most: one writes at a time, the others read beside it.
const SQLITE_POOL: u32 = 8;

/// How long to wait for a connection, new or from the pool, before the database counts as unavailable.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait until an SQLite file that is busy is opened again.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// How long one statement may take on PostgreSQL, migrations apart.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(15);

/// An open database. A clone shares its pool of connections.
#[derive(Clone)]
pub struct Store {
    db: DatabaseConnection,
    turns: Arc<Turns>,
    url: String,
}

impl Store {
    /// Connects to `url`: `sqlite:PATH`, `postgres://…` or `mysql://…` (MariaDB too). An SQLite file is made if it is
    /// missing. The schema is left alone; see [`migrate_up`](Self::migrate_up).
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer, [`Error::Fault`] if the URL is of no known kind.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        if url.starts_with("sqlite:") && !url.contains(":memory:") {
            make_private(url);
        }
        Self::connect_with(url, options(url)).await
    }

    /// Connects to `url` as [`connect`](Self::connect) does, but makes no SQLite file, and gives nothing if it is missing.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_existing(url: &str) -> Result<Option<Self>, Error> {
        match url.parse::<SqliteConnectOptions>() {
            Ok(sqlite) if url.starts_with("sqlite:") && !sqlite.get_filename().is_file() => Ok(None),
            _ => {
                let mut options = options(url);
                // The mode of the journal is written into the file, and so stays what it is.
                options.map_sqlx_sqlite_opts(|sqlite| {
                    sqlite.create_if_missing(false).foreign_keys(true).busy_timeout(PATIENCE)
                });
                Self::connect_with(url, options).await.map(Some)
            }
        }
    }

    async fn connect_with(url: &str, mut options: ConnectOptions) -> Result<Self, Error> {
        match (url.starts_with("sqlite:"), url.contains(":memory:")) {
            // Each connection would have a memory of its own, and lose it when it closes.
            (true, true) => options.max_connections(1).idle_timeout(None::<Duration>).max_lifetime(None::<Duration>),
            (true, false) => options.max_connections(SQLITE_POOL).min_connections(1),
            (false, _) => options.max_connections(POOL).statement_timeout(STATEMENT_TIMEOUT),
        };
        let db = open(options).await?;
        let turns = if url.starts_with("sqlite:") { Turns::one_by_one() } else { Turns::default() };
        Ok(Self { db, turns: Arc::new(turns), url: url.to_owned() })
    }

    /// The URL of the embedded database in `data_dir`: the SQLite file `gatehouse.db`.
    pub fn embedded_url(data_dir: &Path) -> String {
        let path = data_dir.join("gatehouse.db");
        let escaped: String = path
            .to_string_lossy()
            .chars()
            .map(|c| match c {
                '%' => "%25".to_owned(),
                '?' => "%3F".to_owned(),
                '#' => "%23".to_owned(),
                other => other.to_string(),
            })
            .collect();
        format!("sqlite://{escaped}?mode=rwc")
    }

    /// Whether the database answers now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.db.ping().await.map_err(Error::connecting)
    }

    /// Closes every connection, after the statements that run on them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if a connection was lost before it could be closed.
    pub async fn close(self) -> Result<(), Error> {
        self.db.close().await.map_err(Error::connecting)
    }
}

/// Makes the file of a new SQLite database, readable by its owner only; SQLite would leave that to the process's mask, and
/// gives the files beside it the mode of this one. What stands in the way SQLite itself will tell.
fn make_private(url: &str) {
    if let Ok(sqlite) = url.parse::<SqliteConnectOptions>() {
        let _there_already = OpenOptions::new().write(true).create_new(true).mode(0o600).open(sqlite.get_filename());
    }
}

/// Opens a pool. SQLite does not wait for its lock while a new file is being turned to WAL by another process that
/// starts at the same time, and says at once that it is busy: hence some further attempts.
async fn open(options: ConnectOptions) -> Result<DatabaseConnection, Error> {
    for _ in 0..PATIENCE.as_millis() / BUSY_PAUSE.as_millis() {
        match Database::connect(options.clone()).await.map_err(Error::connecting) {
            Err(error) if error.is_sqlite_busy() => tokio::time::sleep(BUSY_PAUSE).await,
            outcome => return outcome,
        }
    }
    Database::connect(options).await.map_err(Error::connecting)
}

/// What holds for every connection of this program, pooled or single.
fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .connect_timeout(PATIENCE)
        .acquire_timeout(PATIENCE)
        .sqlx_logging(false)
        .set_application_name("gatehouse")
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .busy_timeout(PATIENCE)
                .journal_mode(SqliteJournalMode::Wal)
                // Synchronous at each commit, so that nothing that was acknowledged is lost with the power either.
                .synchronous(SqliteSynchronous::Full)
        });
    options
}

#[cfg(test)]
mod tests;
