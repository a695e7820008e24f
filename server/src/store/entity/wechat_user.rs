//! Table `wechat_user`.

use sea_orm::entity::prelude::*;

/// A row of the table of WeChat accounts of users.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wechat_user")]
pub struct Model {
    /// The numeric id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The UnionID, unique.
    pub union_id: String,
    /// Whose account it is; a user has one.
    pub user_id: i64,
    /// When it was bound; milliseconds since the epoch.
    pub created_at: i64,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
