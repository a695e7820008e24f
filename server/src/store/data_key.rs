//! Rows of data keys.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use super::entity::data_key::{ActiveModel, Column, Entity};
use super::{Error, Store};

pub use super::entity::data_key::Model as DataKeyRow;

impl Store {
    /// Adds the data key of a purpose.
    ///
    /// # Errors
    /// [`Error::Taken`] if the purpose has one.
    pub async fn insert_data_key(&self, row: DataKeyRow) -> Result<(), Error> {
        let row = ActiveModel {
            id: ActiveValue::NotSet,
            purpose: ActiveValue::Set(row.purpose),
            key_id: ActiveValue::Set(row.key_id),
            private_key: ActiveValue::Set(row.private_key),
            wrapped: ActiveValue::Set(row.wrapped),
            created_at: ActiveValue::Set(row.created_at),
        };
        Entity::insert(row).exec_without_returning(&*self.turn().await?).await?;
        Ok(())
    }

    /// The data key of a purpose.
    pub async fn data_key(&self, purpose: &str) -> Result<Option<DataKeyRow>, Error> {
        Ok(Entity::find().filter(Column::Purpose.eq(purpose)).one(&self.db).await?)
    }

    /// Replaces the private key of a data key by the same one encrypted under the master key `key_id`, unless that
    /// has been done.
    pub async fn move_data_key(&self, id: i64, seen: &str, key_id: &str, private_key: &str) -> Result<(), Error> {
        Entity::update_many()
            .col_expr(Column::KeyId, Expr::value(key_id))
            .col_expr(Column::PrivateKey, Expr::value(private_key))
            .filter(Column::Id.eq(id))
            .filter(Column::KeyId.eq(seen))
            .exec(&*self.turn().await?)
            .await?;
        Ok(())
    }

    /// How many data keys are encrypted under the master key `key_id`.
    pub async fn count_data_keys_under(&self, key_id: &str) -> Result<u64, Error> {
        Ok(Entity::find().filter(Column::KeyId.eq(key_id)).count(&self.db).await?)
    }
}
