//! Compares a realm file with what is there, and says what is to be done.

use std::collections::BTreeSet;

use super::change::{Action, Change};
use super::file::{At, ConfigEntry, NavigatorEntry, Position, RealmFile, TenantEntry};
use super::problem::{Problems, RealmError};
use super::record;
use super::world::World;
use super::{Declared, Parts};
use crate::domain::secret::Secret;
use crate::domain::user::Handle;
use crate::domain::wechat::sealed_at;
use crate::store::{
    RealmConfig, RealmFunction, RealmNavigator, RealmPool, RealmPut, RealmRemoval, RealmRole, RealmState, RealmTenant,
    RealmWechatApp, RealmWrites,
};

/// What is to be done.
pub(super) struct Plan {
    /// In words.
    pub(super) changes: Vec<Change>,
    /// In rows, all but what takes its time: those of `passwords` and `sealed`.
    pub(super) writes: RealmWrites,
    /// The places in the puts of users whose password is to be hashed, and the password.
    pub(super) passwords: Vec<(usize, super::Digest)>,
    /// The places in the puts of WeChat applications whose secret is to be sealed, and the secret.
    pub(super) sealed: Vec<(usize, Secret<String>)>,
    /// Secrets that were made because the file has none: kind, id, and the secret.
    pub(super) generated: Vec<(&'static str, String, Secret<String>)>,
}

/// Compares kind by kind, in the order in which they name each other.
pub(super) struct Planner<'a> {
    pub(super) parts: &'a Parts,
    pub(super) file: &'a RealmFile,
    pub(super) state: &'a RealmState,
    pub(super) world: World<'a>,
    pub(super) problems: Problems,
    pub(super) plan: Plan,
}

impl<'a> Planner<'a> {
    /// What makes `state` what `declared` says.
    ///
    /// # Errors
    /// [`RealmError::Wrong`] if the file names what is not there, or gives what another has.
    pub(super) async fn plan(
        parts: &'a Parts,
        declared: &'a Declared,
        state: &'a RealmState,
    ) -> Result<Plan, RealmError> {
        let file = &declared.file;
        let writes = RealmWrites { now: parts.clock.now().millis(), ..RealmWrites::default() };
        let mut planner = Self {
            parts,
            file,
            state,
            world: World::new(file, state, declared.prune, parts.configs.own()),
            problems: Problems::default(),
            plan: Plan {
                changes: Vec::new(),
                writes,
                passwords: Vec::new(),
                sealed: Vec::new(),
                generated: Vec::new(),
            },
        };
        planner.pools();
        planner.apps();
        planner.users().await?;
        planner.tenants();
        planner.navigators();
        planner.functions();
        planner.roles();
        planner.configs();
        planner.wechat_apps().await?;
        if declared.prune {
            planner.prune();
        }
        planner.administrators();
        planner.problems.settle()?;
        Ok(planner.plan)
    }

    /// Takes a change into the plan, with the row that makes it. Says whether there is anything to do.
    pub(super) fn put(&mut self, change: Change, put: RealmPut) -> bool {
        let is_something = !change.is_nothing();
        if is_something {
            self.plan.changes.push(change);
            self.plan.writes.puts.push(put);
        }
        is_something
    }

    fn pools(&mut self) {
        for entry in self.file.pools.iter().flatten() {
            let (id, current) = (entry.id.value, self.state.pools.get(&entry.id.value));
            if let Some(kind) = &entry.project_type
                && let Some(other) = self.world.other_pool_of(kind.value)
            {
                self.wrong(kind.position, format!("the pool `{other}` serves this type of projects"));
            }
            let end_points: Vec<_> = entry.end_points.iter().map(|address| address.value.as_str()).collect();
            let pool = RealmPool {
                name: text(&entry.name).unwrap_or_default(),
                project_type: entry.project_type.as_ref().map(|kind| kind.value),
                end_points: serde_json::Value::from(end_points).to_string(),
                request_max: entry.request_max.value,
            };
            self.put(Change::between("pool", id.to_string(), current, &pool), RealmPut::Pool(id, pool));
        }
    }

    fn tenants(&mut self) {
        for entry in self.file.tenants.iter().flatten() {
            let current = self.state.tenants.get(&entry.id.value);
            let tenant = RealmTenant {
                name: entry.name.value.clone(),
                apps: self.tenant_apps(entry, current),
                users: self.members(entry.users.as_deref(), current.map(|tenant| &tenant.users)),
            };
            let change = Change::between("tenant", entry.id.value.clone(), current, &tenant);
            self.put(change, RealmPut::Tenant(entry.id.value.clone(), tenant));
        }
    }

    fn tenant_apps(&mut self, entry: &TenantEntry, current: Option<&RealmTenant>) -> BTreeSet<String> {
        let Some(named) = &entry.apps else {
            let stay = current.into_iter().flat_map(|tenant| &tenant.apps).filter(|app| self.world.has_app(app));
            return stay.cloned().collect();
        };
        for app in named {
            if !self.world.has_app(&app.value) {
                self.unknown("application", app);
            }
        }
        named.iter().map(|app| app.value.clone()).collect()
    }

    /// The folded accounts of a list, or else those who are there already and stay.
    fn members(&mut self, named: Option<&[At<String>]>, current: Option<&BTreeSet<String>>) -> BTreeSet<String> {
        let Some(named) = named else {
            return current.into_iter().flatten().filter(|account| self.world.keeps_user(account)).cloned().collect();
        };
        let mut members = BTreeSet::new();
        for account in named {
            match Handle::fold(&account.value).filter(|folded| self.world.has_user(folded)) {
                Some(folded) => drop(members.insert(folded)),
                None => self.unknown("user", account),
            }
        }
        members
    }

    /// Groups first, since modules name them.
    fn navigators(&mut self) {
        let (groups, modules): (Vec<_>, Vec<_>) =
            self.file.navigators.iter().flatten().partition(|entry| entry.parent.is_none());
        for entry in groups.into_iter().chain(modules) {
            self.navigator(entry);
        }
    }

    fn navigator(&mut self, entry: &NavigatorEntry) {
        if !self.world.has_app(&entry.app.value) {
            self.unknown("application", &entry.app);
        }
        if let Some(parent) = &entry.parent {
            match self.world.navigator(&parent.value) {
                None => self.unknown("navigator", parent),
                Some((_, Some(_))) => {
                    self.problems.add(parent.position, format!("`{}` is a module, not a group", parent.value));
                }
                Some((app, None)) if app != entry.app.value => {
                    self.problems.add(parent.position, format!("`{}` is in the menu of `{app}`", parent.value));
                }
                Some(_) => {}
            }
        }
        self.modules_of(entry);
        let navigator = RealmNavigator {
            app: entry.app.value.clone(),
            parent: text(&entry.parent),
            kind: if entry.parent.is_some() { 2 } else { 1 },
            position: entry.index,
            name: entry.name.value.clone(),
            icon_url: text(&entry.icon_url),
            module: text(&entry.module),
            file: text(&entry.file),
            auto_load: entry.auto_load,
        };
        let current = self.state.navigators.get(&entry.id.value);
        let change = Change::between("navigator", entry.id.value.clone(), current, &navigator);
        self.put(change, RealmPut::Navigator(entry.id.value.clone(), navigator));
    }

    /// What is not declared and hangs on a navigator fits it as it will be.
    fn modules_of(&mut self, entry: &NavigatorEntry) {
        for (module, app) in self.world.other_modules_of(&entry.id.value) {
            if let Some(parent) = &entry.parent {
                let text = format!("it has the module `{module}`, which is not declared, and so stays a group");
                self.problems.add(parent.position, text);
            }
            if app != entry.app.value {
                let text = format!("it has the module `{module}`, which is not declared, in the menu of `{app}`");
                self.problems.add(entry.app.position, text);
            }
        }
    }

    fn functions(&mut self) {
        for entry in self.file.functions.iter().flatten() {
            if self.world.navigator(&entry.navigator.value).is_none() {
                self.unknown("navigator", &entry.navigator);
            }
            let codes: Vec<_> = entry.auth_codes.iter().map(|code| code.value.as_str()).collect();
            let function = RealmFunction {
                navigator: entry.navigator.value.clone(),
                kind: entry.kind,
                position: entry.index,
                name: entry.name.value.clone(),
                auth_codes: codes.join(","),
                method: text(&entry.method),
                icon_url: text(&entry.icon_url),
                begin_group: entry.begin_group,
                hide_text: entry.hide_text,
            };
            let current = self.state.functions.get(&entry.id.value);
            let change = Change::between("function", entry.id.value.clone(), current, &function);
            self.put(change, RealmPut::Function(entry.id.value.clone(), function));
        }
    }

    fn roles(&mut self) {
        for entry in self.file.roles.iter().flatten() {
            if let Some(tenant) = entry.tenant.as_ref().filter(|tenant| !self.world.has_tenant(&tenant.value)) {
                self.unknown("tenant", tenant);
            }
            for function in entry.permit.iter().chain(&entry.deny) {
                if !self.world.has_function(&function.value) {
                    self.unknown("function", function);
                }
            }
            let current = self.state.roles.get(&entry.id.value);
            let ids = |list: &[At<String>]| list.iter().map(|id| id.value.clone()).collect();
            let role = RealmRole {
                name: entry.name.value.clone(),
                tenant: text(&entry.tenant),
                users: self.members(entry.users.as_deref(), current.map(|role| &role.users)),
                permit: ids(&entry.permit),
                deny: ids(&entry.deny),
            };
            let change = Change::between("role", entry.id.value.clone(), current, &role);
            self.put(change, RealmPut::Role(entry.id.value.clone(), role));
        }
    }

    fn configs(&mut self) {
        for entry in self.file.configs.iter().flatten() {
            let interface = (entry.method.value.as_str(), entry.url.value.as_str());
            // What the file gives another method or URL leaves this one free.
            let holder = self.world.config_for(interface).filter(|holder| !self.moves_away(holder, interface));
            let uid = match (&entry.id, holder) {
                (Some(id), Some(holder)) if id.value != holder => {
                    let text = format!("the config `{holder}` is for this method and URL; give its id, or none");
                    self.problems.add(id.position, text);
                    continue;
                }
                (Some(id), _) => id.value.clone(),
                (None, Some(holder)) => holder.to_owned(),
                (None, None) => self.parts.random.hex(32),
            };
            let current = self.state.configs.get(&uid);
            let config = config(entry, current.map_or(self.plan.writes.now, |config| config.created_at));
            let change = Change::between("config", uid.clone(), current, &config);
            let log_id = self.parts.random.hex(32);
            let mut log = match current {
                Some(current) => record::changed(log_id, &uid, current, &config),
                None => record::added(log_id, &uid, &config),
            };
            log.wanted = text(&entry.log_id).filter(|_| change.action == Action::Created);
            if self.put(change, RealmPut::Config(uid, config)) {
                self.plan.writes.logs.push(log);
            }
        }
    }

    /// Whether the file gives the config another method or URL than this.
    fn moves_away(&self, uid: &str, interface: (&str, &str)) -> bool {
        let mut declared = self.file.configs.iter().flatten();
        let own = declared.find(|entry| entry.id.as_ref().is_some_and(|id| id.value == uid));
        own.is_some_and(|entry| (entry.method.value.as_str(), entry.url.value.as_str()) != interface)
    }

    async fn wechat_apps(&mut self) -> Result<(), RealmError> {
        for entry in self.file.wechat_apps.iter().flatten() {
            let id = &entry.id.value;
            let current = self.state.wechat_apps.get(id);
            let secret = entry.secret.as_ref().and_then(|secret| secret.value.plain());
            let sealed = current.map(|app| app.secret_sealed.clone()).unwrap_or_default();
            let app = RealmWechatApp { secret_sealed: sealed };
            let mut change = Change::between("wechat_app", id.clone(), current, &app);
            let new = match (secret, current) {
                (None, None) => {
                    self.problems.add(entry.id.position, "a new application at WeChat needs its `secret`");
                    continue;
                }
                (None, Some(_)) => None,
                (Some(secret), None) => Some(secret),
                (Some(secret), Some(current)) => {
                    let known = self.parts.vault.peek(sealed_at(id), &current.secret_sealed).await?;
                    Some(secret).filter(|secret| **secret != known)
                }
            };
            if let Some(secret) = new {
                change.secret("secret", if current.is_some() { "changed" } else { "as given" });
                self.plan.sealed.push((self.plan.writes.puts.len(), secret.clone()));
            }
            self.put(change, RealmPut::WechatApp(id.clone(), app));
        }
        Ok(())
    }

    /// Where there was an administrator who can log in, there still is one.
    fn administrators(&mut self) {
        let mut admins = self.state.admins.clone();
        for put in &self.plan.writes.puts {
            if let RealmPut::User { user, .. } = put {
                let _known = if user.is_admin && !user.banned {
                    admins.insert(user.uid.clone())
                } else {
                    admins.remove(&user.uid)
                };
            }
        }
        for removal in &self.plan.writes.removals {
            if let RealmRemoval::User(account) = removal {
                self.state.users.get(account).map(|user| admins.remove(&user.uid));
            }
        }
        if admins.is_empty() && !self.state.admins.is_empty() {
            self.problems.add_anywhere("no administrator would be left: declare one, with `admin: true`");
        }
    }

    pub(super) fn unknown(&mut self, what: &str, name: &At<String>) {
        self.problems.add(name.position, format!("there is no {what} `{}`", name.value));
    }

    pub(super) fn wrong(&mut self, position: Position, text: String) {
        self.problems.add(position, text);
    }
}

pub(super) fn text(at: &Option<At<String>>) -> Option<String> {
    at.as_ref().map(|at| at.value.clone()).filter(|text| !text.is_empty())
}

fn config(entry: &ConfigEntry, created_at: i64) -> RealmConfig {
    let number = |at: &Option<At<i32>>| at.as_ref().map(|at| at.value);
    RealmConfig {
        name: entry.name.value.clone(),
        method: entry.method.value.clone(),
        url: entry.url.value.clone(),
        auth_code: text(&entry.auth_code),
        limit_gap: number(&entry.limit_gap),
        limit_cycle: number(&entry.limit_cycle),
        limit_max: number(&entry.limit_max),
        message: text(&entry.message),
        remark: text(&entry.remark),
        verify: entry.verify,
        limited: entry.limit,
        created_at,
    }
}
