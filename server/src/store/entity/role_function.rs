//! Table `role_function`.

use sea_orm::entity::prelude::*;

/// A row of the table of functions that roles permit or deny.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role_function")]
pub struct Model {
    /// The numeric id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The role.
    pub role_id: i64,
    /// The function.
    pub function_id: i64,
    /// Whether the role permits it; else the role denies it, whatever other roles say.
    pub permit: bool,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
