//! `[smtp]`: how mail goes out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;
use crate::domain::mail::{Relay, Sender, Smtp as Delivery, Transport};
use crate::domain::secret::Secret;

/// Whom mail in the outbox comes from where the settings do not say.
const NOBODY: &str = "Gatehouse <no-reply@localhost>";

/// Settings of the mail that the server sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// The mail server: `smtps://user:password@host:465` (encrypted from the start) or `smtp://user:password@host:587`
    /// (STARTTLS required, except at an address of loopback, where it is used if it is offered), with `?tls=required`
    /// or `?tls=none` to require or renounce it anywhere. Special characters are percent-encoded. Default none: mail is
    /// written to `outbox/` in `data_dir`. May hold a password, so that it is never printed.
    pub url: Option<Secret<String>>,
    /// Whom mail comes from, such as `Gatehouse <no-reply@example.com>`. Needed with `url`.
    pub from: Option<String>,
    /// Certificates (PEM) of authorities that the mail server's certificate may come from, besides the system's own.
    /// Default none.
    pub ca_file: Option<PathBuf>,
    /// Seconds for each step of a delivery (connection, TLS, login, message), 1 to 300. Default 10.
    pub timeout: u32,
}

impl Default for Smtp {
    fn default() -> Self {
        Self { url: None, from: None, ca_file: None, timeout: 10 }
    }
}

impl Smtp {
    /// Everything that can be said without a look at files.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.relay()?;
        self.sender()?;
        if self.url.is_some() && self.from.is_none() {
            return Err(ConfigError::value("smtp.from", "is needed with `smtp.url`: it says whom mail comes from"));
        }
        Ok(())
    }

    fn relay(&self) -> Result<Option<Relay>, ConfigError> {
        let relay = self.url.as_ref().map(|url| Relay::parse(url.expose()));
        relay.transpose().map_err(|why| ConfigError::value("smtp.url", why))
    }

    pub(super) fn sender(&self) -> Result<Sender, ConfigError> {
        let text = self.from.as_deref().unwrap_or(NOBODY);
        Sender::parse(text).map_err(|why| ConfigError::value("smtp.from", why))
    }

    pub(super) fn transport(&self, data_dir: &Path) -> Result<Transport, ConfigError> {
        let Some(relay) = self.relay()? else { return Ok(Transport::Outbox(data_dir.join("outbox"))) };
        let pem = self.ca_file.as_ref().map(|path| {
            let why = |error| format!("names {}, which cannot be read: {error}", path.display());
            std::fs::read(path).map_err(|error| ConfigError::value("smtp.ca_file", why(error)))
        });
        let pem = pem.transpose()?;
        let timeout = Duration::from_secs(u64::from(self.timeout));
        Delivery::new(relay, pem.as_deref(), timeout).map(Transport::Smtp).map_err(|error| match &self.ca_file {
            Some(path) => {
                let why = format!("names {}, which holds no certificates in PEM that can be used", path.display());
                ConfigError::value("smtp.ca_file", why)
            }
            None => {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                ConfigError::value("smtp.url", format!("asks for TLS, which cannot be set up here: {cause}"))
            }
        })
    }
}
