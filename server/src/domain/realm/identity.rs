//! Applications and users: what is compared by their secrets.

use super::Digest;
use super::change::Change;
use super::file::{AppEntry, UserEntry};
use super::plan::{Planner, text};
use super::problem::RealmError;
use crate::domain::app::AppId;
use crate::domain::audit::AuditKind;
use crate::domain::clock::Timestamp;
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use crate::domain::user::Handle;
use crate::store::{HandleKind, RealmApp, RealmPut, RealmUser};

/// Characters of an application's secret that is made here.
const SECRET_LENGTH: usize = 32;

/// Characters of a user's password that is made here: 142 bits.
const PASSWORD_LENGTH: usize = 24;

impl Planner<'_> {
    pub(super) fn apps(&mut self) {
        for entry in self.file.apps.iter().flatten() {
            self.app(entry);
        }
    }

    fn app(&mut self, entry: &AppEntry) {
        let id = &entry.id.value;
        let current = self.state.apps.get(id);
        if let Some(other) = self.world.other_app_named(&entry.name.value) {
            self.wrong(entry.name.position, format!("the application `{other}` has this name"));
        }
        let given = entry.secret.as_ref().and_then(|secret| secret.value.plain());
        let mut app = RealmApp {
            name: entry.name.value.clone(),
            description: text(&entry.description),
            redirect_uri: text(&entry.redirect_uri),
            enabled: entry.enabled.unwrap_or_else(|| current.is_none_or(|app| app.enabled)),
            may_create: entry.may_create,
            token_life: entry.token_life.as_ref().map(|life| life.value),
            refresh_life: entry.refresh_life.as_ref().map(|life| life.value),
            exclusive: entry.exclusive,
            secret_hash: current.map(|app| app.secret_hash.clone()).unwrap_or_default(),
        };
        let mut change = Change::between("app", id.clone(), current, &app);
        let now = self.parts.clock.now();
        let mut tokens_valid_from = None;
        let new = match (current, given) {
            (None, Some(given)) => {
                change.secret("secret", "as given");
                tokens_valid_from = Some(now.whole_second().millis());
                Some(given.clone())
            }
            (None, None) => {
                change.secret("secret", "to be made, and shown once");
                tokens_valid_from = Some(now.whole_second().millis());
                let made = Secret::new(self.parts.random.alphanumeric(SECRET_LENGTH));
                self.plan.generated.push(("secret of app", id.clone(), made.clone()));
                Some(made)
            }
            (Some(current), Some(given)) if !self.parts.apps.is_secret(id, given.expose(), &current.secret_hash) => {
                change.secret("secret", "changed; its tokens are revoked");
                // As a revocation does: the tokens of the present second are revoked as well.
                tokens_valid_from = Some(Timestamp::from_seconds(now.seconds() + 1).millis());
                Some(given.clone())
            }
            (Some(_), _) => None,
        };
        if let Some(secret) = new {
            app.secret_hash = self.parts.apps.hash_secret(&AppId::new(id), &secret);
        }
        self.put(change, RealmPut::App { app_id: id.clone(), app, tokens_valid_from });
    }

    pub(super) async fn users(&mut self) -> Result<(), RealmError> {
        for entry in self.file.users.iter().flatten() {
            // The names were checked, so that each is one.
            let Ok(account) = Handle::account(&entry.account.value) else { continue };
            self.user(entry, &account).await?;
        }
        Ok(())
    }

    async fn user(&mut self, entry: &UserEntry, account: &Handle) -> Result<(), RealmError> {
        let current = self.state.users.get(account.folded());
        let handles = self.handles(entry, account);
        if let (Some(id), Some(current)) = (&entry.id, current)
            && id.value != current.uid
        {
            self.wrong(id.position, format!("the user `{}` has the id `{}`", current.account, current.uid));
        }
        if let (Some(id), None) = (&entry.id, current)
            && let Some((other, _)) = self.state.users.iter().find(|(_, user)| user.uid == id.value)
            && self.world.keeps_user(other)
        {
            self.wrong(id.position, format!("the user `{other}` has this id"));
        }
        let uid = match (current, text(&entry.id)) {
            (Some(current), _) => current.uid.clone(),
            (None, Some(given)) => given,
            (None, None) => self.parts.random.hex(32),
        };
        let user = RealmUser {
            uid,
            account: account.written().to_owned(),
            name: text(&entry.name).unwrap_or_else(|| account.written().to_owned()),
            email: text(&entry.email),
            phone: text(&entry.phone),
            head_img: text(&entry.head_img),
            is_admin: entry.admin,
            builtin: entry.builtin,
            banned: entry.banned.unwrap_or_else(|| current.is_some_and(|user| user.banned)),
            password_hash: current.map(|user| user.password_hash.clone()).unwrap_or_default(),
            password_sealed: current.and_then(|user| user.password_sealed.clone()),
            password_version: current.map(|user| user.password_version).unwrap_or_default(),
        };
        let mut change = Change::between("user", account.written().to_owned(), current, &user);
        let mut ends = user.banned && current.is_some_and(|user| !user.banned);
        match (current, digest(entry)) {
            (None, Some(given)) => {
                change.secret("password", "as given");
                self.plan.passwords.push((self.plan.writes.puts.len(), given));
            }
            (None, None) => {
                change.secret("password", "to be made, and shown once");
                let made = Secret::new(self.parts.random.alphanumeric(PASSWORD_LENGTH));
                self.plan.passwords.push((self.plan.writes.puts.len(), Digest::of(made.expose())));
                self.plan.generated.push(("password of user", account.written().to_owned(), made));
            }
            (Some(current), Some(given)) => {
                if !self.parts.users.is_password(given.clone(), &current.password_hash).await? {
                    change.secret("password", "changed; the user's sessions end");
                    self.plan.passwords.push((self.plan.writes.puts.len(), given));
                    ends = true;
                } else if self.parts.users.lacks_digest(current.password_sealed.as_deref()) {
                    change.secret("password", "the same, kept for logins by signature");
                    self.plan.passwords.push((self.plan.writes.puts.len(), given));
                }
            }
            (Some(_), None) => {}
        }
        let is_renamed = current.is_none_or(|current| (&current.email, &current.phone) != (&user.email, &user.phone));
        let origin = Origin::command("apply");
        let put = RealmPut::User {
            account: account.folded().to_owned(),
            handles: is_renamed.then_some(handles),
            // A session that began within this millisecond is over, too.
            tokens_valid_from: ends.then(|| self.plan.writes.now.saturating_add(1)),
            record: self.parts.audit.row(&origin, AuditKind::UserRegistered, None, Some(&user.account)),
            user,
        };
        self.put(change, put);
        Ok(())
    }

    /// What the user logs in with besides the account. Nobody else who stays has any of it.
    fn handles(&mut self, entry: &UserEntry, account: &Handle) -> Vec<(HandleKind, String)> {
        let folded = |at: &super::file::At<String>| Some((Handle::fold(&at.value)?, at.position));
        let own = [
            (HandleKind::Account, folded(&entry.account)),
            (HandleKind::Email, entry.email.as_ref().and_then(folded)),
            (HandleKind::Phone, entry.phone.as_ref().and_then(folded)),
        ];
        let mut handles = Vec::new();
        for (kind, handle) in own {
            let Some((handle, position)) = handle else { continue };
            let holder = self.state.handles.get(&handle);
            if let Some(other) = holder.filter(|other| *other != account.folded() && self.holds(other, &handle)) {
                self.wrong(position, format!("the user `{other}` logs in with this"));
            }
            if kind != HandleKind::Account {
                handles.push((kind, handle));
            }
        }
        handles
    }

    /// Whether a user who has a handle will still have it.
    fn holds(&self, account: &str, handle: &str) -> bool {
        let is = |at: &super::file::At<String>, text: &str| Handle::fold(&at.value).as_deref() == Some(text);
        match self.file.users.iter().flatten().find(|entry| is(&entry.account, account)) {
            Some(entry) => [&entry.email, &entry.phone].into_iter().flatten().any(|at| is(at, handle)),
            None => self.world.keeps_user(account),
        }
    }
}

/// The digest of the password that a file gives.
fn digest(entry: &UserEntry) -> Option<Digest> {
    let given = entry.password.as_ref().and_then(|at| at.value.plain()).map(|password| Digest::of(password.expose()));
    given.or_else(|| Digest::parse(entry.password_digest.as_ref()?.value.plain()?.expose()))
}
