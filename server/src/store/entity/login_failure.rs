//! Table `login_failure`.

use sea_orm::entity::prelude::*;

/// A row of the table of failures to log in.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_failure")]
pub struct Model {
    /// Whose they are: `user:` and the numeric id, or `none:` and a digest of a name that nobody has.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// When the latest wrong signatures came, in milliseconds since the epoch, separated by commas.
    pub recent: String,
    /// When the last one came; milliseconds since the epoch.
    pub last_at: i64,
    /// Until when nobody logs in; milliseconds since the epoch.
    pub locked_until: Option<i64>,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
