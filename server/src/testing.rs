//! Databases for tests: each test has one of its own, on each system that is there, and leaves nothing behind.
//!
//! `GATEHOUSE_TEST_DATABASES` names the systems, a list out of `sqlite`, `postgres` and `mysql`; a test then fails if
//! one of them is not there. Without it SQLite is always tested, and the others where their ports answer on loopback,
//! which all of them have to where `GATEHOUSE_TEST_REQUIRE` names `databases`.

#![expect(clippy::expect_used, reason = "test support: a panic is how a test says that its surroundings are wrong")]

use std::fs::{self, DirBuilder};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Once;
use std::thread;
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database};

use crate::domain::random::Random;
use crate::store::Store;

/// A database system that the tests know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in a temporary directory.
    Sqlite,
    /// The server on loopback, port 5432, where `postgres` may log in without a password.
    Postgres,
    /// MySQL or MariaDB on loopback, port 3306, where `root` may log in without a password.
    Mysql,
}

impl Backend {
    const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// The name in `GATEHOUSE_TEST_DATABASES`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }

    fn port(self) -> Option<u16> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(5432),
            Self::Mysql => Some(3306),
        }
    }

    fn answers(self) -> bool {
        let Some(port) = self.port() else { return true };
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Duration::from_secs(1)).is_ok()
    }

    /// The address of the server, and of `database` on it.
    fn url(self, database: &str) -> String {
        match self {
            Self::Sqlite => Store::embedded_url(database.as_ref()),
            Self::Postgres => format!("postgres://postgres@127.0.0.1:5432/{database}"),
            Self::Mysql => format!("mysql://root@127.0.0.1:3306/{database}"),
        }
    }

    /// A database that always exists, from which others are made.
    fn administration_url(self) -> String {
        self.url(if self == Self::Postgres { "postgres" } else { "" })
    }
}

/// The systems to test on.
///
/// # Panics
/// If `GATEHOUSE_TEST_DATABASES` names an unknown one, or a required one does not answer.
pub fn backends() -> Vec<Backend> {
    if let Ok(wanted) = std::env::var("GATEHOUSE_TEST_DATABASES") {
        let names = wanted.split(',').map(str::trim).filter(|name| !name.is_empty());
        let known = |name: &str| Backend::ALL.into_iter().find(|backend| backend.name() == name);
        return names.map(|name| known(name).expect("GATEHOUSE_TEST_DATABASES: sqlite, postgres, mysql")).collect();
    }
    static TOLD: Once = Once::new();
    let (there, missing): (Vec<_>, Vec<_>) = Backend::ALL.into_iter().partition(|backend| backend.answers());
    let required = std::env::var("GATEHOUSE_TEST_REQUIRE").unwrap_or_default();
    assert!(
        missing.is_empty() || required.split(',').all(|one| one.trim() != "databases"),
        "databases are required here, and {missing:?} do not answer"
    );
    TOLD.call_once(|| {
        for backend in missing {
            eprintln!("left out: tests on {}, because nothing answers on its port", backend.name());
        }
    });
    there
}

/// One fresh, empty database on each of [`backends`].
pub async fn databases() -> Vec<TestDatabase> {
    let mut databases = Vec::new();
    for backend in backends() {
        databases.push(TestDatabase::create(backend).await);
    }
    databases
}

/// A database of one test. It is dropped, with whoever is still connected, when this value is.
pub struct TestDatabase {
    backend: Backend,
    name: String,
}

impl TestDatabase {
    /// Makes an empty database, without a schema.
    ///
    /// # Panics
    /// If the system does not answer or refuses.
    pub async fn create(backend: Backend) -> Self {
        let name = format!("gatehouse_test_{}", Random::system().hex(16));
        if backend == Backend::Sqlite {
            let directory = std::env::temp_dir().join(name);
            DirBuilder::new().mode(0o700).create(&directory).expect("a directory of its own among the temporary files");
            return Self { backend, name: directory.to_str().expect("a path in Unicode").to_owned() };
        }
        let from = if backend == Backend::Postgres { " TEMPLATE template0" } else { "" };
        administer(backend, format!("CREATE DATABASE {name}{from}")).await;
        Self { backend, name }
    }

    /// The system that it is on.
    pub const fn backend(&self) -> Backend {
        self.backend
    }

    /// The address for [`Store::connect`] or the setting `database_url`.
    pub fn url(&self) -> String {
        self.backend.url(&self.name)
    }

    /// A store on it, with the schema applied.
    ///
    /// # Panics
    /// If connecting or a migration fails.
    pub async fn store(&self) -> Store {
        let store = Store::connect(&self.url()).await.expect("the test's database answers");
        store.migrate_up().await.expect("the schema is applied");
        store
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.backend == Backend::Sqlite {
            if let Err(error) = fs::remove_dir_all(&self.name) {
                eprintln!("the test database in {} stays behind: {error}", self.name);
            }
            return;
        }
        let (backend, name) = (self.backend, self.name.clone());
        let force = if backend == Backend::Postgres { " WITH (FORCE)" } else { "" };
        // A thread with a runtime of its own, because the test's runtime may be ending with the test.
        let cleaning = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(administer(backend, format!("DROP DATABASE IF EXISTS {name}{force}")));
        });
        if cleaning.join().is_err() {
            eprintln!("the test database {} stays behind", self.name);
        }
    }
}

async fn administer(backend: Backend, statement: String) {
    let mut options = ConnectOptions::new(backend.administration_url());
    options.max_connections(1).sqlx_logging(false);
    let server = Database::connect(options).await.expect("the database server answers");
    server.execute_unprepared(&statement).await.expect("the database server lets tests make databases");
    server.close().await.expect("the connection closes");
}
