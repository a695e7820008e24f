//! What provisioning declares, read as a whole and changed as a whole.
//!
//! Things are named by what a realm file calls them (public ids, accounts), since the numeric ids of what is to be added
//! are not known before.

mod find;
mod free;
mod lock;
mod read;
mod remove;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::EntityTrait as _;
use serde::Serialize;

use super::entity::realm_revision;
use super::{AuditRow, Error, HandleKind, Store};

/// A pool, without its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are columns, which the entity documents")]
pub struct RealmPool {
    pub name: String,
    pub project_type: Option<i32>,
    pub end_points: String,
    pub request_max: i32,
}

/// An application, without its public id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are columns, which the entity documents")]
pub struct RealmApp {
    pub name: String,
    pub description: Option<String>,
    pub redirect_uri: Option<String>,
    pub enabled: bool,
    pub may_create: bool,
    pub token_life: Option<i64>,
    pub refresh_life: Option<i64>,
    pub exclusive: bool,
    #[serde(skip)]
    pub secret_hash: String,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are columns, which the entity documents")]
pub struct RealmUser {
    #[serde(rename = "id")]
    pub uid: String,
    pub account: String,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub head_img: Option<String>,
    #[serde(rename = "admin")]
    pub is_admin: bool,
    pub builtin: bool,
    pub banned: bool,
    #[serde(skip)]
    pub password_hash: String,
    #[serde(skip)]
    pub password_sealed: Option<String>,
    #[serde(skip)]
    pub password_version: i64,
}

/// A tenant: its name, the public ids of its applications, the folded accounts of its users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the sentence above says it")]
pub struct RealmTenant {
    pub name: String,
    pub apps: BTreeSet<String>,
    pub users: BTreeSet<String>,
}

/// A navigator, in the menu of the application and the group of these public ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are columns, which the entity documents")]
pub struct RealmNavigator {
    pub app: String,
    pub parent: Option<String>,
    #[serde(skip)]
    pub kind: i32,
    #[serde(rename = "index")]
    pub position: i32,
    pub name: String,
    pub icon_url: Option<String>,
    pub module: Option<String>,
    pub file: Option<String>,
    pub auto_load: Option<bool>,
}

/// A function of the navigator of this public id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are columns, which the entity documents")]
pub struct RealmFunction {
    pub navigator: String,
    #[serde(rename = "type")]
    pub kind: i32,
    #[serde(rename = "index")]
    pub position: i32,
    pub name: String,
    pub auth_codes: String,
    pub method: Option<String>,
    pub icon_url: Option<String>,
    pub begin_group: Option<bool>,
    pub hide_text: Option<bool>,
}

/// A role: the public id of its tenant, the folded accounts of its users, the public ids of functions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the sentence above says it")]
pub struct RealmRole {
    pub name: String,
    pub tenant: Option<String>,
    pub users: BTreeSet<String>,
    pub permit: BTreeSet<String>,
    pub deny: BTreeSet<String>,
}

/// An interface config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are columns, which the entity documents")]
pub struct RealmConfig {
    pub name: String,
    pub method: String,
    pub url: String,
    pub auth_code: Option<String>,
    pub limit_gap: Option<i32>,
    pub limit_cycle: Option<i32>,
    pub limit_max: Option<i32>,
    pub message: Option<String>,
    pub remark: Option<String>,
    pub verify: bool,
    #[serde(rename = "limit")]
    pub limited: bool,
    #[serde(skip)]
    pub created_at: i64,
}

/// An application at WeChat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the field is a column, which the entity documents")]
pub struct RealmWechatApp {
    #[serde(skip)]
    pub secret_sealed: String,
}

/// Everything that is there of what a realm file can declare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RealmState {
    /// By number.
    pub pools: BTreeMap<i64, RealmPool>,
    /// By public id.
    pub apps: BTreeMap<String, RealmApp>,
    /// Those of the [`UserScope`], by folded account.
    pub users: BTreeMap<String, RealmUser>,
    /// By public id.
    pub tenants: BTreeMap<String, RealmTenant>,
    /// By public id.
    pub navigators: BTreeMap<String, RealmNavigator>,
    /// By public id.
    pub functions: BTreeMap<String, RealmFunction>,
    /// By public id.
    pub roles: BTreeMap<String, RealmRole>,
    /// By public id.
    pub configs: BTreeMap<String, RealmConfig>,
    /// By the id that WeChat gave.
    pub wechat_apps: BTreeMap<String, RealmWechatApp>,
    /// What the users of the scope log in with, and the folded account of each.
    pub handles: BTreeMap<String, String>,
    /// The public ids of all administrators who are not banned.
    pub admins: BTreeSet<String>,
}

/// Which users are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserScope {
    /// All.
    All,
    /// Some.
    Named {
        /// Those who log in with one of these.
        handles: BTreeSet<String>,
        /// Those who have one of these public ids.
        uids: BTreeSet<String>,
    },
}

/// A thing to be added, or to be changed to this if it is there.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the keys are those of RealmState")]
pub enum RealmPut {
    Pool(i64, RealmPool),
    App {
        app_id: String,
        app: RealmApp,
        /// Revokes the tokens issued before this, and in any case those that were issued since the last revocation.
        tokens_valid_from: Option<i64>,
    },
    User {
        account: String,
        user: RealmUser,
        /// What the user logs in with, where that changes.
        handles: Option<Vec<(HandleKind, String)>>,
        /// Ends the sessions begun before this.
        tokens_valid_from: Option<i64>,
        /// What is recorded about a user who was added.
        record: AuditRow,
    },
    Tenant(String, RealmTenant),
    Navigator(String, RealmNavigator),
    Function(String, RealmFunction),
    Role(String, RealmRole),
    Config(String, RealmConfig),
    WechatApp(String, RealmWechatApp),
}

/// A thing to be removed, with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the keys are those of RealmState")]
pub enum RealmRemoval {
    Pool(i64),
    App(String),
    User(String),
    Tenant(String),
    Navigator(String),
    Function(String),
    Role(String),
    Config(String),
    WechatApp(String),
}

/// The record of a change of an interface config; the columns are those of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are columns, which the entity documents")]
pub struct RealmLog {
    /// The public id, unless `wanted` is free.
    pub uid: String,
    /// The public id that it should have.
    pub wanted: Option<String>,
    pub kind: &'static str,
    pub business: &'static str,
    pub business_id: String,
    pub content: String,
    pub creator: &'static str,
    pub creator_id: String,
}

/// Changes that are made together or not at all.
#[derive(Clone, Debug, Default)]
pub struct RealmWrites {
    /// What is added and changed. What is named by others comes before them.
    pub puts: Vec<RealmPut>,
    /// What is removed.
    pub removals: Vec<RealmRemoval>,
    /// What is recorded about interface configs.
    pub logs: Vec<RealmLog>,
    /// The moment of all this, in milliseconds since the epoch.
    pub now: i64,
}

impl Store {
    /// Everything that a realm file can declare, but of users only those of the scope.
    pub async fn realm(&self, scope: &UserScope) -> Result<RealmState, Error> {
        self.transaction(move |transaction| async move { read::state(&*transaction, scope).await }).await
    }

    /// Makes all changes in one transaction if what is there is still `seen`, and says whether it was. Of any number that
    /// try at once each waits for the one before it, and what is to be written is locked before it is compared.
    ///
    /// # Errors
    /// [`Error::Taken`] if something has an id, a name or an address that the changes give to another, and got it after
    /// `seen` was.
    pub async fn write_realm(&self, scope: &UserScope, seen: &RealmState, writes: &RealmWrites) -> Result<bool, Error> {
        self.transaction(move |transaction| async move {
            let transaction = &*transaction;
            lock::alone(transaction).await?;
            lock::written(transaction, seen, writes).await?;
            if read::state(transaction, scope).await? != *seen {
                return Ok(false);
            }
            write::all(transaction, writes).await?;
            lock::count(transaction).await?;
            Ok(true)
        })
        .await
    }

    /// How often a realm was written. Who remembers what stands in one learns from it that there is something new.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn realm_revision(&self) -> Result<i64, Error> {
        let row = realm_revision::Entity::find().one(&self.db).await?;
        Ok(row.ok_or_else(lock::uncounted)?.number)
    }
}
