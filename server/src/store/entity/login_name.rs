//! Table `login_name`.

use sea_orm::entity::prelude::*;

/// A row of the table of what users log in with.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_name")]
pub struct Model {
    /// The numeric id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The name, e-mail address or phone number after folding; unique over all three.
    pub handle: String,
    /// Which of the three it is.
    pub kind: i16,
    /// The user.
    pub user_id: i64,
}

/// Relations are not followed through the mapper.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
