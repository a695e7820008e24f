//! Turns of those who write. SQLite has one writer, and whoever waits for it there looks from time to time whether it is
//! done, with a connection in hand: the unlucky wait long, and readers for a connection. In this program they queue.

use std::ops::Deref;

use sea_orm::{DatabaseConnection, DbErr};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

use super::{Error, PATIENCE, Store};

/// Who writes now; none where the database sees to it itself.
#[derive(Default)]
pub(super) struct Turns(Option<Mutex<()>>);

impl Turns {
    /// Those of an SQLite file.
    pub(super) fn one_by_one() -> Self {
        Self(Some(Mutex::default()))
    }
}

/// The database, for one change. It must not be kept while another is waited for.
pub(super) struct Turn<'a> {
    db: &'a DatabaseConnection,
    _only: Option<MutexGuard<'a, ()>>,
}

impl Deref for Turn<'_> {
    type Target = DatabaseConnection;

    fn deref(&self) -> &DatabaseConnection {
        self.db
    }
}

impl Store {
    /// The database, as soon as it is this one's turn to change it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if others are not done in time.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, Error> {
        let only = match &self.turns.0 {
            None => None,
            Some(turns) => {
                let late =
                    |_| Error::Unavailable(DbErr::Custom("those who write before are not done in time".to_owned()));
                Some(timeout(PATIENCE, turns.lock()).await.map_err(late)?)
            }
        };
        Ok(Turn { db: &self.db, _only: only })
    }
}
