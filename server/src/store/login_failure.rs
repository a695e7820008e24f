//! Rows of failures to log in.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::entity::login_failure::{ActiveModel, Column, Entity};
use super::{Error, Store};

pub use super::entity::login_failure::Model as LoginFailureRow;

impl Store {
    /// What is recorded of a subject.
    pub async fn login_failures(&self, subject: &str) -> Result<Option<LoginFailureRow>, Error> {
        Ok(Entity::find_by_id(subject).one(&self.db).await?)
    }

    /// Records a failure of `subject` at `now`, in milliseconds since the epoch: `next` makes of the former row what it is
    /// from now on. Of any number that fail at once, each is counted.
    pub async fn record_login_failure(
        &self,
        subject: &str,
        now: i64,
        next: impl Fn(LoginFailureRow) -> LoginFailureRow + Send + Sync,
    ) -> Result<LoginFailureRow, Error> {
        let next = &next;
        self.transaction(move |transaction| async move {
            let transaction = &*transaction;
            let row = ActiveModel {
                subject: ActiveValue::Set(subject.to_owned()),
                recent: ActiveValue::Set(String::new()),
                last_at: ActiveValue::Set(now),
                locked_until: ActiveValue::Set(None),
            };
            // The row stays locked until the end, whoever made it.
            let settle = OnConflict::column(Column::Subject).update_column(Column::LastAt).to_owned();
            Entity::insert(row).on_conflict(settle).exec_without_returning(transaction).await?;
            let row = Entity::find_by_id(subject).one(transaction).await?;
            let Some(row) = row.map(next) else {
                return Err(Error::Fault(sea_orm::DbErr::RecordNotFound("a login failure".to_owned())));
            };
            Entity::update_many()
                .col_expr(Column::Recent, Expr::value(row.recent.as_str()))
                .col_expr(Column::LockedUntil, Expr::value(row.locked_until))
                .filter(Column::Subject.eq(subject))
                .exec(transaction)
                .await?;
            Ok(row)
        })
        .await
    }

    /// Forgets the failures of a subject.
    pub async fn forget_login_failures(&self, subject: &str) -> Result<(), Error> {
        Entity::delete_by_id(subject).exec(&*self.turn().await?).await?;
        Ok(())
    }

    /// Forgets the failures of those who did not fail since `before`, in milliseconds since the epoch.
    pub async fn purge_login_failures(&self, before: i64) -> Result<u64, Error> {
        Ok(Entity::delete_many().filter(Column::LastAt.lt(before)).exec(&*self.turn().await?).await?.rows_affected)
    }
}
