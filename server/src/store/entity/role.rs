//! Table `role`.

use sea_orm::entity::prelude::*;

/// A row of the table of roles.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role")]
pub struct Model {
    /// The numeric id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The public id: 32 hexadecimal digits, unique.
    pub uid: String,
    /// The tenant in which it counts; none where it counts in all.
    pub tenant_id: Option<i64>,
    /// The name that people see.
    pub name: String,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
