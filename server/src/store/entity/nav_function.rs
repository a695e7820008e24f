//! Table `nav_function`.

use sea_orm::entity::prelude::*;

/// A row of the table of functions of navigators.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "nav_function")]
pub struct Model {
    /// The numeric id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The public id: 32 hexadecimal digits, unique.
    pub uid: String,
    /// The module that it belongs to.
    pub navigator_id: i64,
    /// The type of the node, which means something to clients only.
    pub kind: i32,
    /// The place in the module, ascending.
    pub position: i32,
    /// The name that people see.
    pub name: String,
    /// The rights that it stands for, separated by commas.
    pub auth_codes: String,
    /// What clients call for it.
    pub method: Option<String>,
    /// The path of its icon.
    pub icon_url: Option<String>,
    /// Whether clients draw a line before it.
    pub begin_group: Option<bool>,
    /// Whether clients show its icon only.
    pub hide_text: Option<bool>,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
