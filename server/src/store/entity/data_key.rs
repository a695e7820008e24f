//! Table `data_key`.

use sea_orm::entity::prelude::*;

/// A row of the table of data keys.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "data_key")]
pub struct Model {
    /// The numeric id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What is encrypted under it; unique.
    pub purpose: String,
    /// The master key under which the private key is encrypted.
    pub key_id: String,
    /// The RSA private key, encrypted under a key derived from the master key.
    pub private_key: String,
    /// The data key, encrypted under the RSA key.
    pub wrapped: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
