//! Table `product`.

use sea_orm::entity::prelude::*;

/// A row of the table of products.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    /// The numeric id, given by the database in ascending order.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The owner.
    pub user_id: i64,
    /// Its name, unique among the owner's.
    pub name: String,
    /// Its key, unique.
    pub product_key: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
