//! `[sms]`: how short messages go out.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;
use crate::domain::secret::Secret;
use crate::domain::sms::{Transport, Webhook, check_address};

/// Settings of the SMS that the server sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sms {
    /// The address that a message is posted to, as JSON: `mobile`, `code`, `text` and `language` (`zh` or `en`). It is
    /// `https`, or `http` at loopback. Default none: SMS are written to `outbox/` in `data_dir`. May hold a password, so
    /// that it is never printed.
    pub webhook_url: Option<Secret<String>>,
    /// Seconds for each try, 1 to 300. Default 10.
    pub timeout: u32,
}

impl Default for Sms {
    fn default() -> Self {
        Self { webhook_url: None, timeout: 10 }
    }
}

impl Sms {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let Some(url) = &self.webhook_url else { return Ok(()) };
        check_address(url.expose()).map_err(|why| ConfigError::value("sms.webhook_url", why))
    }

    pub(super) fn transport(&self, data_dir: &Path) -> Transport {
        match &self.webhook_url {
            Some(url) => Transport::Webhook(Webhook::new(url.clone(), Duration::from_secs(u64::from(self.timeout)))),
            None => Transport::Outbox(data_dir.join("outbox")),
        }
    }
}
