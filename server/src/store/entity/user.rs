//! Table `user_account`.

use sea_orm::entity::prelude::*;

/// A row of the table of users.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_account")]
pub struct Model {
    /// The numeric id, given by the database in ascending order.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The other id: 32 hexadecimal digits, unique.
    pub uid: String,
    /// What the user logs in with and is called by clients, as it was written.
    pub account: String,
    /// The name that people see.
    pub name: String,
    /// The e-mail address, as it was written.
    pub email: Option<String>,
    /// The phone number, as it was written.
    pub phone: Option<String>,
    /// Argon2id of the password digest, as a PHC string.
    pub password_hash: String,
    /// The password digest, encrypted; none where signature logins are off.
    pub password_sealed: Option<String>,
    /// Grows with every change of the password, and binds the encryption to it.
    pub password_version: i64,
    /// Whether the user may not log in.
    pub banned: bool,
    /// Whether the user may do what only administrators may.
    pub is_admin: bool,
    /// Whether the user came with the installation.
    pub builtin: bool,
    /// Sessions begun before this are over; milliseconds since the epoch.
    pub tokens_valid_from: i64,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    /// The address of a picture of the user.
    pub head_img: Option<String>,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
