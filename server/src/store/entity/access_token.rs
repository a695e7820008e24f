//! Table `access_token`.

use sea_orm::entity::prelude::*;

/// A row of the table of sessions of opaque tokens.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_token")]
pub struct Model {
    /// The id in both tokens: 32 hexadecimal digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The user.
    pub user_id: i64,
    /// The application.
    pub app_id: i64,
    /// The tenant that the user logged in to.
    pub tenant_id: Option<i64>,
    /// What the client calls its device.
    pub device_id: Option<String>,
    /// The keyed hash of the access secret, as `key id:hexadecimal`.
    pub access_hash: String,
    /// The keyed hash of the refresh secret, as `key id:hexadecimal`.
    pub refresh_hash: String,
    /// How often the access secret was renewed.
    pub refreshes: i32,
    /// When the user logged in; milliseconds since the epoch.
    pub created_at: i64,
    /// When the access token expires; milliseconds since the epoch.
    pub expires_at: i64,
    /// When nothing of the session is good any more; milliseconds since the epoch.
    pub fails_at: i64,
    /// When it was ended early, if it was; milliseconds since the epoch.
    pub revoked_at: Option<i64>,
    /// Why it was.
    pub revoked_why: Option<String>,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
