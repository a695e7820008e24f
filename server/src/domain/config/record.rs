//! What the record of changes keeps of a config: the JSON that the documented system keeps.

use serde::Deserialize;
use serde_json::{Value, json};

use super::InterfaceConfig;

/// A config as it was when it was changed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of ConfigSpec and InterfaceConfig")]
pub struct ConfigRecord {
    pub id: String,
    pub name: String,
    pub method: String,
    pub url: String,
    pub auth_code: Option<String>,
    pub limit_gap: Option<i32>,
    pub limit_cycle: Option<i32>,
    pub limit_max: Option<i32>,
    pub message: Option<String>,
    pub remark: Option<String>,
    pub verify: bool,
    pub limit: bool,
    /// `YYYY-MM-DD HH:MM:SS` in UTC.
    pub created_time: Option<String>,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum LogContent {
    /// It was changed from this to that.
    Change {
        /// What it was.
        before: ConfigRecord,
        /// What it is since.
        after: ConfigRecord,
    },
    /// This was made, or deleted.
    Config(ConfigRecord),
}

impl ConfigRecord {
    /// The record of a config as it is.
    pub fn of(config: &InterfaceConfig) -> Self {
        let spec = config.spec.clone();
        Self {
            id: config.id.clone(),
            name: spec.name,
            method: spec.method,
            url: spec.url,
            auth_code: spec.auth_code,
            limit_gap: spec.limit_gap,
            limit_cycle: spec.limit_cycle,
            limit_max: spec.limit_max,
            message: spec.message,
            remark: spec.remark,
            verify: spec.verify,
            limit: spec.limit,
            created_time: Some(config.created_at.date_time()),
        }
    }

    fn to_value(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "method": self.method, "url": self.url, "authCode": self.auth_code,
            "limitGap": self.limit_gap, "limitCycle": self.limit_cycle, "limitMax": self.limit_max,
            "message": self.message, "remark": self.remark, "verify": self.verify, "limit": self.limit,
            "createdTime": self.created_time,
        })
    }
}

impl LogContent {
    /// The text that is stored.
    pub(in crate::domain) fn to_json(&self) -> String {
        match self {
            Self::Change { before, after } => json!({ "before": before.to_value(), "after": after.to_value() }),
            Self::Config(config) => config.to_value(),
        }
        .to_string()
    }
}
