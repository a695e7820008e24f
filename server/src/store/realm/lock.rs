//! Locks what is to be written, so that it is still what it was found to be when it is written. SQLite has one writer, and
//! takes no notice.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait, QueryFilter as _, QueryOrder as _, QuerySelect as _, Value,
};

use super::{RealmPut, RealmRemoval, RealmState, RealmWrites};
use crate::store::entity::{
    app, interface_config, nav_function, navigator, pool, realm_revision, role, tenant, user, wechat_app,
};
use crate::store::{CHUNK, Error};

/// Waits until nobody else writes a realm, and lets nobody else until the transaction ends: two that add the same, or
/// that each leave the other's administrator, see each other so. What is locked is the count of realms written.
pub(super) async fn alone(db: &impl ConnectionTrait) -> Result<(), Error> {
    let locked = realm_revision::Entity::find().lock_exclusive().one(db).await?;
    locked.map(drop).ok_or_else(uncounted)
}

/// Counts a realm that was written.
pub(super) async fn count(db: &impl ConnectionTrait) -> Result<(), Error> {
    let next = Expr::col(realm_revision::Column::Number).add(1);
    realm_revision::Entity::update_many().col_expr(realm_revision::Column::Number, next).exec(db).await?;
    Ok(())
}

/// The row that counts is not there, which nothing takes away.
pub(super) fn uncounted() -> Error {
    Error::Fault(sea_orm::DbErr::Custom("the count of realms written is not there".to_owned()))
}

/// Locks the rows that are to be written, and the administrators where users are among them.
pub(super) async fn written(db: &impl ConnectionTrait, seen: &RealmState, writes: &RealmWrites) -> Result<(), Error> {
    let mut keys = Keys::default();
    for put in &writes.puts {
        keys.put(put);
    }
    for removal in &writes.removals {
        keys.removal(removal, seen);
    }
    if !keys.users.is_empty() {
        keys.users.extend(seen.admins.iter().map(|uid| Value::from(uid.as_str())));
    }
    rows::<pool::Entity>(db, pool::Column::Id, keys.pools).await?;
    rows::<app::Entity>(db, app::Column::AppId, keys.apps).await?;
    rows::<user::Entity>(db, user::Column::Uid, keys.users).await?;
    rows::<tenant::Entity>(db, tenant::Column::Uid, keys.tenants).await?;
    rows::<navigator::Entity>(db, navigator::Column::Uid, keys.navigators).await?;
    rows::<nav_function::Entity>(db, nav_function::Column::Uid, keys.functions).await?;
    rows::<role::Entity>(db, role::Column::Uid, keys.roles).await?;
    rows::<interface_config::Entity>(db, interface_config::Column::Uid, keys.configs).await?;
    rows::<wechat_app::Entity>(db, wechat_app::Column::WechatAppId, keys.wechat_apps).await
}

/// What tells the rows that are written, by kind.
#[derive(Default)]
struct Keys {
    pools: Vec<Value>,
    apps: Vec<Value>,
    users: Vec<Value>,
    tenants: Vec<Value>,
    navigators: Vec<Value>,
    functions: Vec<Value>,
    roles: Vec<Value>,
    configs: Vec<Value>,
    wechat_apps: Vec<Value>,
}

impl Keys {
    fn put(&mut self, put: &RealmPut) {
        match put {
            RealmPut::Pool(id, _) => self.pools.push((*id).into()),
            RealmPut::App { app_id, .. } => self.apps.push(app_id.as_str().into()),
            RealmPut::User { user, .. } => self.users.push(user.uid.as_str().into()),
            RealmPut::Tenant(uid, _) => self.tenants.push(uid.as_str().into()),
            RealmPut::Navigator(uid, _) => self.navigators.push(uid.as_str().into()),
            RealmPut::Function(uid, _) => self.functions.push(uid.as_str().into()),
            RealmPut::Role(uid, _) => self.roles.push(uid.as_str().into()),
            RealmPut::Config(uid, _) => self.configs.push(uid.as_str().into()),
            RealmPut::WechatApp(id, _) => self.wechat_apps.push(id.as_str().into()),
        }
    }

    fn removal(&mut self, removal: &RealmRemoval, seen: &RealmState) {
        match removal {
            RealmRemoval::Pool(id) => self.pools.push((*id).into()),
            RealmRemoval::App(app_id) => self.apps.push(app_id.as_str().into()),
            RealmRemoval::User(account) => {
                self.users.extend(seen.users.get(account).map(|user| Value::from(user.uid.as_str())));
            }
            RealmRemoval::Tenant(uid) => self.tenants.push(uid.as_str().into()),
            RealmRemoval::Navigator(uid) => self.navigators.push(uid.as_str().into()),
            RealmRemoval::Function(uid) => self.functions.push(uid.as_str().into()),
            RealmRemoval::Role(uid) => self.roles.push(uid.as_str().into()),
            RealmRemoval::Config(uid) => self.configs.push(uid.as_str().into()),
            RealmRemoval::WechatApp(id) => self.wechat_apps.push(id.as_str().into()),
        }
    }
}

/// Locks the rows that have one of these in this column.
async fn rows<E: EntityTrait>(db: &impl ConnectionTrait, column: E::Column, keys: Vec<Value>) -> Result<(), Error> {
    for chunk in keys.chunks(CHUNK) {
        let found = E::find().filter(column.is_in(chunk.iter().cloned())).order_by_asc(column);
        found.lock_exclusive().all(db).await?;
    }
    Ok(())
}
