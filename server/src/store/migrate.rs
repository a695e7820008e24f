//! The schema's migrations, under a lock, so that several instances may start at once.

use gatehouse_migration::Migrator;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use sea_orm_migration::{MigrationStatus, MigratorTrait};

use super::{Error, Store, open, options};

/// The PostgreSQL advisory lock: any number that no other program is likely to choose.
const POSTGRES_LOCK: i64 = 0x6761_7465_686f_7573;

/// The MySQL lock is one of the whole server, hence the database in its name; names hold 64 characters.
const MYSQL_LOCK: &str = "CONCAT('gatehouse.', MD5(DATABASE()))";

/// How long to wait for another instance's migration, in seconds.
const LOCK_SECONDS: u32 = 600;

/// A migration and whether it has been applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationState {
    /// Its name, such as `m20261123_000001_app`.
    pub name: String,
    /// Whether the schema has it.
    pub applied: bool,
}

enum Direction {
    Up,
    Down(u32),
}

impl Store {
    /// Every migration that this program knows, in order. Changes nothing.
    ///
    /// # Errors
    /// The database cannot be read, or has a migration that this program does not know.
    pub async fn migrations(&self) -> Result<Vec<MigrationState>, Error> {
        let known = Migrator::get_migration_with_status_read_only(&self.db).await?;
        let state = |status| matches!(status, MigrationStatus::Applied);
        Ok(known.iter().map(|m| MigrationState { name: m.name().to_owned(), applied: state(m.status()) }).collect())
    }

    /// The migrations of a database that is still to be made.
    pub fn migrations_of_none() -> Vec<MigrationState> {
        let known = Migrator::migrations();
        known.iter().map(|m| MigrationState { name: m.name().to_owned(), applied: false }).collect()
    }

    /// Applies what is pending and gives the names of it. An instance that comes second waits, and finds nothing to do.
    ///
    /// # Errors
    /// A migration failed. On SQLite and PostgreSQL it then left no trace.
    pub async fn migrate_up(&self) -> Result<Vec<String>, Error> {
        if self.pending().await?.is_empty() {
            return Ok(Vec::new());
        }
        self.migrate(Direction::Up).await
    }

    /// Takes the last `steps` applied migrations back, with the data that they hold, and gives the names of them.
    ///
    /// # Errors
    /// As [`migrate_up`](Self::migrate_up).
    pub async fn migrate_down(&self, steps: u32) -> Result<Vec<String>, Error> {
        self.migrate(Direction::Down(steps)).await
    }

    async fn pending(&self) -> Result<Vec<String>, Error> {
        Ok(self.migrations().await?.into_iter().filter(|m| !m.applied).map(|m| m.name).collect())
    }

    async fn migrate(&self, direction: Direction) -> Result<Vec<String>, Error> {
        // Locks belong to a connection. SQLite in memory has but one, which is the store's own.
        let single = if self.url.contains(":memory:") {
            None
        } else {
            let mut options = options(&self.url);
            options.min_connections(1).max_connections(1).idle_timeout(None::<std::time::Duration>);
            Some(open(options).await?)
        };
        let connection = single.as_ref().unwrap_or(&self.db);
        lock(connection).await?;
        let outcome = run(connection, direction).await;
        unlock(connection, outcome.is_ok()).await?;
        if let Some(single) = single {
            single.close().await.map_err(Error::connecting)?;
        }
        Ok(outcome?)
    }
}

async fn run(connection: &DatabaseConnection, direction: Direction) -> Result<Vec<String>, DbErr> {
    let applied =
        |list: Vec<sea_orm_migration::Migration>| list.iter().map(|m| m.name().to_owned()).collect::<Vec<_>>();
    let before = applied(Migrator::get_applied_migrations(connection).await?);
    match direction {
        Direction::Up => Migrator::up(connection, None).await?,
        Direction::Down(steps) => Migrator::down(connection, Some(steps)).await?,
    }
    let after = applied(Migrator::get_applied_migrations(connection).await?);
    Ok(match direction {
        Direction::Up => after.into_iter().filter(|name| !before.contains(name)).collect(),
        Direction::Down(_) => before.into_iter().filter(|name| !after.contains(name)).rev().collect(),
    })
}

async fn lock(connection: &DatabaseConnection) -> Result<(), Error> {
    match connection.get_database_backend() {
        // The whole run is one transaction here: SQLite's schema changes are transactional.
        DbBackend::Sqlite => connection.execute_unprepared("BEGIN IMMEDIATE").await.map(drop)?,
        DbBackend::Postgres => {
            connection.execute_unprepared(&format!("SET lock_timeout = '{LOCK_SECONDS}s'")).await?;
            connection.execute_unprepared(&format!("SELECT pg_advisory_lock({POSTGRES_LOCK})")).await?;
        }
        DbBackend::MySql => {
            let asked = format!("SELECT GET_LOCK({MYSQL_LOCK}, {LOCK_SECONDS}) AS held");
            let row = connection.query_one_raw(Statement::from_string(DbBackend::MySql, asked)).await?;
            let held = row.map(|row| row.try_get::<Option<i64>>("", "held")).transpose()?.flatten();
            if held != Some(1) {
                return Err(Error::Unavailable(DbErr::Migration("another instance is migrating".to_owned())));
            }
        }
        other => return Err(Error::Fault(DbErr::Migration(format!("{other:?} is not supported")))),
    }
    Ok(())
}

async fn unlock(connection: &DatabaseConnection, done: bool) -> Result<(), DbErr> {
    let statement = match connection.get_database_backend() {
        DbBackend::Sqlite if done => "COMMIT".to_owned(),
        DbBackend::Sqlite => "ROLLBACK".to_owned(),
        DbBackend::Postgres => format!("SELECT pg_advisory_unlock({POSTGRES_LOCK})"),
        _ => format!("SELECT RELEASE_LOCK({MYSQL_LOCK})"),
    };
    connection.execute_unprepared(&statement).await.map(drop)
}
