//! `[wechat]`: where WeChat is.

use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;
use crate::domain::wechat::{Place, check_address};

/// Settings of logins with WeChat.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wechat {
    /// The address below which WeChat's operations are: `https`, or `http` at loopback. Default
    /// `https://api.weixin.qq.com`.
    pub base_url: String,
    /// Seconds for each call, of which a login takes two; 1 to 60. Default 5.
    pub timeout: u32,
}

impl Default for Wechat {
    fn default() -> Self {
        Self { base_url: "https://api.weixin.qq.com".to_owned(), timeout: 5 }
    }
}

impl Wechat {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        check_address(&self.base_url).map_err(|why| ConfigError::value("wechat.base_url", why))
    }

    pub(super) fn place(&self) -> Place {
        Place { base_url: self.base_url.clone(), timeout: Duration::from_secs(u64::from(self.timeout)) }
    }
}
