//! Interface configs as they are written: who may call an interface, and how often.

use super::{ConfigDetail, ConfigUpdate, NewConfig};

impl NewConfig {
    /// A config of the interface with this name, method and path, which anybody may call at will. A parameter in the path
    /// stands in braces: `/users/{id}`.
    pub fn new(name: impl Into<String>, method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            method: method.into(),
            url: url.into(),
            auth_code: None,
            limit_gap: None,
            limit_cycle: None,
            limit_max: None,
            message: None,
            remark: None,
            verify: false,
            limit: false,
        }
    }

    /// Callers need a token.
    pub fn verify(mut self) -> Self {
        self.verify = true;
        self
    }

    /// Callers need a token, and this right.
    pub fn auth_code(mut self, auth_code: impl Into<String>) -> Self {
        self.auth_code = Some(auth_code.into());
        self.verify()
    }

    /// A device waits so many seconds between two calls.
    pub fn gap(mut self, seconds: i32) -> Self {
        self.limit_gap = Some(seconds);
        self.limit = true;
        self
    }

    /// A device may call so often within so many seconds.
    pub fn window(mut self, seconds: i32, calls: i32) -> Self {
        (self.limit_cycle, self.limit_max) = (Some(seconds), Some(calls));
        self.limit = true;
        self
    }

    /// What whoever calls too often is told instead of the usual message.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// A note.
    pub fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = Some(remark.into());
        self
    }

    /// This in place of the config with the id `id`.
    pub fn replacing(self, id: impl Into<String>) -> ConfigUpdate {
        let Self { name, method, url, auth_code, limit_gap, limit_cycle, limit_max, message, remark, verify, limit } =
            self;
        let id = id.into();
        ConfigUpdate {
            id,
            name,
            method,
            url,
            auth_code,
            limit_gap,
            limit_cycle,
            limit_max,
            message,
            remark,
            verify,
            limit,
        }
    }
}

/// A config as it is, for whoever changes a part of it.
impl From<ConfigDetail> for ConfigUpdate {
    fn from(config: ConfigDetail) -> Self {
        Self {
            id: config.id,
            name: config.name,
            method: config.method,
            url: config.url,
            auth_code: config.auth_code,
            limit_gap: config.limit_gap,
            limit_cycle: config.limit_cycle,
            limit_max: config.limit_max,
            message: config.message,
            remark: config.remark,
            verify: config.verify,
            limit: config.limit,
        }
    }
}
