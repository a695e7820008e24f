//! Rows of opaque tokens, and the tenants that their users log in to.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, DatabaseTransaction, EntityTrait as _, IntoActiveModel as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _,
};

use super::entity::{access_token, tenant, tenant_app, tenant_user, user};
use super::{AuditRow, Error, Store, audit};

pub use super::entity::access_token::Model as AccessTokenRow;
pub use super::entity::tenant::Model as TenantRow;

/// Why a session ended that a login of its user on another device ended.
pub const ELSEWHERE: &str = "elsewhere";

/// An access secret in the place of the former one.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The keyed hash of the new secret.
    pub access_hash: String,
    /// When it is renewed; milliseconds since the epoch.
    pub at: i64,
    /// When the new access token expires, unless the session ends before; milliseconds since the epoch.
    pub expires_at: i64,
    /// How often a session is renewed at most.
    pub most: i32,
}

impl Store {
    /// Begins a session and records it. If it is `exclusive`, it ends the user's other ones in the application, whose ids
    /// are told; of any number that begin at once, one is left. Nothing, if its tenant has not both user and application any
    /// more.
    pub async fn insert_access_token(
        &self,
        row: AccessTokenRow,
        exclusive: bool,
        event: AuditRow,
    ) -> Result<Option<Vec<String>>, Error> {
        let (row, event) = (&row, &event);
        self.transaction(move |transaction| async move {
            let transaction = &*transaction;
            if !stays_in_tenant(transaction, row).await? {
                return Ok(None);
            }
            let ended = match exclusive {
                true => end_others(transaction, row).await?,
                false => Vec::new(),
            };
            access_token::Entity::insert(row.clone().into_active_model()).exec_without_returning(transaction).await?;
            audit::insert(transaction, event.clone()).await?;
            Ok(Some(ended))
        })
        .await
    }

    /// The session with this id, and the tenant that its user logged in to.
    pub async fn access_token(&self, id: &str) -> Result<Option<(AccessTokenRow, Option<TenantRow>)>, Error> {
        let Some(row) = access_token::Entity::find_by_id(id).one(&self.db).await? else { return Ok(None) };
        let tenant = match row.tenant_id {
            Some(id) => tenant::Entity::find_by_id(id).one(&self.db).await?,
            None => None,
        };
        Ok(Some((row, tenant)))
    }

    /// Renews a session that goes on and was not renewed too often; says whether it was.
    pub async fn renew_access_token(&self, id: &str, new: Renewal) -> Result<bool, Error> {
        let fails_at = || Expr::col(access_token::Column::FailsAt);
        let sooner = Expr::case(fails_at().lt(new.expires_at), fails_at()).finally(Expr::value(new.expires_at));
        let renewed = access_token::Entity::update_many()
            .col_expr(access_token::Column::AccessHash, Expr::value(new.access_hash))
            .col_expr(access_token::Column::ExpiresAt, sooner.into())
            .col_expr(access_token::Column::Refreshes, Expr::col(access_token::Column::Refreshes).add(1))
            .filter(access_token::Column::Id.eq(id))
            .filter(access_token::Column::RevokedAt.is_null())
            .filter(access_token::Column::FailsAt.gt(new.at))
            .filter(access_token::Column::Refreshes.lt(new.most))
            .exec(&*self.turn().await?)
            .await?;
        Ok(renewed.rows_affected == 1)
    }

    /// Ends a session and records it; says whether it was still going on.
    pub async fn revoke_access_token(&self, id: &str, why: &str, event: AuditRow) -> Result<bool, Error> {
        let event = &event;
        self.transaction(move |transaction| async move {
            let transaction = &*transaction;
            let ended = access_token::Entity::update_many()
                .col_expr(access_token::Column::RevokedAt, Expr::value(event.at))
                .col_expr(access_token::Column::RevokedWhy, Expr::value(why))
                .filter(access_token::Column::Id.eq(id))
                .filter(access_token::Column::RevokedAt.is_null())
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

    /// The tenant with this public id, if the application and the user both belong to it.
    pub async fn tenant_of(&self, uid: &str, app_id: i64, user_id: i64) -> Result<Option<TenantRow>, Error> {
        let apps = tenant_app::Entity::find()
            .select_only()
            .column(tenant_app::Column::TenantId)
            .filter(tenant_app::Column::AppId.eq(app_id))
            .into_query();
        let users = tenant_user::Entity::find()
            .select_only()
            .column(tenant_user::Column::TenantId)
            .filter(tenant_user::Column::UserId.eq(user_id))
            .into_query();
        let tenants = tenant::Entity::find()
            .filter(tenant::Column::Uid.eq(uid))
            .filter(tenant::Column::Id.in_subquery(apps))
            .filter(tenant::Column::Id.in_subquery(users));
        Ok(tenants.one(&self.db).await?)
    }

    /// Forgets the sessions that ended by themselves before `before`, in milliseconds since the epoch.
    pub async fn purge_access_tokens(&self, before: i64) -> Result<u64, Error> {
        let old = access_token::Entity::delete_many().filter(access_token::Column::FailsAt.lt(before));
        Ok(old.exec(&*self.turn().await?).await?.rows_affected)
    }
}

/// Whether the tenant of `row`, if there is one, has both its application and its user. That stays so until the transaction
/// ends: whoever takes one of them out of the tenant waits, and then ends the session.
async fn stays_in_tenant(transaction: &DatabaseTransaction, row: &AccessTokenRow) -> Result<bool, Error> {
    let Some(tenant_id) = row.tenant_id else { return Ok(true) };
    let app = tenant_app::Entity::find()
        .filter(tenant_app::Column::TenantId.eq(tenant_id))
        .filter(tenant_app::Column::AppId.eq(row.app_id));
    if app.lock_shared().one(transaction).await?.is_none() {
        return Ok(false);
    }
    let user = tenant_user::Entity::find()
        .filter(tenant_user::Column::TenantId.eq(tenant_id))
        .filter(tenant_user::Column::UserId.eq(row.user_id));
    Ok(user.lock_shared().one(transaction).await?.is_some())
}

/// Ends the sessions that the user of `row` has in its application, and tells their ids.
async fn end_others(transaction: &DatabaseTransaction, row: &AccessTokenRow) -> Result<Vec<String>, Error> {
    // The user's row stays locked until the end, so that logins of one user come one by one.
    user::Entity::update_many()
        .col_expr(user::Column::Builtin, Expr::col(user::Column::Builtin))
        .filter(user::Column::Id.eq(row.user_id))
        .exec(transaction)
        .await?;
    let ids: Vec<String> = access_token::Entity::find()
        .select_only()
        .column(access_token::Column::Id)
        .filter(access_token::Column::UserId.eq(row.user_id))
        .filter(access_token::Column::AppId.eq(row.app_id))
        .filter(access_token::Column::RevokedAt.is_null())
        .filter(access_token::Column::FailsAt.gt(row.created_at))
        .into_tuple()
        .all(transaction)
        .await?;
    if !ids.is_empty() {
        access_token::Entity::update_many()
            .col_expr(access_token::Column::RevokedAt, Expr::value(row.created_at))
            .col_expr(access_token::Column::RevokedWhy, Expr::value(ELSEWHERE))
            .filter(access_token::Column::Id.is_in(ids.iter().map(String::as_str)))
            .exec(transaction)
            .await?;
    }
    Ok(ids)
}
