//! Rows of products.

use sea_orm::{ActiveModelTrait as _, ActiveValue};

use super::entity::product::ActiveModel;
use super::{Error, Store};

pub use super::entity::product::Model as ProductRow;

/// What [`Store::insert_product`] needs; the columns are those of [`ProductRow`].
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the columns that ProductRow documents")]
pub struct NewProductRow {
    pub user_id: i64,
    pub name: String,
    pub product_key: String,
    pub created_at: i64,
}

impl Store {
    /// Adds a product.
    ///
    /// # Errors
    /// [`Error::Taken`] if its key is taken, or its user has one of this name.
    pub async fn insert_product(&self, new: NewProductRow) -> Result<ProductRow, Error> {
        let row = ActiveModel {
            id: ActiveValue::NotSet,
            user_id: ActiveValue::Set(new.user_id),
            name: ActiveValue::Set(new.name),
            product_key: ActiveValue::Set(new.product_key),
            created_at: ActiveValue::Set(new.created_at),
        };
        Ok(row.insert(&*self.turn().await?).await?)
    }
}
