//! Table `project`.

use sea_orm::entity::prelude::*;

/// A row of the table of projects.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "project")]
pub struct Model {
    /// The numeric id, given by the database in ascending order.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The owner.
    pub user_id: i64,
    /// A number that the owner's clients understand.
    pub project_type: i32,
    /// Its name; not unique.
    pub name: String,
    /// The public half of its key, unique.
    pub project_key: String,
    /// The secret half, encrypted.
    pub secret_sealed: String,
    /// The pool that serves it.
    pub pool_id: Option<i64>,
    /// Requests that were ever admitted.
    pub request_total: i64,
    /// The day that `request_today` counts, in days since the epoch (UTC).
    pub request_day: i64,
    /// Requests that were admitted on that day.
    pub request_today: i64,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    /// When it was deleted, if it was; milliseconds since the epoch.
    pub deleted_at: Option<i64>,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
