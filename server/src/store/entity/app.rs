//! Table `app`.

use sea_orm::entity::prelude::*;

/// A row of the table of applications.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "app")]
pub struct Model {
    /// The numeric id, given by the database in ascending order.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The public id, unique.
    pub app_id: String,
    /// The name, unique byte by byte.
    pub name: String,
    /// A text of the creator's.
    pub description: Option<String>,
    /// Where the application wants its users sent back to.
    pub redirect_uri: Option<String>,
    /// The keyed hash of the secret, as `key id:hexadecimal`.
    pub secret_hash: String,
    /// Whether it may authenticate.
    pub enabled: bool,
    /// Whether it may create further applications.
    pub may_create: bool,
    /// The numeric id of the application that created it.
    pub created_by: Option<i64>,
    /// Tokens issued before this are revoked; milliseconds since the epoch.
    pub tokens_valid_from: i64,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    /// Milliseconds for which its users' access tokens are good; none for the documented default.
    pub token_life: Option<i64>,
    /// Milliseconds after which its users have to log in again; none for the documented default.
    pub refresh_life: Option<i64>,
    /// Whether a login ends the user's earlier sessions in it.
    pub exclusive: bool,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
