//! Rows of users and of the names under which they log in.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
    QuerySelect as _, QueryTrait as _,
};

use super::entity::{login_name, user};
use super::{AuditRow, Error, Store, Unique, audit};

pub use super::entity::user::Model as UserRow;

/// What [`Store::insert_user`] needs; the columns are those of [`UserRow`].
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the columns that UserRow documents")]
pub struct NewUserRow {
    pub uid: String,
    pub account: String,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub password_hash: String,
    pub password_sealed: Option<String>,
    pub is_admin: bool,
    pub builtin: bool,
    pub created_at: i64,
    pub head_img: Option<String>,
}

/// Which of a user's names a handle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandleKind {
    /// The account.
    Account,
    /// The e-mail address.
    Email,
    /// The phone number.
    Phone,
}

/// A password of a row.
#[derive(Clone, Debug)]
pub struct PasswordRow {
    /// Argon2id of the digest.
    pub hash: String,
    /// The digest, encrypted for `version`.
    pub sealed: Option<String>,
    /// The version that it is.
    pub version: i64,
}

impl Store {
    /// Adds a user who logs in by each of `handles`, and records it.
    ///
    /// # Errors
    /// [`Error::Taken`] with [`Unique::Handle`] of the first handle that is taken, in the order of `handles`.
    pub async fn insert_user(
        &self,
        new: NewUserRow,
        handles: Vec<(HandleKind, String)>,
        record: impl Fn(i64) -> AuditRow + Send + Sync,
    ) -> Result<UserRow, Error> {
        let (new, handles, record) = (&new, &handles, &record);
        self.transaction(move |transaction| async move {
            let row = insert(&transaction, new, handles).await?;
            audit::insert(&*transaction, record(row.id)).await?;
            Ok(row)
        })
        .await
    }

    /// The user who logs in by this handle.
    pub async fn user_by_handle(&self, handle: &str) -> Result<Option<UserRow>, Error> {
        let owner = login_name::Entity::find()
            .select_only()
            .column(login_name::Column::UserId)
            .filter(login_name::Column::Handle.eq(handle))
            .into_query();
        Ok(user::Entity::find().filter(user::Column::Id.in_subquery(owner)).one(&self.db).await?)
    }

    /// The user whose phone number this is. It may be somebody else's account, which is none of that number's business.
    pub async fn user_by_phone(&self, handle: &str) -> Result<Option<UserRow>, Error> {
        let owner = login_name::Entity::find()
            .select_only()
            .column(login_name::Column::UserId)
            .filter(login_name::Column::Handle.eq(handle))
            .filter(login_name::Column::Kind.eq(HandleKind::Phone as i16))
            .into_query();
        Ok(user::Entity::find().filter(user::Column::Id.in_subquery(owner)).one(&self.db).await?)
    }

    /// The user with this numeric id.
    pub async fn user_by_id(&self, id: i64) -> Result<Option<UserRow>, Error> {
        Ok(user::Entity::find_by_id(id).one(&self.db).await?)
    }

    /// Whether there is any user.
    pub async fn has_users(&self) -> Result<bool, Error> {
        let first: Option<i64> =
            user::Entity::find().select_only().column(user::Column::Id).limit(1).into_tuple().one(&self.db).await?;
        Ok(first.is_some())
    }

    /// Bans a user or lifts the ban. A ban ends what began before `now`, in milliseconds since the epoch.
    pub async fn set_user_banned(&self, id: i64, banned: bool, now: i64) -> Result<(), Error> {
        let mut update = user::Entity::update_many().col_expr(user::Column::Banned, Expr::value(banned));
        if banned {
            update = update.col_expr(user::Column::TokensValidFrom, Expr::value(now));
        }
        update.filter(user::Column::Id.eq(id)).exec(&*self.turn().await?).await?;
        Ok(())
    }

    /// Keeps the encrypted digest of a password, unless the password is another one by now.
    pub async fn keep_sealed_password(&self, id: i64, password: PasswordRow) -> Result<(), Error> {
        user::Entity::update_many()
            .col_expr(user::Column::PasswordSealed, Expr::value(password.sealed))
            .filter(user::Column::Id.eq(id))
            .filter(user::Column::PasswordHash.eq(password.hash))
            .filter(user::Column::PasswordVersion.eq(password.version))
            .exec(&*self.turn().await?)
            .await?;
        Ok(())
    }

    /// Drops every recoverable password digest and says how many there were.
    pub async fn drop_sealed_passwords(&self) -> Result<u64, Error> {
        let update = user::Entity::update_many()
            .col_expr(user::Column::PasswordSealed, Expr::value(None::<String>))
            .filter(user::Column::PasswordSealed.is_not_null());
        Ok(update.exec(&*self.turn().await?).await?.rows_affected)
    }
}

/// Adds a user in the transaction of what else is done with it; the errors are those of [`Store::insert_user`].
pub(super) async fn insert(
    transaction: &DatabaseTransaction,
    new: &NewUserRow,
    handles: &[(HandleKind, String)],
) -> Result<UserRow, Error> {
    let row = user_row(new.clone()).insert(transaction).await?;
    for (kind, handle) in handles {
        let name = login_name::ActiveModel {
            id: ActiveValue::NotSet,
            handle: ActiveValue::Set(handle.clone()),
            kind: ActiveValue::Set(*kind as i16),
            user_id: ActiveValue::Set(row.id),
        };
        login_name::Entity::insert(name).exec_without_returning(transaction).await.map_err(
            |error| match Error::from(error) {
                Error::Taken(Unique::Handle(_)) => Error::Taken(Unique::Handle(*kind)),
                other => other,
            },
        )?;
    }
    Ok(row)
}

fn user_row(new: NewUserRow) -> user::ActiveModel {
    user::ActiveModel {
        id: ActiveValue::NotSet,
        uid: ActiveValue::Set(new.uid),
        account: ActiveValue::Set(new.account),
        name: ActiveValue::Set(new.name),
        email: ActiveValue::Set(new.email),
        phone: ActiveValue::Set(new.phone),
        password_hash: ActiveValue::Set(new.password_hash),
        password_sealed: ActiveValue::Set(new.password_sealed),
        password_version: ActiveValue::Set(1),
        banned: ActiveValue::Set(false),
        is_admin: ActiveValue::Set(new.is_admin),
        builtin: ActiveValue::Set(new.builtin),
        tokens_valid_from: ActiveValue::Set(0),
        created_at: ActiveValue::Set(new.created_at),
        head_img: ActiveValue::Set(new.head_img),
    }
}
