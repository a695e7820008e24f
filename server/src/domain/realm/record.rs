//! What the record of changes keeps of an interface config that a realm file adds, changes or removes.

use serde_json::{Value, json};

use crate::domain::clock::Timestamp;
use crate::store::{RealmConfig, RealmLog};

/// The name of interface configs in the record.
const BUSINESS: &str = "接口配置管理";

/// Who makes these changes.
const CREATOR: &str = "gatehouse apply";

/// No user's id.
const CREATOR_ID: &str = "00000000000000000000000000000000";

/// The record of a change from one to the other, where none means that it was not there, or will not be.
pub(super) fn log(uid: String, id: &str, before: Option<&RealmConfig>, after: Option<&RealmConfig>) -> RealmLog {
    let (kind, content) = match (before, after) {
        (None, Some(after)) => ("INSERT", value(id, after)),
        (Some(before), Some(after)) => ("UPDATE", json!({ "before": value(id, before), "after": value(id, after) })),
        (Some(before), None) => ("DELETE", value(id, before)),
        (None, None) => ("UPDATE", Value::Null),
    };
    RealmLog {
        uid,
        wanted: None,
        kind,
        business: BUSINESS,
        business_id: id.to_owned(),
        content: content.to_string(),
        creator: CREATOR,
        creator_id: CREATOR_ID.to_owned(),
    }
}

fn value(id: &str, config: &RealmConfig) -> Value {
    json!({
        "id": id, "name": config.name, "method": config.method, "url": config.url, "authCode": config.auth_code,
        "limitGap": config.limit_gap, "limitCycle": config.limit_cycle, "limitMax": config.limit_max,
        "message": config.message, "remark": config.remark, "verify": config.verify, "limit": config.limited,
        "createdTime": Timestamp::from_millis(config.created_at).date_time(),
    })
}
