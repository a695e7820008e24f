//! Where settings come from, and which wins: flags over the environment over the file over the defaults.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize as _;
use toml::{Table, Value};

use super::{Config, ConfigError};

/// How a value is written where there is only text: in the environment and in flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    List,
}

/// Every key with its kind. A test holds this against the struct, both ways.
pub(super) const KEYS: &[(&str, Kind)] = &[
    ("listen", Kind::List),
    ("documented_ports", Kind::Flag),
    ("data_dir", Kind::Text),
    ("database_url", Kind::Text),
    ("redis_url", Kind::Text),
    ("public_url", Kind::Text),
    ("trusted_proxies", Kind::List),
    ("environment", Kind::Text),
    ("debug", Kind::Flag),
    ("log_format", Kind::Text),
    ("go_api.rate_limit", Kind::Number),
    ("go_api.internal_networks", Kind::List),
    ("go_api.allowed_origins", Kind::List),
    ("edge_gateway.access_ttl", Kind::Number),
    ("edge_gateway.refresh_ttl", Kind::Number),
    ("edge_gateway.refresh_grace", Kind::Number),
    ("coeus_gateway.code_length", Kind::Number),
    ("coeus_gateway.code_ttl", Kind::Number),
    ("coeus_gateway.code_gap", Kind::Number),
    ("insight_auth.code_ttl", Kind::Number),
    ("insight_auth.signature_login", Kind::Flag),
    ("wechat.base_url", Kind::Text),
    ("wechat.timeout", Kind::Number),
    ("sms.webhook_url", Kind::Text),
    ("sms.timeout", Kind::Number),
    ("smtp.url", Kind::Text),
    ("smtp.from", Kind::Text),
    ("smtp.ca_file", Kind::Text),
    ("smtp.timeout", Kind::Number),
    ("ops.listen", Kind::Text),
    ("limits.body_bytes", Kind::Number),
    ("limits.header_bytes", Kind::Number),
    ("limits.request_timeout", Kind::Number),
    ("limits.connections", Kind::Number),
    ("limits.sockets_per_app", Kind::Number),
    ("limits.socket_queue", Kind::Number),
    ("limits.shutdown_grace", Kind::Number),
];

const PREFIX: &str = "GATEHOUSE_";

/// Variables with the prefix that are no settings: the master secret, the path of the file itself, and what the tests
/// are told.
fn is_reserved(name: &str) -> bool {
    name == "GATEHOUSE_MASTER_KEY" || name == "GATEHOUSE_CONFIG" || name.starts_with("GATEHOUSE_TEST_")
}

/// What [`Config::load`] reads.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The TOML file, if one was named. It must exist.
    pub file: Option<PathBuf>,
    /// The environment; only names that begin with `GATEHOUSE_` matter.
    pub environment: BTreeMap<String, String>,
    /// Flags, by key, such as `("data_dir", "./data")`; lists are separated by commas.
    pub flags: Vec<(&'static str, String)>,
}

impl Sources {
    /// The environment of this process, without a file or flags.
    pub fn from_process() -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        Self { environment, ..Self::default() }
    }

    pub(super) fn read(&self) -> Result<Config, ConfigError> {
        let mut table = self.read_file()?;
        for (name, text) in &self.environment {
            if !name.starts_with(PREFIX) || is_reserved(name) {
                continue;
            }
            let Some((key, kind)) = KEYS.iter().find(|(key, _)| variable(key) == *name) else {
                return Err(ConfigError::UnknownVariable(name.clone()));
            };
            self.overlay(&mut table, key, *kind, text, name)?;
        }
        for (key, text) in &self.flags {
            let Some((key, kind)) = KEYS.iter().find(|(known, _)| known == key) else {
                return Err(ConfigError::value(key, "is not known"));
            };
            let flag = format!("--{}", key.replace('_', "-"));
            self.overlay(&mut table, key, *kind, text, &flag)?;
        }
        // Every source has been tried alone, so that this can only fail where the file is wrong.
        Config::deserialize(table).map_err(|error| ConfigError::BadVariable("settings".to_owned(), error.to_string()))
    }

    /// The file's table, after a look whether it would do alone, as long as errors can still name line and column.
    fn read_file(&self) -> Result<Table, ConfigError> {
        let Some(path) = &self.file else { return Ok(Table::new()) };
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::File(path.clone(), error))?;
        let content = |error: toml::de::Error| ConfigError::Content(path.clone(), describe(&error, &text));
        toml::from_str::<Config>(&text).map_err(content)?;
        toml::from_str(&text).map_err(content)
    }

    /// Sets `key` to `text`, after a look whether the setting takes it: errors then name the source.
    fn overlay(&self, table: &mut Table, key: &str, kind: Kind, text: &str, source: &str) -> Result<(), ConfigError> {
        let bad = |why: String| ConfigError::BadVariable(source.to_owned(), why);
        let value = kind.parse(text).map_err(|why| bad(why.to_owned()))?;
        let mut alone = Table::new();
        set(&mut alone, key, value.clone());
        Config::deserialize(alone).map_err(|error| bad(error.message().to_owned()))?;
        set(table, key, value);
        Ok(())
    }
}

/// The message with line and key, but without the quoted line that the parser adds: it could hold a password.
fn describe(error: &toml::de::Error, text: &str) -> String {
    let Some(span) = error.span() else { return error.message().to_owned() };
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.lines().count().max(1) + usize::from(before.ends_with('\n'));
    let key = text.lines().nth(line - 1).and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
    match key {
        Some(key) => format!("line {line}, `{key}`: {}", error.message()),
        None => format!("line {line}: {}", error.message()),
    }
}

impl Kind {
    fn parse(self, text: &str) -> Result<Value, &'static str> {
        match self {
            Self::Text => Ok(Value::String(text.to_owned())),
            Self::Number => text.trim().parse().map(Value::Integer).map_err(|_| "must be a whole number"),
            Self::Flag => text.trim().parse().map(Value::Boolean).map_err(|_| "must be `true` or `false`"),
            Self::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Ok(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
            }
        }
    }
}

/// The environment variable of a key.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

fn set(table: &mut Table, key: &str, value: Value) {
    let Some((section, key)) = key.split_once('.') else {
        table.insert(key.to_owned(), value);
        return;
    };
    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(section) = section {
        section.insert(key.to_owned(), value);
    }
}
