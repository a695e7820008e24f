//! Rows of applications at WeChat, and of the WeChat accounts of users.

use sea_orm::{
    ActiveValue, ColumnTrait as _, Condition, DatabaseTransaction, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _,
};

use super::entity::{user, wechat_app, wechat_user};
use super::{AuditRow, Error, HandleKind, NewUserRow, Store, Unique, UserRow, audit};

pub use super::entity::wechat_app::Model as WechatAppRow;
pub use super::entity::wechat_user::Model as WechatUserRow;

/// How often a binding that replaces others is tried when another one was faster.
const ATTEMPTS: u32 = 8;

impl Store {
    /// The application that WeChat knows by this id.
    pub async fn wechat_app(&self, wechat_app_id: &str) -> Result<Option<WechatAppRow>, Error> {
        let found = wechat_app::Entity::find().filter(wechat_app::Column::WechatAppId.eq(wechat_app_id));
        Ok(found.one(&self.db).await?)
    }

    /// The user to whom a WeChat account is bound.
    pub async fn user_by_wechat(&self, union_id: &str) -> Result<Option<UserRow>, Error> {
        let owner = wechat_user::Entity::find()
            .select_only()
            .column(wechat_user::Column::UserId)
            .filter(wechat_user::Column::UnionId.eq(union_id))
            .into_query();
        Ok(user::Entity::find().filter(user::Column::Id.in_subquery(owner)).one(&self.db).await?)
    }

    /// Binds a WeChat account to a user, as of `now` in milliseconds since the epoch, and records it. A binding that is
    /// there already is left alone. With `replace` the user loses another WeChat account, and the WeChat account another
    /// user.
    ///
    /// # Errors
    /// Without `replace`: [`Error::Taken`] with [`Unique::WechatUnionId`] or [`Unique::WechatUser`].
    pub async fn bind_wechat(
        &self,
        union_id: &str,
        user_id: i64,
        replace: bool,
        now: i64,
        record: AuditRow,
    ) -> Result<(), Error> {
        let mut attempt = 1;
        loop {
            let record = &record;
            let outcome = self
                .transaction(move |transaction| async move {
                    let transaction = &*transaction;
                    bind(transaction, union_id, user_id, replace, now).await?;
                    audit::insert(transaction, record.clone()).await
                })
                .await;
            let Err(Error::Taken(Unique::WechatUnionId | Unique::WechatUser)) = outcome else { return outcome };
            if self.is_bound(union_id, user_id).await? {
                return Ok(());
            }
            if !replace || attempt >= ATTEMPTS {
                return outcome;
            }
            attempt += 1;
        }
    }

    /// Adds a user as [`insert_user`](Self::insert_user) does, to whom a WeChat account is bound from the beginning, and
    /// records both: where the binding is refused, there is no user. With `replace` another user loses the account.
    ///
    /// # Errors
    /// Those of [`insert_user`](Self::insert_user). Without `replace`: [`Error::Taken`] with [`Unique::WechatUnionId`].
    pub async fn insert_wechat_user(
        &self,
        new: NewUserRow,
        handles: Vec<(HandleKind, String)>,
        union_id: &str,
        replace: bool,
        records: impl Fn(i64) -> [AuditRow; 2] + Send + Sync,
    ) -> Result<UserRow, Error> {
        let mut attempt = 1;
        loop {
            let (new, handles, records) = (&new, &handles, &records);
            let outcome = self
                .transaction(move |transaction| async move {
                    let transaction = &*transaction;
                    let row = super::user::insert(transaction, new, handles).await?;
                    bind(transaction, union_id, row.id, replace, new.created_at).await?;
                    for record in records(row.id) {
                        audit::insert(transaction, record).await?;
                    }
                    Ok(row)
                })
                .await;
            match outcome {
                Err(Error::Taken(Unique::WechatUnionId)) if replace && attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn is_bound(&self, union_id: &str, user_id: i64) -> Result<bool, Error> {
        let found = wechat_user::Entity::find()
            .filter(wechat_user::Column::UnionId.eq(union_id))
            .filter(wechat_user::Column::UserId.eq(user_id));
        Ok(found.one(&self.db).await?.is_some())
    }
}

/// Binds, and with `replace` removes first what stands in the way.
async fn bind(
    transaction: &DatabaseTransaction,
    union_id: &str,
    user_id: i64,
    replace: bool,
    now: i64,
) -> Result<(), Error> {
    if replace {
        unbind(transaction, union_id, user_id).await?;
    }
    let row = wechat_user::ActiveModel {
        id: ActiveValue::NotSet,
        union_id: ActiveValue::Set(union_id.to_owned()),
        user_id: ActiveValue::Set(user_id),
        created_at: ActiveValue::Set(now),
    };
    wechat_user::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}

/// Removes what stands in the way of a binding, but not the very binding.
async fn unbind(transaction: &DatabaseTransaction, union_id: &str, user_id: i64) -> Result<(), Error> {
    let (union, user) = (wechat_user::Column::UnionId, wechat_user::Column::UserId);
    let other =
        Condition::any().add(union.eq(union_id).and(user.ne(user_id))).add(user.eq(user_id).and(union.ne(union_id)));
    wechat_user::Entity::delete_many().filter(other).exec(transaction).await?;
    Ok(())
}
