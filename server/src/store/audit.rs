//! The record of security events.

use sea_orm::{ActiveValue, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use super::entity::audit_event::{ActiveModel, Column, Entity, Model};
use super::{Error, Store};

/// An event to record, and one that was; the columns are those of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Milliseconds since the epoch.
    pub at: i64,
    /// What happened.
    pub kind: String,
    /// Through which dialect.
    pub dialect: String,
    /// The user whom it is about, where there is one.
    pub user_id: Option<i64>,
    /// What it is about beyond the user; at most 320 characters are kept.
    pub subject: Option<String>,
    /// The address of the client.
    pub client: String,
    /// The trace id of the request.
    pub trace: String,
}

/// Characters of a subject that fit.
const SUBJECT_MAX: usize = 320;

impl Store {
    /// Records an event.
    pub async fn insert_audit_event(&self, event: AuditRow) -> Result<(), Error> {
        insert(&*self.turn().await?, event).await
    }

    /// The events about a user, the oldest first.
    pub async fn audit_events_of(&self, user_id: i64) -> Result<Vec<AuditRow>, Error> {
        let rows = Entity::find().filter(Column::UserId.eq(user_id)).order_by_asc(Column::Id).all(&self.db).await?;
        Ok(rows.into_iter().map(AuditRow::from).collect())
    }

    /// Forgets the events before `before`, in milliseconds since the epoch, and says how many there were.
    pub async fn purge_audit_events(&self, before: i64) -> Result<u64, Error> {
        Ok(Entity::delete_many().filter(Column::At.lt(before)).exec(&*self.turn().await?).await?.rows_affected)
    }
}

/// Records an event together with what it is about, in that one's transaction.
pub(super) async fn insert(connection: &impl ConnectionTrait, event: AuditRow) -> Result<(), Error> {
    let row = ActiveModel {
        id: ActiveValue::NotSet,
        at: ActiveValue::Set(event.at),
        kind: ActiveValue::Set(event.kind),
        dialect: ActiveValue::Set(event.dialect),
        user_id: ActiveValue::Set(event.user_id),
        subject: ActiveValue::Set(event.subject.map(|subject| subject.chars().take(SUBJECT_MAX).collect())),
        client: ActiveValue::Set(event.client),
        trace: ActiveValue::Set(event.trace),
    };
    Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

impl From<Model> for AuditRow {
    fn from(row: Model) -> Self {
        Self {
            at: row.at,
            kind: row.kind,
            dialect: row.dialect,
            user_id: row.user_id,
            subject: row.subject,
            client: row.client,
            trace: row.trace,
        }
    }
}
