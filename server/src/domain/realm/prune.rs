//! Removes what a realm file does not declare, of the kinds that it has a section for, with what belongs to it: the roles
//! of a tenant, the menu of an application, and what roles and tenants say of either.

use std::collections::BTreeSet;

use super::change::Change;
use super::plan::Planner;
use super::record;
use crate::store::{RealmRemoval, RealmRole, RealmTenant};

impl Planner<'_> {
    /// Those that name others come first.
    pub(super) fn prune(&mut self) {
        self.lose();
        let (state, world) = (self.state, &self.world);
        let gone = |key: &&String, has: bool| (!has).then(|| (*key).clone());
        let roles: Vec<_> = state.roles.keys().filter_map(|id| gone(&id, world.has_role(id))).collect();
        let functions: Vec<_> = state.functions.keys().filter_map(|id| gone(&id, world.has_function(id))).collect();
        let navigators = state.navigators.keys().filter_map(|id| gone(&id, world.navigator(id).is_some()));
        let navigators: Vec<_> = navigators.collect();
        let tenants: Vec<_> = state.tenants.keys().filter_map(|id| gone(&id, world.has_tenant(id))).collect();
        let users: Vec<_> = state.users.keys().filter_map(|account| gone(&account, world.has_user(account))).collect();
        let apps: Vec<_> = state.apps.keys().filter_map(|id| gone(&id, world.has_app(id))).collect();
        let wechat: Vec<_> = state.wechat_apps.keys().filter_map(|id| gone(&id, world.has_wechat_app(id))).collect();
        self.remove_all("role", roles, RealmRemoval::Role);
        self.remove_all("function", functions, RealmRemoval::Function);
        self.remove_all("navigator", navigators, RealmRemoval::Navigator);
        self.remove_all("tenant", tenants, RealmRemoval::Tenant);
        self.remove_all("user", users, RealmRemoval::User);
        self.remove_all("app", apps, RealmRemoval::App);
        self.remove_all("wechat_app", wechat, RealmRemoval::WechatApp);
        for (uid, config) in &state.configs {
            if !self.world.keeps_config(uid, config) {
                self.remove_all("config", vec![uid.clone()], RealmRemoval::Config);
                self.plan.writes.logs.push(record::removed(self.parts.random.hex(32), uid, config));
            }
        }
        for id in state.pools.keys().copied() {
            if !self.world.keeps_pool(id) {
                self.plan.changes.push(Change::removal("pool", id.to_string()));
                self.plan.writes.removals.push(RealmRemoval::Pool(id));
            }
        }
    }

    /// What roles and tenants lose that stay and are not declared. The database takes it from them with what is removed.
    fn lose(&mut self) {
        let (state, world) = (self.state, &self.world);
        let left = |names: &BTreeSet<String>, stays: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
            names.iter().filter(|name| stays(name)).cloned().collect()
        };
        let (keeps_user, has_app) = (|account: &str| world.keeps_user(account), |id: &str| world.has_app(id));
        let has_function = |id: &str| world.has_function(id);
        let mut changes = Vec::new();
        for (id, tenant) in &state.tenants {
            let after = RealmTenant {
                name: tenant.name.clone(),
                apps: left(&tenant.apps, &has_app),
                users: left(&tenant.users, &keeps_user),
            };
            if world.has_tenant(id) && !world.declares_tenant(id) {
                changes.push(Change::between("tenant", id.clone(), Some(tenant), &after));
            }
        }
        for (id, role) in &state.roles {
            let after = RealmRole {
                users: left(&role.users, &keeps_user),
                permit: left(&role.permit, &has_function),
                deny: left(&role.deny, &has_function),
                ..role.clone()
            };
            if world.has_role(id) && !world.declares_role(id) {
                changes.push(Change::between("role", id.clone(), Some(role), &after));
            }
        }
        self.plan.changes.extend(changes.into_iter().filter(|change| !change.is_nothing()));
    }

    fn remove_all(&mut self, kind: &'static str, keys: Vec<String>, removal: fn(String) -> RealmRemoval) {
        for key in keys {
            self.plan.changes.push(Change::removal(kind, key.clone()));
            self.plan.writes.removals.push(removal(key));
        }
    }
}
