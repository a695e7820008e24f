//! What the record of changes keeps of an interface config that a realm file adds, changes or removes.

use crate::domain::clock::Timestamp;
use crate::domain::config::{BUSINESS, ConfigRecord, ConfigSpec, InterfaceConfig, LogContent};
use crate::store::{RealmConfig, RealmLog};

/// Who makes these changes.
const CREATOR: &str = "gatehouse apply";

/// The id of no user: no file may give it to one, and it is not drawn.
pub(super) const CREATOR_ID: &str = "ffffffffffffffffffffffffffffffff";

/// The record of a config that was not there.
pub(super) fn added(uid: String, id: &str, after: &RealmConfig) -> RealmLog {
    row(uid, "INSERT", id, &LogContent::Config(record(id, after)))
}

/// The record of a config that becomes another.
pub(super) fn changed(uid: String, id: &str, before: &RealmConfig, after: &RealmConfig) -> RealmLog {
    row(uid, "UPDATE", id, &LogContent::Change { before: record(id, before), after: record(id, after) })
}

/// The record of a config that is gone.
pub(super) fn removed(uid: String, id: &str, before: &RealmConfig) -> RealmLog {
    row(uid, "DELETE", id, &LogContent::Config(record(id, before)))
}

fn row(uid: String, kind: &'static str, id: &str, content: &LogContent) -> RealmLog {
    RealmLog {
        uid,
        wanted: None,
        kind,
        business: BUSINESS,
        business_id: id.to_owned(),
        content: content.to_json(),
        creator: CREATOR,
        creator_id: CREATOR_ID.to_owned(),
    }
}

fn record(id: &str, config: &RealmConfig) -> ConfigRecord {
    let config = config.clone();
    ConfigRecord::of(&InterfaceConfig {
        id: id.to_owned(),
        created_at: Timestamp::from_millis(config.created_at),
        spec: ConfigSpec {
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
            limit: config.limited,
        },
    })
}
