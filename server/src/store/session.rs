//! Rows of sessions and of their refresh tokens.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, DatabaseTransaction, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};

use super::entity::{refresh_token, session};
use super::{AuditRow, Error, Store, audit};

pub use super::entity::refresh_token::Model as RefreshRow;
pub use super::entity::session::Model as SessionRow;

/// What came of [`Store::rotate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The token is spent, and this one was issued in its place.
    Issued(RefreshRow),
    /// It was spent before; its row tells when, and for what.
    Spent(RefreshRow),
    /// There is no such token, or its session is over.
    Gone,
}

impl Store {
    /// Begins a session, with its first refresh token if it has one, and records it.
    pub async fn insert_session(
        &self,
        session: SessionRow,
        refresh: Option<RefreshRow>,
        event: AuditRow,
    ) -> Result<(), Error> {
        let (session, refresh, event) = (&session, &refresh, &event);
        self.transaction(move |transaction| async move {
            let transaction = &*transaction;
            let row = session.clone().into_active_model();
            session::Entity::insert(row).exec_without_returning(transaction).await?;
            if let Some(refresh) = refresh {
                insert_refresh(transaction, refresh).await?;
            }
            audit::insert(transaction, event.clone()).await
        })
        .await
    }

    /// The session with this id.
    pub async fn session_by_id(&self, id: &str) -> Result<Option<SessionRow>, Error> {
        Ok(session::Entity::find_by_id(id).one(&self.db).await?)
    }

    /// Ends a session and records it; says whether it was still going on. Only the one who ends it leaves a record.
    pub async fn revoke_session(&self, id: &str, why: &str, event: AuditRow) -> Result<bool, Error> {
        let event = &event;
        self.transaction(move |transaction| async move {
            let transaction = &*transaction;
            let ended = session::Entity::update_many()
                .col_expr(session::Column::RevokedAt, Expr::value(event.at))
                .col_expr(session::Column::RevokedWhy, Expr::value(why))
                .filter(session::Column::Id.eq(id))
                .filter(session::Column::RevokedAt.is_null())
                .exec(transaction)
                .await?;
            if ended.rows_affected == 0 {
                return Ok(false);
            }
            audit::insert(transaction, event.clone()).await?;
            Ok(true)
        })
        .await
    }

    /// Spends the refresh token `id` at `now`, in milliseconds since the epoch, and issues `successor` of the same session
    /// in its place. Of any number that try at once, one does.
    pub async fn rotate(&self, id: &str, now: i64, successor: RefreshRow) -> Result<Rotation, Error> {
        let successor = &successor;
        self.transaction(move |transaction| async move {
            let transaction = &*transaction;
            // The session's row stays locked until the end, so that rotations and the session's end come one by one.
            let alive = session::Entity::update_many()
                .col_expr(session::Column::ExpiresAt, Expr::value(successor.expires_at))
                .filter(session::Column::Id.eq(successor.session_id.as_str()))
                .filter(session::Column::RevokedAt.is_null())
                .exec(transaction)
                .await?;
            if alive.rows_affected == 0 {
                return Ok(Rotation::Gone);
            }
            let spent = refresh_token::Entity::update_many()
                .col_expr(refresh_token::Column::SpentAt, Expr::value(now))
                .col_expr(refresh_token::Column::Successor, Expr::value(successor.id.as_str()))
                .filter(refresh_token::Column::Id.eq(id))
                .filter(refresh_token::Column::SessionId.eq(successor.session_id.as_str()))
                .filter(refresh_token::Column::SpentAt.is_null())
                .exec(transaction)
                .await?;
            if spent.rows_affected == 1 {
                insert_refresh(transaction, successor).await?;
                return Ok(Rotation::Issued(successor.clone()));
            }
            let row = refresh_token::Entity::find_by_id(id)
                .filter(refresh_token::Column::SessionId.eq(successor.session_id.as_str()))
                .one(transaction)
                .await?;
            Ok(row.map_or(Rotation::Gone, Rotation::Spent))
        })
        .await
    }

    /// The refresh token with this id.
    pub async fn refresh_token_by_id(&self, id: &str) -> Result<Option<RefreshRow>, Error> {
        Ok(refresh_token::Entity::find_by_id(id).one(&self.db).await?)
    }

    /// Forgets the sessions and refresh tokens that expired before `before`, in milliseconds since the epoch, and says
    /// how many sessions there were.
    pub async fn purge_sessions(&self, before: i64) -> Result<u64, Error> {
        refresh_token::Entity::delete_many()
            .filter(refresh_token::Column::ExpiresAt.lt(before))
            .exec(&*self.turn().await?)
            .await?;
        let old = session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(before));
        Ok(old.exec(&*self.turn().await?).await?.rows_affected)
    }
}

async fn insert_refresh(transaction: &DatabaseTransaction, row: &RefreshRow) -> Result<(), Error> {
    refresh_token::Entity::insert(row.clone().into_active_model()).exec_without_returning(transaction).await?;
    Ok(())
}
