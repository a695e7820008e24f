//! Table `interface_log`.

use sea_orm::entity::prelude::*;

/// A row of the table of changes of interface configs.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "interface_log")]
pub struct Model {
    /// The numeric id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The public id: 32 hexadecimal digits, unique.
    pub uid: String,
    /// `INSERT`, `UPDATE` or `DELETE`.
    pub kind: String,
    /// What was changed, in words.
    pub business: String,
    /// The public id of what was changed.
    pub business_id: String,
    /// What it was made, or was before and after, or had been: JSON.
    pub content: Option<String>,
    /// The name of whoever changed it.
    pub creator: String,
    /// The public id of that user.
    pub creator_id: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
