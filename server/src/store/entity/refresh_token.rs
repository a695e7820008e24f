//! Table `refresh_token`.

use sea_orm::entity::prelude::*;

/// A row of the table of refresh tokens. All tokens of a session are one family.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    /// The token's id: 32 hexadecimal digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The session.
    pub session_id: String,
    /// The id of the access token that was issued with it.
    pub access_id: String,
    /// The key that signed both.
    pub key_id: String,
    /// Milliseconds since the epoch, a whole second.
    pub issued_at: i64,
    /// Milliseconds since the epoch, a whole second.
    pub expires_at: i64,
    /// When it was exchanged for its successor; milliseconds since the epoch.
    pub spent_at: Option<i64>,
    /// The id of the token that replaced it.
    pub successor: Option<String>,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
