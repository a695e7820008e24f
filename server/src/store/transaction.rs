//! Transactions: all of it or nothing, tried again where the database gave another transaction the preference.

use std::sync::Arc;

use sea_orm::{
    DatabaseTransaction, DbBackend, DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};

use super::{Error, Store};

/// How often a transaction is tried that another one got in the way of.
const ATTEMPTS: u32 = 8;

impl Store {
    /// Runs `work` in a transaction, which is committed if it succeeds and leaves no trace if it does not.
    ///
    /// Each statement sees what others have committed before it, and a row that was changed here stays locked until the
    /// end: whoever has to be alone changes first and reads afterwards.
    ///
    /// `work` must not keep the connection that it is given.
    pub(super) async fn transaction<T, F, W>(&self, work: F) -> Result<T, Error>
    where
        F: Fn(Arc<DatabaseTransaction>) -> W,
        W: Future<Output = Result<T, Error>>,
    {
        let mut attempt = 1;
        loop {
            match self.attempt(&work).await {
                Err(error) if attempt < ATTEMPTS && error.is_conflict() => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn attempt<T, F, W>(&self, work: &F) -> Result<T, Error>
    where
        F: Fn(Arc<DatabaseTransaction>) -> W,
        W: Future<Output = Result<T, Error>>,
    {
        let sqlite = self.db.get_database_backend() == DbBackend::Sqlite;
        let options = TransactionOptions {
            // SQLite has one writer, and refuses at once to let a reader become it.
            sqlite_transaction_mode: sqlite.then_some(SqliteTransactionMode::Immediate),
            isolation_level: (!sqlite).then_some(IsolationLevel::ReadCommitted),
            access_mode: None,
        };
        let turn = self.turn().await?;
        let transaction = Arc::new(turn.begin_with_options(options).await?);
        let outcome = work(Arc::clone(&transaction)).await;
        let Some(transaction) = Arc::into_inner(transaction) else {
            return Err(Error::Fault(DbErr::Custom("a transaction was kept beyond its work".to_owned())));
        };
        match outcome {
            Ok(value) => {
                transaction.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // What went wrong first is what counts; a connection that cannot roll back is rolled back by its end.
                let _lost = transaction.rollback().await;
                Err(error)
            }
        }
    }
}
