//! Reads a realm file and checks what can be told from the file alone.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::path::Path;

use serde_saphyr::NonFiniteFloatPolicy;

use super::file::{
    AppEntry, At, ConfigEntry, FunctionEntry, NavigatorEntry, PoolEntry, Position, RealmFile, RoleEntry, TenantEntry,
    UserEntry, WechatAppEntry,
};
use super::problem::{Problem, Problems, RealmError};
use super::record::CREATOR_ID;
use super::secret::SecretSource;
use crate::domain::Error;
use crate::domain::app::NewApp;
use crate::domain::name::Name;
use crate::domain::password::Digest;
use crate::domain::user::Handle;
use crate::domain::wechat::is_app_id;

/// Characters of the texts that the store keeps.
const TEXT_MAX: usize = 255;

/// Addresses of a pool: MariaDB keeps 65,535 bytes of them together.
const END_POINTS_MAX: usize = 32;

/// Methods of interfaces.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// Reads the text of a realm file. Secrets that are elsewhere are fetched; `directory` is that of the file.
///
/// # Errors
/// [`RealmError::Wrong`]: the first mistake of form, or else every wrong value.
pub(super) fn read(text: &str, directory: &Path) -> Result<RealmFile, RealmError> {
    let mut file: RealmFile = parse(text)?;
    let mut check = Check { problems: Problems::default() };
    check.secrets(&mut file, directory);
    file.apps.iter().flatten().for_each(|app| check.app(app));
    file.users.iter().flatten().for_each(|user| check.user(user));
    file.tenants.iter().flatten().for_each(|tenant| check.tenant(tenant));
    file.navigators.iter().flatten().for_each(|navigator| check.navigator(navigator));
    file.functions.iter().flatten().for_each(|function| check.function(function));
    file.roles.iter().flatten().for_each(|role| check.role(role));
    file.configs.iter().flatten().for_each(|config| check.config(config));
    file.wechat_apps.iter().flatten().for_each(|app| check.wechat_app(app));
    file.pools.iter().flatten().for_each(|pool| check.pool(pool));
    check.duplicates(&file);
    check.problems.settle()?;
    Ok(file)
}

fn parse(text: &str) -> Result<RealmFile, RealmError> {
    if text.trim().is_empty() {
        return Ok(RealmFile::default());
    }
    // A secret in the form of a number that is none comes to its visitor, rather than into a message.
    let options = serde_saphyr::options! { non_finite_float_policy: NonFiniteFloatPolicy::PassThrough };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let position = error.location().filter(|at| at.line() > 0);
        let position = position.map(|at| Position { line: at.line(), column: at.column() });
        // Without the excerpt of the file that comes with it by default: there may be a secret in it.
        let said = error.without_snippet().to_string();
        let text = match said.find(" at line ") {
            Some(end) if position.is_some() => said[..end].to_owned(),
            _ => said,
        };
        RealmError::Wrong(vec![Problem { position, text }])
    })
}

struct Check {
    problems: Problems,
}

impl Check {
    /// Puts every secret where its place was named.
    fn secrets(&mut self, file: &mut RealmFile, directory: &Path) {
        let apps = file.apps.iter_mut().flatten().filter_map(|app| app.secret.as_mut());
        let passwords = file
            .users
            .iter_mut()
            .flatten()
            .flat_map(|user| [user.password.as_mut(), user.password_digest.as_mut()].into_iter().flatten());
        let wechat = file.wechat_apps.iter_mut().flatten().filter_map(|app| app.secret.as_mut());
        for source in apps.chain(passwords).chain(wechat) {
            match source.value.read(directory) {
                Ok(secret) if secret.expose().is_empty() => self.problems.add(source.position, "the secret is empty"),
                Ok(secret) if secret.expose().chars().count() > 128 => {
                    self.problems.add(source.position, "the secret has more than 128 characters");
                }
                Ok(secret) => source.value = SecretSource::Plain(secret),
                Err(reason) => self.problems.add(source.position, reason),
            }
        }
    }

    fn app(&mut self, app: &AppEntry) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !(1..=64).contains(&app.id.value.len()) || !app.id.value.chars().all(plain) {
            self.problems.add(app.id.position, "an id of an application has 1 to 64 letters, digits, `-`, `_` or `.`");
        }
        let text = |text: &Option<At<String>>| text.as_ref().map(|text| text.value.clone());
        let new = NewApp::new(app.name.value.clone(), text(&app.description), text(&app.redirect_uri));
        if let Err(Error::InvalidInput { field, reason }) = new {
            let at = match field {
                "description" => app.description.as_ref(),
                "redirect_uri" => app.redirect_uri.as_ref(),
                _ => Some(&app.name),
            };
            self.problems.add(at.unwrap_or(&app.name).position, format!("`{field}` {reason}"));
        }
        if let Some(At { value: SecretSource::Plain(secret), position }) = &app.secret
            && secret.expose().chars().count() < 16
        {
            self.problems.add(*position, "a secret of an application has at least 16 characters");
        }
        for life in [&app.token_life, &app.refresh_life].into_iter().flatten() {
            if life.value < 1000 {
                self.problems.add(life.position, "is in milliseconds, and at least 1000");
            }
        }
    }

    fn user(&mut self, user: &UserEntry) {
        self.handle(&user.account, Handle::account);
        user.email.iter().for_each(|email| self.handle(email, Handle::email));
        user.phone.iter().for_each(|phone| self.handle(phone, Handle::phone));
        user.id.iter().for_each(|id| self.id(id));
        for id in user.id.iter().filter(|id| id.value == CREATOR_ID) {
            self.problems.add(id.position, "this id stands for `gatehouse apply`");
        }
        user.name.iter().for_each(|name| self.name(name));
        self.optional(&user.head_img, "head_img", TEXT_MAX);
        if let (Some(_), Some(digest)) = (&user.password, &user.password_digest) {
            self.problems.add(digest.position, "give `password` or `password_digest`, not both");
        }
        if let Some(At { value: SecretSource::Plain(digest), position }) = &user.password_digest
            && Digest::parse(digest.expose()).is_none()
        {
            self.problems.add(*position, "a digest of a password is its MD5: 32 hexadecimal digits");
        }
    }

    fn tenant(&mut self, tenant: &TenantEntry) {
        self.id(&tenant.id);
        self.name(&tenant.name);
        self.once(tenant.apps.iter().flatten());
        self.once(tenant.users.iter().flatten());
    }

    fn navigator(&mut self, navigator: &NavigatorEntry) {
        self.id(&navigator.id);
        self.name(&navigator.name);
        self.optional(&navigator.icon_url, "icon_url", TEXT_MAX);
        self.optional(&navigator.module, "module", 64);
        self.optional(&navigator.file, "file", TEXT_MAX);
    }

    fn function(&mut self, function: &FunctionEntry) {
        self.id(&function.id);
        self.name(&function.name);
        self.optional(&function.method, "method", 64);
        self.optional(&function.icon_url, "icon_url", TEXT_MAX);
        for code in &function.auth_codes {
            self.auth_code(code);
        }
        self.once(&function.auth_codes);
        let together = function.auth_codes.iter().map(|code| code.value.len() + 1).sum::<usize>();
        if together > TEXT_MAX + 1 {
            self.problems.add(function.id.position, "its `auth_codes` have together more than 255 characters");
        }
    }

    fn role(&mut self, role: &RoleEntry) {
        self.id(&role.id);
        self.name(&role.name);
        self.once(role.users.iter().flatten());
        self.once(role.permit.iter().chain(&role.deny));
    }

    fn config(&mut self, config: &ConfigEntry) {
        config.id.iter().chain(&config.log_id).for_each(|id| self.id(id));
        self.name(&config.name);
        if !METHODS.contains(&config.method.value.as_str()) {
            self.problems.add(config.method.position, format!("`method` is one of {}", METHODS.join(", ")));
        }
        self.text(&config.url, "url", TEXT_MAX);
        if !config.url.value.starts_with('/') || config.url.value.contains(char::is_whitespace) {
            self.problems.add(config.url.position, "`url` is a path: it begins with `/` and has no spaces");
        }
        config.auth_code.iter().for_each(|code| self.auth_code(code));
        self.optional(&config.message, "message", TEXT_MAX);
        self.optional(&config.remark, "remark", TEXT_MAX);
        for number in [&config.limit_gap, &config.limit_cycle, &config.limit_max].into_iter().flatten() {
            if number.value < 1 {
                self.problems.add(number.position, "is at least 1");
            }
        }
        match (&config.limit_cycle, &config.limit_max) {
            (Some(alone), None) => self.problems.add(alone.position, "`limit_cycle` needs `limit_max`"),
            (None, Some(alone)) => self.problems.add(alone.position, "`limit_max` needs `limit_cycle`"),
            (Some(_), Some(_)) => {}
            (None, None) if config.limit && config.limit_gap.is_none() => {
                self.problems.add(config.url.position, "`limit` needs `limit_gap`, or `limit_cycle` and `limit_max`");
            }
            (None, None) => {}
        }
    }

    fn wechat_app(&mut self, app: &WechatAppEntry) {
        if !is_app_id(&app.id.value) {
            self.problems.add(app.id.position, "an id of WeChat has 1 to 64 characters of ASCII without spaces");
        }
        if let Some(At { value: SecretSource::Plain(secret), position }) = &app.secret
            && !secret.expose().bytes().all(|byte| (b' '..=b'~').contains(&byte))
        {
            self.problems
                .add(*position, "a secret of WeChat has characters of ASCII only, none of them control characters");
        }
    }

    fn pool(&mut self, pool: &PoolEntry) {
        if pool.id.value < 0 {
            self.problems.add(pool.id.position, "a number of a pool is not negative");
        }
        if pool.request_max.value < 0 {
            self.problems.add(pool.request_max.position, "is at least 0");
        }
        self.optional(&pool.name, "name", 64);
        for address in &pool.end_points {
            self.text(address, "an address", TEXT_MAX);
        }
        if let Some(one_more) = pool.end_points.get(END_POINTS_MAX) {
            self.problems.add(one_more.position, format!("a pool has at most {END_POINTS_MAX} addresses"));
        }
    }

    /// Nothing is declared twice.
    fn duplicates(&mut self, file: &RealmFile) {
        fn keys<E, K>(entries: &Option<Vec<E>>, key: impl Fn(&E) -> Option<(K, Position)>) -> Vec<(K, Position)> {
            entries.iter().flatten().filter_map(key).collect()
        }
        let text = |at: &At<String>| Some((at.value.clone(), at.position));
        self.unique("this id", keys(&file.apps, |app| text(&app.id)));
        self.unique("this name", keys(&file.apps, |app| text(&app.name)));
        self.unique("this id", keys(&file.users, |user| user.id.as_ref().and_then(text)));
        let handles = file.users.iter().flatten().flat_map(|user| {
            let own = [Some(&user.account), user.email.as_ref(), user.phone.as_ref()].into_iter().flatten();
            own.filter_map(|at| Some((Handle::fold(&at.value)?, at.position)))
        });
        self.unique("this account, address or number", handles.collect());
        self.unique("this id", keys(&file.tenants, |tenant| text(&tenant.id)));
        self.unique("this id", keys(&file.navigators, |navigator| text(&navigator.id)));
        self.unique("this id", keys(&file.functions, |function| text(&function.id)));
        self.unique("this id", keys(&file.roles, |role| text(&role.id)));
        self.unique("this id", keys(&file.configs, |config| config.id.as_ref().and_then(text)));
        self.unique("this id", keys(&file.configs, |config| config.log_id.as_ref().and_then(text)));
        let interface =
            |config: &ConfigEntry| Some(((config.method.value.clone(), config.url.value.clone()), config.url.position));
        self.unique("this method and URL", keys(&file.configs, interface));
        self.unique("this id", keys(&file.wechat_apps, |app| text(&app.id)));
        self.unique("this number", keys(&file.pools, |pool| Some((pool.id.value, pool.id.position))));
        let kind = |pool: &PoolEntry| pool.project_type.as_ref().map(|kind| (kind.value, kind.position));
        self.unique("this type of projects", keys(&file.pools, kind));
    }

    fn unique<K: Hash + Eq>(&mut self, what: &str, keys: Vec<(K, Position)>) {
        let mut seen = HashMap::new();
        for (key, position) in keys {
            if let Some(first) = seen.get(&key) {
                self.problems.add(position, format!("another entry has {what}, at {first}"));
            } else {
                seen.insert(key, position);
            }
        }
    }

    /// No list names a thing twice.
    fn once<'a>(&mut self, list: impl IntoIterator<Item = &'a At<String>>) {
        let mut seen = BTreeSet::new();
        for item in list {
            if !seen.insert(item.value.as_str()) {
                self.problems.add(item.position, format!("`{}` is named twice", item.value));
            }
        }
    }

    fn id(&mut self, id: &At<String>) {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if id.value.len() != 32 || !id.value.bytes().all(digit) {
            self.problems.add(id.position, "an id has 32 hexadecimal digits, in lower case");
        }
    }

    fn name(&mut self, name: &At<String>) {
        if let Err(Error::InvalidInput { field, reason }) = Name::new("name", name.value.clone()) {
            self.problems.add(name.position, format!("`{field}` {reason}"));
        }
    }

    fn handle(&mut self, at: &At<String>, handle: impl Fn(&str) -> Result<Handle, Error>) {
        if let Err(Error::InvalidInput { reason, .. }) = handle(&at.value) {
            self.problems.add(at.position, format!("`{}` {reason}", at.value));
        }
    }

    fn auth_code(&mut self, code: &At<String>) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
        if !(1..=64).contains(&code.value.len()) || !code.value.chars().all(plain) {
            self.problems.add(code.position, "a right has 1 to 64 letters, digits, `.`, `_`, `-` or `:`");
        }
    }

    fn optional(&mut self, text: &Option<At<String>>, what: &str, max: usize) {
        let Some(text) = text else { return };
        if text.value.chars().count() > max || text.value.contains('\0') {
            self.problems.add(text.position, format!("`{what}` has at most {max} characters, none of them zero"));
        }
    }

    fn text(&mut self, text: &At<String>, what: &str, max: usize) {
        let length = text.value.chars().count();
        if !(1..=max).contains(&length) || text.value.chars().any(char::is_control) {
            self.problems.add(text.position, format!("{what} has 1 to {max} characters without control characters"));
        }
    }
}
