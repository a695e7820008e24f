//! Finds the numeric ids of what changes name.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use crate::store::entity::{app, login_name, nav_function, navigator, tenant};
use crate::store::{Error, HandleKind};

pub(super) async fn find_user(db: &impl ConnectionTrait, account: &str) -> Result<Option<i64>, Error> {
    let named = login_name::Entity::find()
        .filter(login_name::Column::Handle.eq(account))
        .filter(login_name::Column::Kind.eq(HandleKind::Account as i16));
    Ok(named.one(db).await?.map(|name| name.user_id))
}

pub(super) async fn find_users(db: &impl ConnectionTrait, accounts: &BTreeSet<String>) -> Result<BTreeSet<i64>, Error> {
    let mut ids = BTreeSet::new();
    for account in accounts {
        ids.insert(find_user(db, account).await?.ok_or_else(lost)?);
    }
    Ok(ids)
}

pub(super) async fn find_app(db: &impl ConnectionTrait, app_id: &str) -> Result<i64, Error> {
    let found = app::Entity::find().select_only().column(app::Column::Id).filter(app::Column::AppId.eq(app_id));
    found.into_tuple().one(db).await?.ok_or_else(lost)
}

pub(super) async fn find_tenant(db: &impl ConnectionTrait, uid: &str) -> Result<i64, Error> {
    let found = tenant::Entity::find().select_only().column(tenant::Column::Id).filter(tenant::Column::Uid.eq(uid));
    found.into_tuple().one(db).await?.ok_or_else(lost)
}

pub(super) async fn find_navigator(db: &impl ConnectionTrait, uid: &str) -> Result<i64, Error> {
    let found = navigator::Entity::find().select_only().column(navigator::Column::Id);
    found.filter(navigator::Column::Uid.eq(uid)).into_tuple().one(db).await?.ok_or_else(lost)
}

pub(super) async fn find_function(db: &impl ConnectionTrait, uid: &str) -> Result<i64, Error> {
    let found = nav_function::Entity::find().select_only().column(nav_function::Column::Id);
    found.filter(nav_function::Column::Uid.eq(uid)).into_tuple().one(db).await?.ok_or_else(lost)
}

/// Something that was there a moment ago, in this transaction.
pub(super) fn lost() -> Error {
    Error::Fault(sea_orm::DbErr::Custom("what a change names is not there".to_owned()))
}
