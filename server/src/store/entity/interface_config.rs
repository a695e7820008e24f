//! Table `interface_config`.

use sea_orm::entity::prelude::*;

/// A row of the table of interface configs.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "interface_config")]
pub struct Model {
    /// The numeric id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The public id: 32 hexadecimal digits, unique.
    pub uid: String,
    /// What the interface does.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path, with `{parameters}`.
    pub url: String,
    /// The right that its callers need.
    pub auth_code: Option<String>,
    /// The least time between two calls of a device, in seconds.
    pub limit_gap: Option<i32>,
    /// The length of the window, in seconds.
    pub limit_cycle: Option<i32>,
    /// Calls of a device that a window admits.
    pub limit_max: Option<i32>,
    /// What whoever is limited is told; none for the usual message.
    pub message: Option<String>,
    /// A note.
    pub remark: Option<String>,
    /// Whether callers need a token.
    pub verify: bool,
    /// Whether the limits hold.
    pub limited: bool,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
