//! What will be there once a realm file is applied, so that names can be told from mistakes.

use std::collections::{BTreeSet, HashMap};

use super::file::RealmFile;
use crate::domain::user::Handle;
use crate::store::{RealmConfig, RealmRole, RealmState};

/// The things of a file and those that are there and stay.
pub(super) struct World<'a> {
    file: &'a RealmFile,
    state: &'a RealmState,
    prune: bool,
    /// Method and URL of our own operations, whose configs are seeded by the server and never pruned.
    own: &'a [(String, String)],
    apps: BTreeSet<&'a str>,
    users: BTreeSet<String>,
    tenants: BTreeSet<&'a str>,
    /// The application and the group of each.
    navigators: HashMap<&'a str, (&'a str, Option<&'a str>)>,
    functions: BTreeSet<&'a str>,
    roles: BTreeSet<&'a str>,
    wechat_apps: BTreeSet<&'a str>,
}

impl<'a> World<'a> {
    pub(super) fn new(file: &'a RealmFile, state: &'a RealmState, prune: bool, own: &'a [(String, String)]) -> Self {
        Self {
            file,
            state,
            prune,
            own,
            apps: file.apps.iter().flatten().map(|entry| entry.id.value.as_str()).collect(),
            users: file.users.iter().flatten().filter_map(|entry| Handle::fold(&entry.account.value)).collect(),
            tenants: file.tenants.iter().flatten().map(|entry| entry.id.value.as_str()).collect(),
            navigators: file
                .navigators
                .iter()
                .flatten()
                .map(|entry| {
                    let parent = entry.parent.as_ref().map(|parent| parent.value.as_str());
                    (entry.id.value.as_str(), (entry.app.value.as_str(), parent))
                })
                .collect(),
            functions: file.functions.iter().flatten().map(|entry| entry.id.value.as_str()).collect(),
            roles: file.roles.iter().flatten().map(|entry| entry.id.value.as_str()).collect(),
            wechat_apps: file.wechat_apps.iter().flatten().map(|entry| entry.id.value.as_str()).collect(),
        }
    }

    /// Whether what is there and not declared stays.
    fn stays<T>(&self, section: &Option<Vec<T>>) -> bool {
        !self.prune || section.is_none()
    }

    pub(super) fn has_app(&self, id: &str) -> bool {
        self.apps.contains(id) || (self.stays(&self.file.apps) && self.state.apps.contains_key(id))
    }

    /// The application that has a name, stays, and is not declared.
    pub(super) fn other_app_named(&self, name: &str) -> Option<&'a str> {
        let state: &'a RealmState = self.state;
        let mut others =
            state.apps.iter().filter(|(id, _)| self.stays(&self.file.apps) && !self.apps.contains(id.as_str()));
        others.find(|(_, app)| app.name == name).map(|(id, _)| id.as_str())
    }

    pub(super) fn has_user(&self, account: &str) -> bool {
        self.users.contains(account) || (self.stays(&self.file.users) && self.state.users.contains_key(account))
    }

    /// Whether a user who is there, perhaps beyond those that were read, stays.
    pub(super) fn keeps_user(&self, account: &str) -> bool {
        self.users.contains(account) || self.stays(&self.file.users)
    }

    pub(super) fn has_tenant(&self, id: &str) -> bool {
        self.tenants.contains(id) || (self.stays(&self.file.tenants) && self.state.tenants.contains_key(id))
    }

    pub(super) fn declares_tenant(&self, id: &str) -> bool {
        self.tenants.contains(id)
    }

    /// The application of a navigator, and its group. One that is not declared goes with either.
    pub(super) fn navigator(&self, id: &str) -> Option<(&'a str, Option<&'a str>)> {
        if let Some(declared) = self.navigators.get(id) {
            return Some(*declared);
        }
        let state: &'a RealmState = self.state;
        let there = state.navigators.get(id).filter(|_| self.stays(&self.file.navigators))?;
        let parent = there.parent.as_deref();
        let stays = self.has_app(&there.app) && parent.is_none_or(|parent| self.navigator(parent).is_some());
        stays.then_some((there.app.as_str(), parent))
    }

    /// What stands in a navigator, stays, and is not declared; and the application of each.
    pub(super) fn other_modules_of(&self, parent: &str) -> Vec<(&'a str, &'a str)> {
        let state: &'a RealmState = self.state;
        let there = state.navigators.iter().filter(|(_, module)| module.parent.as_deref() == Some(parent));
        let others = there.filter(|(id, _)| !self.navigators.contains_key(id.as_str()) && self.navigator(id).is_some());
        others.map(|(id, module)| (id.as_str(), module.app.as_str())).collect()
    }

    /// Whether there is a function. One that is not declared goes with its navigator.
    pub(super) fn has_function(&self, id: &str) -> bool {
        let there = self.state.functions.get(id).filter(|_| self.stays(&self.file.functions));
        self.functions.contains(id) || there.is_some_and(|there| self.navigator(&there.navigator).is_some())
    }

    pub(super) fn declares_role(&self, id: &str) -> bool {
        self.roles.contains(id)
    }

    /// Whether there is a role. One that is not declared goes with its tenant.
    pub(super) fn has_role(&self, id: &str) -> bool {
        let there = self.state.roles.get(id).filter(|_| self.stays(&self.file.roles));
        let with_tenant = |role: &RealmRole| role.tenant.as_ref().is_none_or(|tenant| self.has_tenant(tenant));
        self.roles.contains(id) || there.is_some_and(with_tenant)
    }

    pub(super) fn has_wechat_app(&self, id: &str) -> bool {
        self.wechat_apps.contains(id) || (self.stays(&self.file.wechat_apps) && self.state.wechat_apps.contains_key(id))
    }

    pub(super) fn keeps_pool(&self, id: i64) -> bool {
        self.stays(&self.file.pools) || self.declares_pool(id)
    }

    fn declares_pool(&self, id: i64) -> bool {
        self.file.pools.iter().flatten().any(|entry| entry.id.value == id)
    }

    /// The pool that serves a type of projects, stays, and is not declared.
    pub(super) fn other_pool_of(&self, project_type: i32) -> Option<i64> {
        let mut others = self.state.pools.iter().filter(|(id, _)| self.keeps_pool(**id) && !self.declares_pool(**id));
        others.find(|(_, pool)| pool.project_type == Some(project_type)).map(|(id, _)| *id)
    }

    pub(super) fn keeps_config(&self, uid: &str, config: &RealmConfig) -> bool {
        let is_own = |(method, url): &(String, String)| *method == config.method && *url == config.url;
        if self.stays(&self.file.configs) || self.own.iter().any(is_own) {
            return true;
        }
        self.file.configs.iter().flatten().any(|entry| match &entry.id {
            Some(id) => id.value == uid,
            None => entry.method.value == config.method && entry.url.value == config.url,
        })
    }

    /// The id of the config that is for a method and a URL, and stays.
    pub(super) fn config_for(&self, (method, url): (&str, &str)) -> Option<&'a str> {
        let state: &'a RealmState = self.state;
        let mut staying = state.configs.iter().filter(|(uid, config)| self.keeps_config(uid, config));
        let (uid, _) = staying.find(|(_, config)| config.method == method && config.url == url)?;
        Some(uid)
    }
}
