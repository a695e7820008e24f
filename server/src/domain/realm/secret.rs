//! Secrets of a realm file: written there, or only where they are.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::domain::secret::Secret;

/// A secret, or where it is.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// The secret itself.
    Plain(Secret<String>),
    /// The variable of the environment that holds it.
    Env(String),
    /// The file that holds it, relative to the realm file. A line break at its end does not count.
    File(PathBuf),
}

impl SecretSource {
    /// The secret, where it is known. It always is after the file was checked.
    pub(super) const fn plain(&self) -> Option<&Secret<String>> {
        match self {
            Self::Plain(secret) => Some(secret),
            Self::Env(_) | Self::File(_) => None,
        }
    }

    /// The secret. `directory` is that of the realm file.
    ///
    /// # Errors
    /// Where it is not to be found, in words.
    pub(super) fn read(&self, directory: &Path) -> Result<Secret<String>, String> {
        match self {
            Self::Plain(secret) => Ok(secret.clone()),
            Self::Env(name) => match std::env::var(name) {
                Ok(value) => Ok(Secret::new(value)),
                Err(std::env::VarError::NotPresent) => Err(format!("the environment has no `{name}`")),
                Err(std::env::VarError::NotUnicode(_)) => Err(format!("`{name}` of the environment is no text")),
            },
            Self::File(path) => {
                let path = directory.join(path);
                let read = std::fs::read_to_string(&path).map(Secret::new);
                let secret = read.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
                let line = secret.expose().strip_suffix('\n').unwrap_or(secret.expose());
                Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
            }
        }
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

/// Takes no number for a text, since `password: 0123` is not what it looks like. No message repeats the value.
struct SourceVisitor;

impl SourceVisitor {
    fn unquoted<T, E: de::Error>() -> Result<T, E> {
        Err(E::custom("a secret is a text: put it in quotes"))
    }
}

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotes, `{ env: NAME }` or `{ file: PATH }`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretSource, E> {
        Ok(SecretSource::Plain(Secret::new(text.to_owned())))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<SecretSource, E> {
        Self::unquoted()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretSource, E> {
        Self::unquoted()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretSource, E> {
        Self::unquoted()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretSource, E> {
        Self::unquoted()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretSource, A::Error> {
        // A password in braces is a key here, which no message repeats either.
        let source = match map.next_key::<String>()?.as_deref() {
            Some("env") => SecretSource::Env(map.next_value()?),
            Some("file") => SecretSource::File(map.next_value()?),
            _ => return Err(de::Error::custom("`{ env: NAME }` or `{ file: PATH }` is expected, or a text in quotes")),
        };
        match map.next_key::<String>()? {
            None => Ok(source),
            Some(_) => Err(de::Error::custom("a secret comes from one place: `env` or `file`")),
        }
    }
}

impl JsonSchema for SecretSource {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A secret, or where it is.",
            "oneOf": [
                { "type": "string", "description": "The secret itself." },
                {
                    "type": "object",
                    "description": "The variable of the environment that holds it.",
                    "properties": { "env": { "type": "string" } },
                    "required": ["env"],
                    "additionalProperties": false,
                },
                {
                    "type": "object",
                    "description": "The file that holds it, relative to the realm file.",
                    "properties": { "file": { "type": "string" } },
                    "required": ["file"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}
