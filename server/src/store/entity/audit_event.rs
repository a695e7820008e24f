//! Table `audit_event`.

use sea_orm::entity::prelude::*;

/// A row of the record of security events.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_event")]
pub struct Model {
    /// The numeric id, given by the database in ascending order.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Milliseconds since the epoch.
    pub at: i64,
    /// What happened.
    pub kind: String,
    /// Through which dialect.
    pub dialect: String,
    /// The user whom it is about, where there is one.
    pub user_id: Option<i64>,
    /// What it is about beyond the user: a name that was tried, an id.
    pub subject: Option<String>,
    /// The address of the client.
    pub client: String,
    /// The trace id of the request.
    pub trace: String,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
