//! Writes changes in the order in which none stands in the way of another.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait as _, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter as _,
    sea_query::SimpleExpr,
};

use super::find::{find_app, find_function, find_navigator, find_tenant, find_user, find_users, lost};
use super::free;
use super::remove::remove;
use super::{
    RealmApp, RealmConfig, RealmFunction, RealmLog, RealmNavigator, RealmPool, RealmPut, RealmRole, RealmTenant,
    RealmUser, RealmWrites,
};
use crate::store::entity::{
    access_token, app, interface_config, interface_log, login_name, nav_function, navigator, pool, role, role_function,
    role_user, tenant, tenant_app, tenant_user, user, wechat_app,
};
use crate::store::{AuditRow, Error, HandleKind, Unique, audit};

/// Why sessions ended whose user or application left their tenant.
const LEFT_TENANT: &str = "tenant";

pub(super) async fn all(db: &impl ConnectionTrait, writes: &RealmWrites) -> Result<(), Error> {
    // What is removed gives its names free first, and goes last, when nothing that stays hangs on it any more.
    for removal in &writes.removals {
        free::removed(db, removal).await?;
    }
    for put in &writes.puts {
        free::changed(db, put).await?;
    }
    for put in &writes.puts {
        write(db, put, writes.now).await?;
    }
    for removal in &writes.removals {
        remove(db, removal).await?;
    }
    for log in &writes.logs {
        record(db, log.clone(), writes.now).await?;
    }
    Ok(())
}

async fn write(db: &impl ConnectionTrait, put: &RealmPut, now: i64) -> Result<(), Error> {
    match put.clone() {
        RealmPut::Pool(id, pool) => put_pool(db, id, pool).await,
        RealmPut::App { app_id, app, tokens_valid_from } => put_app(db, app_id, app, tokens_valid_from, now).await,
        RealmPut::User { account, user, handles, tokens_valid_from, record } => {
            let id = put_user(db, &account, user, tokens_valid_from, record, now).await?;
            name_user(db, id, handles.unwrap_or_default()).await
        }
        RealmPut::Tenant(uid, tenant) => put_tenant(db, uid, tenant, now).await,
        RealmPut::Navigator(uid, navigator) => put_navigator(db, uid, navigator).await,
        RealmPut::Function(uid, function) => put_function(db, uid, function).await,
        RealmPut::Role(uid, role) => put_role(db, uid, role).await,
        RealmPut::Config(uid, config) => put_config(db, uid, config).await,
        RealmPut::WechatApp(wechat_app_id, wechat) => {
            let row = wechat_app::ActiveModel {
                id: NotSet,
                wechat_app_id: Set(wechat_app_id.clone()),
                secret_sealed: Set(wechat.secret_sealed),
            };
            put_row(db, row, wechat_app::Column::WechatAppId.eq(wechat_app_id), |row| row).await.map(drop)
        }
    }
}

/// Changes the row that fits, or adds it, completed by `complete`. Says whether it was added. What refers to it is found by
/// its public id afterwards.
async fn put_row<A>(
    db: &impl ConnectionTrait,
    row: A,
    key: SimpleExpr,
    complete: impl FnOnce(A) -> A,
) -> Result<bool, Error>
where
    A: ActiveModelTrait + Clone,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
{
    let changed = A::Entity::update_many().set(row.clone()).filter(key).exec(db).await?;
    if changed.rows_affected > 0 {
        return Ok(false);
    }
    A::Entity::insert(complete(row)).exec_without_returning(db).await?;
    Ok(true)
}

async fn put_pool(db: &impl ConnectionTrait, id: i64, new: RealmPool) -> Result<(), Error> {
    let row = pool::ActiveModel {
        id: NotSet,
        name: Set(new.name),
        project_type: Set(new.project_type),
        end_points: Set(new.end_points),
        request_max: Set(new.request_max),
    };
    put_row(db, row, pool::Column::Id.eq(id), |row| pool::ActiveModel { id: Set(id), ..row }).await.map(drop)
}

async fn put_app(
    db: &impl ConnectionTrait,
    app_id: String,
    new: RealmApp,
    tokens_valid_from: Option<i64>,
    now: i64,
) -> Result<(), Error> {
    let of_id = || app::Column::AppId.eq(app_id.as_str());
    let tokens_valid_from = match tokens_valid_from {
        // Tokens that were issued since the last revocation are dated then at the earliest, be that in the next second.
        Some(from) => match app::Entity::find().filter(of_id()).one(db).await? {
            Some(stored) => Some(from.max(stored.tokens_valid_from.saturating_add(1000))),
            None => Some(from),
        },
        None => None,
    };
    let row = app::ActiveModel {
        id: NotSet,
        app_id: Set(app_id.clone()),
        name: Set(new.name),
        description: Set(new.description),
        redirect_uri: Set(new.redirect_uri),
        secret_hash: Set(new.secret_hash),
        enabled: Set(new.enabled),
        may_create: Set(new.may_create),
        created_by: NotSet,
        tokens_valid_from: tokens_valid_from.map_or(NotSet, Set),
        created_at: NotSet,
        token_life: Set(new.token_life),
        refresh_life: Set(new.refresh_life),
        exclusive: Set(new.exclusive),
    };
    let complete = |row| app::ActiveModel {
        created_by: Set(None),
        tokens_valid_from: Set(tokens_valid_from.unwrap_or(now)),
        created_at: Set(now),
        ..row
    };
    put_row(db, row, of_id(), complete).await.map(drop)
}

async fn put_user(
    db: &impl ConnectionTrait,
    account: &str,
    new: RealmUser,
    tokens_valid_from: Option<i64>,
    record: AuditRow,
    now: i64,
) -> Result<i64, Error> {
    let row = user::ActiveModel {
        id: NotSet,
        uid: Set(new.uid),
        account: Set(new.account),
        name: Set(new.name),
        email: Set(new.email),
        phone: Set(new.phone),
        password_hash: Set(new.password_hash),
        password_sealed: Set(new.password_sealed),
        password_version: Set(new.password_version),
        banned: Set(new.banned),
        is_admin: Set(new.is_admin),
        builtin: Set(new.builtin),
        tokens_valid_from: tokens_valid_from.map_or(NotSet, Set),
        created_at: NotSet,
        head_img: Set(new.head_img),
    };
    if let Some(id) = find_user(db, account).await? {
        user::Entity::update_many().set(row).filter(user::Column::Id.eq(id)).exec(db).await?;
        return Ok(id);
    }
    let row = user::ActiveModel { tokens_valid_from: Set(0), created_at: Set(now), ..row };
    let id = row.insert(db).await?.id;
    name_user(db, id, vec![(HandleKind::Account, account.to_owned())]).await?;
    audit::insert(db, AuditRow { user_id: Some(id), ..record }).await?;
    Ok(id)
}

async fn name_user(db: &impl ConnectionTrait, id: i64, handles: Vec<(HandleKind, String)>) -> Result<(), Error> {
    for (kind, handle) in handles {
        let name =
            login_name::ActiveModel { id: NotSet, handle: Set(handle), kind: Set(kind as i16), user_id: Set(id) };
        let named = login_name::Entity::insert(name).exec_without_returning(db).await;
        named.map_err(|error| match Error::from(error) {
            Error::Taken(Unique::Handle(_)) => Error::Taken(Unique::Handle(kind)),
            other => other,
        })?;
    }
    Ok(())
}

async fn put_tenant(db: &impl ConnectionTrait, uid: String, new: RealmTenant, now: i64) -> Result<(), Error> {
    let row = tenant::ActiveModel { id: NotSet, uid: Set(uid.clone()), name: Set(new.name), created_at: NotSet };
    let complete = |row| tenant::ActiveModel { created_at: Set(now), ..row };
    put_row(db, row, tenant::Column::Uid.eq(uid.as_str()), complete).await?;
    let id = find_tenant(db, &uid).await?;
    let mut apps = BTreeSet::new();
    for app_id in &new.apps {
        apps.insert(find_app(db, app_id).await?);
    }
    let users = find_users(db, &new.users).await?;

    let of_tenant = tenant_app::Column::TenantId.eq(id);
    for row in tenant_app::Entity::find().filter(of_tenant).all(db).await? {
        if !apps.remove(&row.app_id) {
            tenant_app::Entity::delete_by_id(row.id).exec(db).await?;
            end_sessions(db, id, access_token::Column::AppId.eq(row.app_id), now).await?;
        }
    }
    for app_id in apps {
        let row = tenant_app::ActiveModel { id: NotSet, tenant_id: Set(id), app_id: Set(app_id) };
        tenant_app::Entity::insert(row).exec_without_returning(db).await?;
    }
    let (mut users, of_tenant) = (users, tenant_user::Column::TenantId.eq(id));
    for row in tenant_user::Entity::find().filter(of_tenant).all(db).await? {
        if !users.remove(&row.user_id) {
            tenant_user::Entity::delete_by_id(row.id).exec(db).await?;
            end_sessions(db, id, access_token::Column::UserId.eq(row.user_id), now).await?;
        }
    }
    for user_id in users {
        let row = tenant_user::ActiveModel { id: NotSet, tenant_id: Set(id), user_id: Set(user_id) };
        tenant_user::Entity::insert(row).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Ends what goes on in a tenant of whoever left it.
async fn end_sessions(db: &impl ConnectionTrait, tenant: i64, whose: SimpleExpr, now: i64) -> Result<(), Error> {
    access_token::Entity::update_many()
        .col_expr(access_token::Column::RevokedAt, Expr::value(now))
        .col_expr(access_token::Column::RevokedWhy, Expr::value(LEFT_TENANT))
        .filter(access_token::Column::TenantId.eq(tenant))
        .filter(access_token::Column::RevokedAt.is_null())
        .filter(whose)
        .exec(db)
        .await?;
    Ok(())
}

async fn put_navigator(db: &impl ConnectionTrait, uid: String, new: RealmNavigator) -> Result<(), Error> {
    let parent_id = match &new.parent {
        Some(parent) => Some(find_navigator(db, parent).await?),
        None => None,
    };
    let row = navigator::ActiveModel {
        id: NotSet,
        uid: Set(uid.clone()),
        app_id: Set(find_app(db, &new.app).await?),
        parent_id: Set(parent_id),
        kind: Set(new.kind),
        position: Set(new.position),
        name: Set(new.name),
        icon_url: Set(new.icon_url),
        module: Set(new.module),
        file: Set(new.file),
        auto_load: Set(new.auto_load),
    };
    put_row(db, row, navigator::Column::Uid.eq(uid), |row| row).await.map(drop)
}

async fn put_function(db: &impl ConnectionTrait, uid: String, new: RealmFunction) -> Result<(), Error> {
    let row = nav_function::ActiveModel {
        id: NotSet,
        uid: Set(uid.clone()),
        navigator_id: Set(find_navigator(db, &new.navigator).await?),
        kind: Set(new.kind),
        position: Set(new.position),
        name: Set(new.name),
        auth_codes: Set(new.auth_codes),
        method: Set(new.method),
        icon_url: Set(new.icon_url),
        begin_group: Set(new.begin_group),
        hide_text: Set(new.hide_text),
    };
    put_row(db, row, nav_function::Column::Uid.eq(uid), |row| row).await.map(drop)
}

async fn put_role(db: &impl ConnectionTrait, uid: String, new: RealmRole) -> Result<(), Error> {
    let tenant_id = match &new.tenant {
        Some(tenant) => Some(find_tenant(db, tenant).await?),
        None => None,
    };
    let row = role::ActiveModel { id: NotSet, uid: Set(uid.clone()), tenant_id: Set(tenant_id), name: Set(new.name) };
    put_row(db, row, role::Column::Uid.eq(uid.as_str()), |row| row).await?;
    let found = role::Entity::find().filter(role::Column::Uid.eq(uid)).one(db).await?;
    let id = found.ok_or_else(lost)?.id;

    let mut users = find_users(db, &new.users).await?;
    for row in role_user::Entity::find().filter(role_user::Column::RoleId.eq(id)).all(db).await? {
        if !users.remove(&row.user_id) {
            role_user::Entity::delete_by_id(row.id).exec(db).await?;
        }
    }
    for user_id in users {
        let row = role_user::ActiveModel { id: NotSet, role_id: Set(id), user_id: Set(user_id) };
        role_user::Entity::insert(row).exec_without_returning(db).await?;
    }
    let mut said = BTreeMap::new();
    for (functions, permit) in [(&new.permit, true), (&new.deny, false)] {
        for function in functions {
            said.insert(find_function(db, function).await?, permit);
        }
    }
    for row in role_function::Entity::find().filter(role_function::Column::RoleId.eq(id)).all(db).await? {
        if said.get(&row.function_id) == Some(&row.permit) {
            said.remove(&row.function_id);
        } else {
            role_function::Entity::delete_by_id(row.id).exec(db).await?;
        }
    }
    for (function_id, permit) in said {
        let row = role_function::ActiveModel {
            id: NotSet,
            role_id: Set(id),
            function_id: Set(function_id),
            permit: Set(permit),
        };
        role_function::Entity::insert(row).exec_without_returning(db).await?;
    }
    Ok(())
}

async fn put_config(db: &impl ConnectionTrait, uid: String, new: RealmConfig) -> Result<(), Error> {
    let row = interface_config::ActiveModel {
        id: NotSet,
        uid: Set(uid.clone()),
        name: Set(new.name),
        method: Set(new.method),
        url: Set(new.url),
        auth_code: Set(new.auth_code),
        limit_gap: Set(new.limit_gap),
        limit_cycle: Set(new.limit_cycle),
        limit_max: Set(new.limit_max),
        message: Set(new.message),
        remark: Set(new.remark),
        verify: Set(new.verify),
        limited: Set(new.limited),
        created_at: Set(new.created_at),
    };
    put_row(db, row, interface_config::Column::Uid.eq(uid), |row| row).await.map(drop)
}

async fn record(db: &impl ConnectionTrait, log: RealmLog, now: i64) -> Result<(), Error> {
    let mut uid = log.uid;
    if let Some(wanted) = log.wanted {
        let there = interface_log::Entity::find().filter(interface_log::Column::Uid.eq(wanted.as_str()));
        if there.one(db).await?.is_none() {
            uid = wanted;
        }
    }
    let row = interface_log::ActiveModel {
        id: NotSet,
        uid: Set(uid),
        kind: Set(log.kind.to_owned()),
        business: Set(log.business.to_owned()),
        business_id: Set(log.business_id),
        content: Set(Some(log.content)),
        creator: Set(log.creator.to_owned()),
        creator_id: Set(log.creator_id),
        created_at: Set(now),
    };
    interface_log::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}
