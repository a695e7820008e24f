//! Reads what is there, and names it as a realm file does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use super::{
    RealmApp, RealmConfig, RealmFunction, RealmNavigator, RealmPool, RealmRole, RealmState, RealmTenant, RealmUser,
    RealmWechatApp, UserScope,
};
use crate::store::entity::{
    app, interface_config, login_name, nav_function, navigator, pool, role, role_function, role_user, tenant,
    tenant_app, tenant_user, user, wechat_app,
};
use crate::store::{CHUNK, Error, HandleKind};

/// The names of rows by their numeric ids.
type Names = HashMap<i64, String>;

pub(super) async fn state(db: &impl ConnectionTrait, scope: &UserScope) -> Result<RealmState, Error> {
    let mut state = RealmState::default();
    users(db, scope, &mut state).await?;
    for row in pool::Entity::find().all(db).await? {
        let pool::Model { id, name, project_type, end_points, request_max } = row;
        state.pools.insert(id, RealmPool { name, project_type, end_points, request_max });
    }
    let mut apps = Names::new();
    for row in app::Entity::find().all(db).await? {
        apps.insert(row.id, row.app_id.clone());
        state.apps.insert(row.app_id.clone(), app_of(row));
    }
    let tenants = tenants(db, &apps, &mut state).await?;
    let functions = menus(db, &apps, &mut state).await?;
    roles(db, &tenants, &functions, &mut state).await?;
    for row in interface_config::Entity::find().all(db).await? {
        state.configs.insert(row.uid.clone(), config_of(row));
    }
    for row in wechat_app::Entity::find().all(db).await? {
        state.wechat_apps.insert(row.wechat_app_id, RealmWechatApp { secret_sealed: row.secret_sealed });
    }
    Ok(state)
}

async fn users(db: &impl ConnectionTrait, scope: &UserScope, state: &mut RealmState) -> Result<(), Error> {
    let (mut names, mut rows) = (Vec::new(), Vec::new());
    match scope {
        UserScope::All => {
            names = login_name::Entity::find().all(db).await?;
            rows = user::Entity::find().all(db).await?;
        }
        UserScope::Named { handles, uids } => {
            let handles: Vec<_> = handles.iter().map(String::as_str).collect();
            let mut ids = BTreeSet::new();
            for chunk in handles.chunks(CHUNK) {
                let found = login_name::Entity::find().filter(login_name::Column::Handle.is_in(chunk.iter().copied()));
                ids.extend(found.all(db).await?.into_iter().map(|name| name.user_id));
            }
            let uids: Vec<_> = uids.iter().map(String::as_str).collect();
            for chunk in uids.chunks(CHUNK) {
                let found = user::Entity::find().select_only().column(user::Column::Id);
                let found = found.filter(user::Column::Uid.is_in(chunk.iter().copied()));
                ids.extend(found.into_tuple::<i64>().all(db).await?);
            }
            let ids: Vec<_> = ids.into_iter().collect();
            for chunk in ids.chunks(CHUNK) {
                let of_users = login_name::Column::UserId.is_in(chunk.iter().copied());
                names.extend(login_name::Entity::find().filter(of_users).all(db).await?);
                rows.extend(user::Entity::find().filter(user::Column::Id.is_in(chunk.iter().copied())).all(db).await?);
            }
        }
    }
    let accounts = accounts(&names);
    let known = |id: i64| accounts.get(&id).cloned();
    for name in names {
        if let Some(account) = known(name.user_id) {
            state.handles.insert(name.handle, account);
        }
    }
    for row in rows {
        if let Some(account) = known(row.id) {
            state.users.insert(account, user_of(row));
        }
    }
    let admins = user::Entity::find()
        .select_only()
        .column(user::Column::Uid)
        .filter(user::Column::IsAdmin.eq(true))
        .filter(user::Column::Banned.eq(false));
    state.admins = admins.into_tuple::<String>().all(db).await?.into_iter().collect();
    Ok(())
}

/// The folded accounts among names, by the ids of their users.
fn accounts(names: &[login_name::Model]) -> Names {
    let accounts = names.iter().filter(|name| name.kind == HandleKind::Account as i16);
    accounts.map(|name| (name.user_id, name.handle.clone())).collect()
}

/// The folded accounts of these users.
async fn accounts_of(db: &impl ConnectionTrait, ids: impl Iterator<Item = i64>) -> Result<Names, Error> {
    let ids: BTreeSet<_> = ids.collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let mut found = Names::new();
    for chunk in ids.chunks(CHUNK) {
        let of_users = login_name::Column::UserId.is_in(chunk.iter().copied());
        found.extend(accounts(&login_name::Entity::find().filter(of_users).all(db).await?));
    }
    Ok(found)
}

async fn tenants(db: &impl ConnectionTrait, apps: &Names, state: &mut RealmState) -> Result<Names, Error> {
    let mut uids = Names::new();
    for row in tenant::Entity::find().all(db).await? {
        uids.insert(row.id, row.uid.clone());
        let tenant = RealmTenant { name: row.name, apps: BTreeSet::new(), users: BTreeSet::new() };
        state.tenants.insert(row.uid, tenant);
    }
    for row in tenant_app::Entity::find().all(db).await? {
        let tenant = uids.get(&row.tenant_id).and_then(|uid| state.tenants.get_mut(uid));
        if let (Some(tenant), Some(app)) = (tenant, apps.get(&row.app_id)) {
            tenant.apps.insert(app.clone());
        }
    }
    let members = tenant_user::Entity::find().all(db).await?;
    let accounts = accounts_of(db, members.iter().map(|row| row.user_id)).await?;
    for row in members {
        let tenant = uids.get(&row.tenant_id).and_then(|uid| state.tenants.get_mut(uid));
        if let (Some(tenant), Some(account)) = (tenant, accounts.get(&row.user_id)) {
            tenant.users.insert(account.clone());
        }
    }
    Ok(uids)
}

/// Navigators and functions; the names of the latter are what comes back.
async fn menus(db: &impl ConnectionTrait, apps: &Names, state: &mut RealmState) -> Result<Names, Error> {
    let rows = navigator::Entity::find().all(db).await?;
    let uids: Names = rows.iter().map(|row| (row.id, row.uid.clone())).collect();
    for row in rows {
        let navigator = RealmNavigator {
            app: apps.get(&row.app_id).cloned().unwrap_or_default(),
            parent: row.parent_id.and_then(|id| uids.get(&id).cloned()),
            kind: row.kind,
            position: row.position,
            name: row.name,
            icon_url: row.icon_url,
            module: row.module,
            file: row.file,
            auto_load: row.auto_load,
        };
        state.navigators.insert(row.uid, navigator);
    }
    let mut functions = Names::new();
    for row in nav_function::Entity::find().all(db).await? {
        functions.insert(row.id, row.uid.clone());
        let function = RealmFunction {
            navigator: uids.get(&row.navigator_id).cloned().unwrap_or_default(),
            kind: row.kind,
            position: row.position,
            name: row.name,
            auth_codes: row.auth_codes,
            method: row.method,
            icon_url: row.icon_url,
            begin_group: row.begin_group,
            hide_text: row.hide_text,
        };
        state.functions.insert(row.uid, function);
    }
    Ok(functions)
}

async fn roles(
    db: &impl ConnectionTrait,
    tenants: &Names,
    functions: &Names,
    state: &mut RealmState,
) -> Result<(), Error> {
    let mut roles: BTreeMap<i64, (String, RealmRole)> = BTreeMap::new();
    for row in role::Entity::find().all(db).await? {
        let role = RealmRole {
            name: row.name,
            tenant: row.tenant_id.and_then(|id| tenants.get(&id).cloned()),
            users: BTreeSet::new(),
            permit: BTreeSet::new(),
            deny: BTreeSet::new(),
        };
        roles.insert(row.id, (row.uid, role));
    }
    let members = role_user::Entity::find().all(db).await?;
    let accounts = accounts_of(db, members.iter().map(|row| row.user_id)).await?;
    for row in members {
        if let (Some((_, role)), Some(account)) = (roles.get_mut(&row.role_id), accounts.get(&row.user_id)) {
            role.users.insert(account.clone());
        }
    }
    for row in role_function::Entity::find().all(db).await? {
        if let (Some((_, role)), Some(function)) = (roles.get_mut(&row.role_id), functions.get(&row.function_id)) {
            let said = if row.permit { &mut role.permit } else { &mut role.deny };
            said.insert(function.clone());
        }
    }
    state.roles = roles.into_values().collect();
    Ok(())
}

fn app_of(row: app::Model) -> RealmApp {
    RealmApp {
        name: row.name,
        description: row.description,
        redirect_uri: row.redirect_uri,
        enabled: row.enabled,
        may_create: row.may_create,
        token_life: row.token_life,
        refresh_life: row.refresh_life,
        exclusive: row.exclusive,
        secret_hash: row.secret_hash,
    }
}

fn user_of(row: user::Model) -> RealmUser {
    RealmUser {
        uid: row.uid,
        account: row.account,
        name: row.name,
        email: row.email,
        phone: row.phone,
        head_img: row.head_img,
        is_admin: row.is_admin,
        builtin: row.builtin,
        banned: row.banned,
        password_hash: row.password_hash,
        password_sealed: row.password_sealed,
        password_version: row.password_version,
    }
}

fn config_of(row: interface_config::Model) -> RealmConfig {
    RealmConfig {
        name: row.name,
        method: row.method,
        url: row.url,
        auth_code: row.auth_code,
        limit_gap: row.limit_gap,
        limit_cycle: row.limit_cycle,
        limit_max: row.limit_max,
        message: row.message,
        remark: row.remark,
        verify: row.verify,
        limited: row.limited,
        created_at: row.created_at,
    }
}
