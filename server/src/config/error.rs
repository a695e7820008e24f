//! What is wrong with a setting, told with the name under which the operator wrote it.

use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;

/// Why the settings cannot be used.
#[derive(Debug)]
pub enum ConfigError {
    /// The file cannot be read.
    File(PathBuf, std::io::Error),
    /// The file is not TOML, or has an unknown key or a value of the wrong type; the text says where.
    Content(PathBuf, String),
    /// An environment variable that begins with `GATEHOUSE_` names no setting.
    UnknownVariable(String),
    /// The value of an environment variable or a flag has the wrong type.
    BadVariable(String, String),
    /// The value of a key is not allowed.
    Value(&'static str, String),
}

impl ConfigError {
    pub(super) fn value(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Value(key, reason.into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, _) => write!(f, "cannot read the settings in {}", path.display()),
            Self::Content(path, why) => write!(f, "settings in {}: {}", path.display(), why.trim_end()),
            Self::UnknownVariable(name) => write!(f, "the environment variable {name} names no setting"),
            Self::BadVariable(name, why) => write!(f, "{name}: {}", why.trim_end()),
            Self::Value(key, why) => write!(f, "setting `{key}` {why}"),
        }
    }
}

impl StdError for ConfigError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::File(_, source) => Some(source),
            Self::Content(..) | Self::UnknownVariable(_) | Self::BadVariable(..) | Self::Value(..) => None,
        }
    }
}
