//! The realm file as it is written. The doc comments here are what editors show, by way of the JSON Schema.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::secret::SecretSource;

/// A place in the file, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The character of the line.
    pub column: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it begins.
    pub position: Position,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        let position = Position { line: spanned.referenced.line(), column: spanned.referenced.column() };
        Ok(Self { value: spanned.value, position })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// What `gatehouse apply` makes of an installation. A section that is left out is left as it is.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Gatehouse realm")]
pub struct RealmFile {
    /// Applications.
    pub apps: Option<Vec<AppEntry>>,
    /// Users.
    pub users: Option<Vec<UserEntry>>,
    /// Tenants: whose users log in to which applications.
    pub tenants: Option<Vec<TenantEntry>>,
    /// The menus of applications: groups, and modules in them.
    pub navigators: Option<Vec<NavigatorEntry>>,
    /// What modules can do, and the rights that it stands for.
    pub functions: Option<Vec<FunctionEntry>>,
    /// Which users may do what.
    pub roles: Option<Vec<RoleEntry>>,
    /// Interface configs: what interfaces demand of their callers, and how often they may be called.
    pub configs: Option<Vec<ConfigEntry>>,
    /// Applications at WeChat.
    pub wechat_apps: Option<Vec<WechatAppEntry>>,
    /// What serves projects.
    pub pools: Option<Vec<PoolEntry>>,
}

/// An application.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppEntry {
    /// The public id: 1 to 64 letters, digits, `-`, `_` or `.`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))]
    pub id: At<String>,
    /// The name, which no other application has: 1 to 50 characters.
    #[schemars(length(min = 1, max = 50))]
    pub name: At<String>,
    /// A description: at most 500 characters.
    #[schemars(length(max = 500))]
    pub description: Option<At<String>>,
    /// Where its users are sent back to: an absolute http or https URL.
    pub redirect_uri: Option<At<String>>,
    /// The secret: 16 to 128 characters. Without one a new application gets one, which is shown once, and another keeps
    /// its own.
    pub secret: Option<At<SecretSource>>,
    /// Whether it may authenticate. Left out, it is as it was, and true of a new one.
    pub enabled: Option<bool>,
    /// Whether it may create further applications.
    #[serde(default)]
    pub may_create: bool,
    /// Milliseconds for which access tokens of its users are good; left out, two hours.
    #[schemars(range(min = 1000))]
    pub token_life: Option<At<i64>>,
    /// Milliseconds after which its users have to log in again; left out, a day.
    #[schemars(range(min = 1000))]
    pub refresh_life: Option<At<i64>>,
    /// Whether a login ends the user's earlier sessions in it.
    #[serde(default)]
    pub exclusive: bool,
}

/// A user.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserEntry {
    /// The name to log in with: 3 to 32 characters without spaces and `@`. It tells the user from others.
    #[schemars(length(min = 3, max = 32))]
    pub account: At<String>,
    /// The public id of a new user: 32 hexadecimal digits. Left out, one is drawn.
    #[schemars(regex(pattern = r"^[0-9a-f]{32}$"))]
    pub id: Option<At<String>>,
    /// The name that people see: at most 64 characters. Left out, the account.
    #[schemars(length(min = 1, max = 64))]
    pub name: Option<At<String>>,
    /// The e-mail address, to log in with as well.
    pub email: Option<At<String>>,
    /// The phone number, to log in with as well: 5 to 20 digits, perhaps after a `+`.
    pub phone: Option<At<String>>,
    /// The password. Without one a new user gets one, which is shown once, and another keeps the own one.
    pub password: Option<At<SecretSource>>,
    /// The MD5 of the password, in place of it: 32 hexadecimal digits.
    pub password_digest: Option<At<SecretSource>>,
    /// Whether the user may do what only administrators may. Rights of functions come from roles alone.
    #[serde(default)]
    pub admin: bool,
    /// Whether the user came with the installation.
    #[serde(default)]
    pub builtin: bool,
    /// Whether the user may not log in. Left out, it is as it was, and false of a new one.
    pub banned: Option<bool>,
    /// The address of a picture: at most 255 characters.
    #[schemars(length(max = 255))]
    pub head_img: Option<At<String>>,
}

/// A tenant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantEntry {
    /// The public id: 32 hexadecimal digits.
    #[schemars(regex(pattern = r"^[0-9a-f]{32}$"))]
    pub id: At<String>,
    /// The name that people see: at most 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub name: At<String>,
    /// The ids of all applications that its users log in to. Left out, they are as they were.
    pub apps: Option<Vec<At<String>>>,
    /// The accounts of all users who belong to it. Left out, they are as they were.
    pub users: Option<Vec<At<String>>>,
}

/// A group of a menu, or a module in a group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NavigatorEntry {
    /// The public id: 32 hexadecimal digits.
    #[schemars(regex(pattern = r"^[0-9a-f]{32}$"))]
    pub id: At<String>,
    /// The id of the application whose menu it stands in.
    pub app: At<String>,
    /// The id of the group that it stands in, which makes it a module. Left out, it is a group.
    pub parent: Option<At<String>>,
    /// The place among its siblings, ascending.
    pub index: i32,
    /// The name that people see: at most 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub name: At<String>,
    /// The path of its icon.
    #[schemars(length(max = 255))]
    pub icon_url: Option<At<String>>,
    /// The name of the module that it opens.
    #[schemars(length(max = 64))]
    pub module: Option<At<String>>,
    /// The file that holds the module.
    #[schemars(length(max = 255))]
    pub file: Option<At<String>>,
    /// Whether clients open the module by themselves.
    pub auto_load: Option<bool>,
}

/// Something that a module can do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunctionEntry {
    /// The public id: 32 hexadecimal digits.
    #[schemars(regex(pattern = r"^[0-9a-f]{32}$"))]
    pub id: At<String>,
    /// The id of the module.
    pub navigator: At<String>,
    /// The type of the node, which means something to clients only.
    #[serde(default, rename = "type")]
    pub kind: i32,
    /// The place in the module, ascending.
    pub index: i32,
    /// The name that people see: at most 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub name: At<String>,
    /// The rights that it stands for, such as `getTenant`; together at most 255 characters.
    #[serde(default)]
    pub auth_codes: Vec<At<String>>,
    /// What clients call for it.
    #[schemars(length(max = 64))]
    pub method: Option<At<String>>,
    /// The path of its icon.
    #[schemars(length(max = 255))]
    pub icon_url: Option<At<String>>,
    /// Whether clients draw a line before it.
    pub begin_group: Option<bool>,
    /// Whether clients show its icon only.
    pub hide_text: Option<bool>,
}

/// A role. Of several roles that speak of a function, one that denies it wins.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleEntry {
    /// The public id: 32 hexadecimal digits.
    #[schemars(regex(pattern = r"^[0-9a-f]{32}$"))]
    pub id: At<String>,
    /// The name that people see: at most 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub name: At<String>,
    /// The id of the tenant in which it counts. Left out, it counts everywhere.
    pub tenant: Option<At<String>>,
    /// The accounts of all users who have it. Left out, they are as they were.
    pub users: Option<Vec<At<String>>>,
    /// The ids of all functions that it permits.
    #[serde(default)]
    pub permit: Vec<At<String>>,
    /// The ids of all functions that it denies.
    #[serde(default)]
    pub deny: Vec<At<String>>,
}

/// The config of an interface: a method and a URL.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigEntry {
    /// The public id: 32 hexadecimal digits. Left out, it is that of the config for this method and URL, or drawn.
    #[schemars(regex(pattern = r"^[0-9a-f]{32}$"))]
    pub id: Option<At<String>>,
    /// The id of the record that adding it leaves: 32 hexadecimal digits. Left out, or where a record has it, one is drawn.
    #[schemars(regex(pattern = r"^[0-9a-f]{32}$"))]
    pub log_id: Option<At<String>>,
    /// What the interface does: at most 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub name: At<String>,
    /// The HTTP method, in capitals.
    #[schemars(regex(pattern = r"^[A-Z]{1,8}$"))]
    pub method: At<String>,
    /// The path, with `{parameters}`: at most 255 characters.
    #[schemars(regex(pattern = r"^/"), length(max = 255))]
    pub url: At<String>,
    /// The right that its callers need: at most 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub auth_code: Option<At<String>>,
    /// The least time between two calls of a device, in seconds.
    #[schemars(range(min = 1))]
    pub limit_gap: Option<At<i32>>,
    /// The length of the window, in seconds; only together with `limit_max`.
    #[schemars(range(min = 1))]
    pub limit_cycle: Option<At<i32>>,
    /// Calls of a device that a window admits; only together with `limit_cycle`.
    #[schemars(range(min = 1))]
    pub limit_max: Option<At<i32>>,
    /// What whoever is limited is told: at most 255 characters. Left out, the usual message.
    #[schemars(length(max = 255))]
    pub message: Option<At<String>>,
    /// A note: at most 255 characters.
    #[schemars(length(max = 255))]
    pub remark: Option<At<String>>,
    /// Whether callers need a token.
    #[serde(default)]
    pub verify: bool,
    /// Whether the limits hold.
    #[serde(default)]
    pub limit: bool,
}

/// An application at WeChat.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WechatAppEntry {
    /// The id that WeChat gave it: at most 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub id: At<String>,
    /// The secret that WeChat gave it: at most 128 characters of ASCII. A new one needs it.
    pub secret: Option<At<SecretSource>>,
}

/// What serves projects: addresses, and how much of them a project may use.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolEntry {
    /// The number.
    #[schemars(range(min = 0))]
    pub id: At<i64>,
    /// The name, perhaps empty: at most 64 characters.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub name: Option<At<String>>,
    /// The type of the projects that it serves. Left out, it serves all others.
    pub project_type: Option<At<i32>>,
    /// The addresses that its projects call: at most 32, each of 1 to 255 characters.
    #[serde(default)]
    #[schemars(length(max = 32), inner(length(min = 1, max = 255)))]
    pub end_points: Vec<At<String>>,
    /// Requests a day for each of its projects.
    #[schemars(range(min = 0))]
    pub request_max: At<i32>,
}
