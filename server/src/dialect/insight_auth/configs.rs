//! Interface configs and their changes, between the wire and the domain; and our own operations as interfaces.

use gatehouse_api::{
    insight_auth::{self as wire, ErrorCode, Fault, OPERATIONS},
    runtime::{MaybeNull, OperationFacts, RateLimit, WithOption},
};

use super::fault;
use crate::domain::{
    Error,
    app::Listed,
    config::{ConfigLog, ConfigRecord, ConfigSpec, InterfaceConfig, LogContent, OwnInterface},
};

/// The operations of the document, in its order.
pub fn own_interfaces() -> Vec<OwnInterface> {
    OPERATIONS.iter().map(own_interface).collect()
}

fn own_interface(facts: &OperationFacts) -> OwnInterface {
    let number = |number| i32::try_from(number).unwrap_or(i32::MAX);
    let limit = |limit: RateLimit| (number(limit.gap), number(limit.cycle), number(limit.max));
    OwnInterface {
        name: facts.summary.to_owned(),
        method: facts.method.to_owned(),
        url: facts.path.to_owned(),
        auth_code: facts.auth_code.map(str::to_owned),
        verify: !facts.security.is_empty(),
        limit: facts.rate_limit.map(limit),
    }
}

/// The fault of a change of something that is not there.
pub fn unless_updated(error: Error) -> Fault {
    match error {
        Error::NotFound => Fault::new(ErrorCode::NothingUpdated),
        other => fault(other),
    }
}

/// The fault of a deletion of something that is not there.
pub fn unless_deleted(error: Error) -> Fault {
    match error {
        Error::NotFound => Fault::new(ErrorCode::NothingDeleted),
        other => fault(other),
    }
}

/// A page, with the count of all beside it.
pub fn page<T, W: From<T>>(listed: Listed<T>) -> WithOption<Vec<W>, Option<i64>> {
    let total = i64::try_from(listed.total).unwrap_or(i64::MAX);
    WithOption { data: listed.items.into_iter().map(W::from).collect(), option: Some(total) }
}

impl From<wire::NewConfig> for ConfigSpec {
    fn from(config: wire::NewConfig) -> Self {
        Self {
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

impl From<wire::ConfigUpdate> for ConfigSpec {
    fn from(config: wire::ConfigUpdate) -> Self {
        Self {
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

impl From<InterfaceConfig> for wire::ConfigSummary {
    fn from(config: InterfaceConfig) -> Self {
        let spec = config.spec;
        Self {
            id: config.id,
            name: spec.name,
            method: spec.method,
            url: spec.url,
            auth_code: spec.auth_code.into(),
            verify: spec.verify,
            limit: spec.limit,
        }
    }
}

impl From<InterfaceConfig> for wire::ConfigDetail {
    fn from(config: InterfaceConfig) -> Self {
        let spec = config.spec;
        Self {
            id: config.id,
            name: spec.name,
            method: spec.method,
            url: spec.url,
            auth_code: spec.auth_code.into(),
            limit_gap: spec.limit_gap.into(),
            limit_cycle: spec.limit_cycle.into(),
            limit_max: spec.limit_max.into(),
            message: spec.message.into(),
            remark: spec.remark.into(),
            created_time: config.created_at.date_time(),
            verify: spec.verify,
            limit: spec.limit,
        }
    }
}

impl From<ConfigLog> for wire::ConfigLog {
    fn from(log: ConfigLog) -> Self {
        Self {
            id: log.id,
            r#type: log.kind,
            business: log.business,
            business_id: log.business_id,
            content: MaybeNull(log.content.map(wire::ConfigLogContent::from)),
            creator: log.creator,
            creator_id: log.creator_id,
            created_time: log.created_at.date_time(),
        }
    }
}

impl From<LogContent> for wire::ConfigLogContent {
    fn from(content: LogContent) -> Self {
        match content {
            LogContent::Config(config) => Self::ConfigRecord(config.into()),
            LogContent::Change { before, after } => {
                Self::ConfigChange(wire::ConfigChange { before: before.into(), after: after.into() })
            }
        }
    }
}

impl From<ConfigRecord> for wire::ConfigRecord {
    fn from(config: ConfigRecord) -> Self {
        Self {
            id: config.id,
            url: config.url,
            name: config.name,
            limit: config.limit,
            method: config.method,
            remark: config.remark.into(),
            verify: config.verify,
            message: config.message.into(),
            auth_code: config.auth_code.into(),
            limit_gap: config.limit_gap.into(),
            limit_max: config.limit_max.into(),
            limit_cycle: config.limit_cycle.into(),
            created_time: config.created_time.into(),
        }
    }
}
