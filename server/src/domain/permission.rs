//! Permissions: what roles let users do. A user may do what some role permits and none denies.
//!
//! Rights come from roles alone, so that whoever is an administrator or came with the installation has none by that.
//! Roles without a tenant count everywhere, those of a tenant in sessions of that tenant.

use std::collections::{HashMap, HashSet};

use crate::store::{FunctionRow, NavigatorRow, Store};

use super::Error;
use super::access::AccessSession;
use super::signed::is_id;

/// Whose rights are asked for, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The numeric id of the user.
    pub user_id: i64,
    /// The numeric id of the application that the user logged in to.
    pub app_id: i64,
    /// The numeric id of the tenant that the user logged in to.
    pub tenant_id: Option<i64>,
}

impl From<&AccessSession> for Subject {
    fn from(session: &AccessSession) -> Self {
        Self {
            user_id: session.user.id,
            app_id: session.app.id,
            tenant_id: session.tenant.as_ref().map(|tenant| tenant.id),
        }
    }
}

/// An entry of an application's menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Navigator {
    /// The public id: 32 hexadecimal digits.
    pub uid: String,
    /// The public id of the group that it stands in.
    pub parent: Option<String>,
    /// The level: 1 for a group, 2 for a module.
    pub level: i32,
    /// The place among its siblings, ascending.
    pub index: i32,
    /// The name that people see.
    pub name: String,
    /// The path of its icon.
    pub icon_url: Option<String>,
    /// The name of the module that it opens.
    pub module: Option<String>,
    /// The file that holds the module.
    pub file: Option<String>,
    /// Whether clients open the module by themselves.
    pub auto_load: Option<bool>,
}

/// Something that a module can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The public id: 32 hexadecimal digits.
    pub uid: String,
    /// The public id of the module.
    pub navigator: String,
    /// The type of the node, which means something to clients only.
    pub kind: i32,
    /// The place in the module, ascending.
    pub index: i32,
    /// The name that people see.
    pub name: String,
    /// The rights that it stands for, separated by commas.
    pub auth_codes: String,
    /// What clients call for it.
    pub method: Option<String>,
    /// The path of its icon.
    pub icon_url: Option<String>,
    /// Whether clients draw a line before it.
    pub begin_group: Option<bool>,
    /// Whether clients show its icon only.
    pub hide_text: Option<bool>,
    /// Whether the user may do it: false where a role denies it, none where no role says anything.
    pub permit: Option<bool>,
}

/// The questions about rights. What was changed counts from the next question on.
pub struct Permissions {
    store: Store,
}

impl Permissions {
    pub(super) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// The modules of the application that have a function which the user may do, and the groups that they stand in;
    /// groups first, each level in its order.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn navigators(&self, subject: Subject) -> Result<Vec<Navigator>, Error> {
        let Subject { user_id, app_id, tenant_id } = subject;
        let rows = self.store.navigators_of(app_id).await?;
        let statements = self.store.statements_in_app(user_id, tenant_id, app_id).await?;
        let permits = permits(statements.iter().map(|&(navigator, function, permit)| ((navigator, function), permit)));
        let parents: HashMap<_, _> = rows.iter().map(|row| (row.id, row.parent_id)).collect();
        let mut shown = HashSet::new();
        for (&(navigator, _), _) in permits.iter().filter(|(_, permit)| **permit) {
            let mut next = Some(navigator);
            // What is shown already has its parents shown, so that no circle could be walked twice.
            while let Some(id) = next.filter(|id| shown.insert(*id)) {
                next = parents.get(&id).copied().flatten();
            }
        }
        let uids: HashMap<_, _> = rows.iter().map(|row| (row.id, row.uid.clone())).collect();
        let visible = rows.into_iter().filter(|row| shown.contains(&row.id));
        Ok(visible.map(|row| navigator(row, &uids)).collect())
    }

    /// Every function of a module, of whichever application, with whether the user may do it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such module.
    pub async fn functions(&self, subject: Subject, navigator: &str) -> Result<Vec<Function>, Error> {
        // PostgreSQL takes no text with a zero byte.
        let found = if is_id(navigator) { self.store.navigator_by_uid(navigator).await? } else { None };
        let module = found.ok_or(Error::NotFound)?;
        let rows = self.store.functions_of(module.id).await?;
        let permits = permits(self.store.statements_on(subject.user_id, subject.tenant_id, module.id).await?);
        Ok(rows.into_iter().map(|row| function(row, &module.uid, &permits)).collect())
    }

    /// Lets nobody pass who does not have the right `auth_code`, by a function of whichever application.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless a role permits a function that stands for it and none denies one.
    pub async fn require(&self, subject: Subject, auth_code: &str) -> Result<(), Error> {
        let statements = self.store.statements_about(subject.user_id, subject.tenant_id, auth_code).await?;
        let about = |codes: &str| codes.split(',').any(|code| code.trim() == auth_code);
        let mut said = statements.iter().filter(|(codes, _)| about(codes)).map(|(_, permit)| *permit).peekable();
        if said.peek().is_some() && said.all(|permit| permit) { Ok(()) } else { Err(Error::Forbidden) }
    }
}

/// What all statements come to: a denial wins.
fn permits<K: Eq + std::hash::Hash>(statements: impl IntoIterator<Item = (K, bool)>) -> HashMap<K, bool> {
    let mut permits = HashMap::new();
    for (about, permit) in statements {
        permits.entry(about).and_modify(|all| *all &= permit).or_insert(permit);
    }
    permits
}

fn navigator(row: NavigatorRow, uids: &HashMap<i64, String>) -> Navigator {
    Navigator {
        uid: row.uid,
        parent: row.parent_id.and_then(|id| uids.get(&id).cloned()),
        level: row.kind,
        index: row.position,
        name: row.name,
        icon_url: row.icon_url,
        module: row.module,
        file: row.file,
        auto_load: row.auto_load,
    }
}

fn function(row: FunctionRow, navigator: &str, permits: &HashMap<i64, bool>) -> Function {
    Function {
        permit: permits.get(&row.id).copied(),
        uid: row.uid,
        navigator: navigator.to_owned(),
        kind: row.kind,
        index: row.position,
        name: row.name,
        auth_codes: row.auth_codes,
        method: row.method,
        icon_url: row.icon_url,
        begin_group: row.begin_group,
        hide_text: row.hide_text,
    }
}

#[cfg(test)]
mod tests;
