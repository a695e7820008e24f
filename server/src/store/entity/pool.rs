//! Table `pool`.

use sea_orm::entity::prelude::*;

/// A row of the table of pools.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pool")]
pub struct Model {
    /// The number that provisioning gave it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Its name, perhaps empty.
    pub name: String,
    /// The type of the projects that it serves; none for the pool of all others.
    pub project_type: Option<i32>,
    /// The addresses that its projects call: a JSON list of texts.
    pub end_points: String,
    /// Requests a day for each of its projects.
    pub request_max: i32,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
