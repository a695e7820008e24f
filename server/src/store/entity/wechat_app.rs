//! Table `wechat_app`.

use sea_orm::entity::prelude::*;

/// A row of the table of applications at WeChat.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wechat_app")]
pub struct Model {
    /// The numeric id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The id that WeChat gave it, unique.
    pub wechat_app_id: String,
    /// Its secret, encrypted.
    pub secret_sealed: String,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
