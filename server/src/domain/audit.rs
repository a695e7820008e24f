//! The record of security events: who logged in or failed to, what ended a session, what was deleted.
//!
//! What belongs to a change is recorded in the change's own transaction; a refusal, which changes nothing, by itself.

use std::time::Duration;

use crate::store::{AuditRow, Store};

use super::Error;
use super::clock::Clock;
use super::origin::Origin;

/// How long events are kept.
const KEPT: Duration = Duration::from_secs(90 * 86_400);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditKind {
    /// Somebody registered.
    UserRegistered,
    /// A user logged in.
    LoginSucceeded,
    /// Somebody tried a name and a password that do not belong together.
    LoginFailed,
    /// A banned user tried to log in.
    LoginBanned,
    /// Somebody tried to log in to an account that is locked for some minutes, or locked it.
    LoginLocked,
    /// A refresh token came back after it was spent: somebody has a copy.
    RefreshReused,
    /// A user logged out.
    LoggedOut,
    /// A code was tried that is not the one that was sent.
    CodeFailed,
    /// A project was deleted.
    ProjectDeleted,
    /// A WeChat account was bound to a user.
    WechatBound,
}

impl AuditKind {
    /// The name in the record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserRegistered => "user.registered",
            Self::LoginSucceeded => "login.succeeded",
            Self::LoginFailed => "login.failed",
            Self::LoginBanned => "login.banned",
            Self::LoginLocked => "login.locked",
            Self::RefreshReused => "refresh.reused",
            Self::LoggedOut => "session.logged_out",
            Self::CodeFailed => "code.failed",
            Self::ProjectDeleted => "project.deleted",
            Self::WechatBound => "wechat.bound",
        }
    }
}

/// Records security events.
#[derive(Clone)]
pub struct Audit {
    store: Store,
    clock: Clock,
}

impl Audit {
    /// The record in `store`.
    pub const fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// The row of an event as of now, for the transaction of what it is about.
    pub fn row(&self, origin: &Origin, kind: AuditKind, user: Option<i64>, subject: Option<&str>) -> AuditRow {
        AuditRow {
            at: self.clock.now().millis(),
            kind: kind.name().to_owned(),
            dialect: origin.dialect.to_owned(),
            user_id: user,
            // PostgreSQL takes no text with a zero byte.
            subject: subject.map(|subject| subject.replace('\0', "\u{fffd}")),
            client: origin.client.to_string(),
            trace: origin.trace.clone(),
        }
    }

    /// Forgets the events of more than 90 days ago, and says how many there were.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn purge(&self) -> Result<u64, Error> {
        let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        Ok(self.store.purge_audit_events(self.clock.now().millis().saturating_sub(kept)).await?)
    }

    /// Records a refusal. A record that cannot be written does not change the refusal; the log then has it.
    pub async fn refusal(&self, origin: &Origin, kind: AuditKind, user: Option<i64>, subject: Option<&str>) {
        let row = self.row(origin, kind, user, subject);
        tracing::warn!(event = kind.name(), user, trace = origin.trace, client = %origin.client, "security event");
        if let Err(error) = self.store.insert_audit_event(row).await {
            tracing::error!(event = kind.name(), %error, "a security event could not be recorded");
        }
    }
}
