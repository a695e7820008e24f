//! Table `navigator`.

use sea_orm::entity::prelude::*;

/// A row of the table of navigators.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "navigator")]
pub struct Model {
    /// The numeric id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The public id: 32 hexadecimal digits, unique.
    pub uid: String,
    /// The application whose menu it stands in.
    pub app_id: i64,
    /// The group that it stands in; none for a group of the first level.
    pub parent_id: Option<i64>,
    /// The level: 1 for a group, 2 for a module.
    pub kind: i32,
    /// The place among its siblings, ascending.
    pub position: i32,
    /// The name that people see.
    pub name: String,
    /// The path of its icon.
    pub icon_url: Option<String>,
    /// The name of the module that it opens.
    pub module: Option<String>,
    /// The file that holds the module.
    pub file: Option<String>,
    /// Whether clients open the module by themselves.
    pub auto_load: Option<bool>,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
