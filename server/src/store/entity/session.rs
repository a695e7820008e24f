//! Table `session`.

use sea_orm::entity::prelude::*;

/// A row of the table of sessions.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// 32 hexadecimal digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The dialect whose tokens belong to the session.
    pub dialect: String,
    /// The user.
    pub user_id: i64,
    /// When the user logged in; milliseconds since the epoch.
    pub created_at: i64,
    /// When nothing of the session is good any more; milliseconds since the epoch.
    pub expires_at: i64,
    /// When it was ended early, if it was; milliseconds since the epoch.
    pub revoked_at: Option<i64>,
    /// Why it was.
    pub revoked_why: Option<String>,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
