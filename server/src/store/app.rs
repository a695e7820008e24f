//! Rows of applications.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use super::entity::app::{ActiveModel, Column, Entity};
use super::{CHUNK, Error, Store};

pub use super::entity::app::Model as AppRow;

/// What [`Store::insert_app`] needs; the columns are those of [`AppRow`].
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the columns that AppRow documents")]
pub struct NewAppRow {
    pub app_id: String,
    pub name: String,
    pub description: Option<String>,
    pub redirect_uri: Option<String>,
    pub secret_hash: String,
    pub may_create: bool,
    pub created_by: Option<i64>,
    pub tokens_valid_from: i64,
    pub created_at: i64,
}

impl Store {
    /// Adds an enabled application.
    ///
    /// # Errors
    /// [`Error::Taken`] if its id or name is taken.
    pub async fn insert_app(&self, new: NewAppRow) -> Result<AppRow, Error> {
        let row = ActiveModel {
            id: ActiveValue::NotSet,
            app_id: ActiveValue::Set(new.app_id),
            name: ActiveValue::Set(new.name),
            description: ActiveValue::Set(new.description),
            redirect_uri: ActiveValue::Set(new.redirect_uri),
            secret_hash: ActiveValue::Set(new.secret_hash),
            enabled: ActiveValue::Set(true),
            may_create: ActiveValue::Set(new.may_create),
            created_by: ActiveValue::Set(new.created_by),
            tokens_valid_from: ActiveValue::Set(new.tokens_valid_from),
            created_at: ActiveValue::Set(new.created_at),
            token_life: ActiveValue::Set(None),
            refresh_life: ActiveValue::Set(None),
            exclusive: ActiveValue::Set(false),
        };
        Ok(row.insert(&*self.turn().await?).await?)
    }

    /// The application with this public id.
    pub async fn app_by_app_id(&self, app_id: &str) -> Result<Option<AppRow>, Error> {
        Ok(Entity::find().filter(Column::AppId.eq(app_id)).one(&self.db).await?)
    }

    /// The application with this numeric id.
    pub async fn app_by_id(&self, id: i64) -> Result<Option<AppRow>, Error> {
        Ok(Entity::find_by_id(id).one(&self.db).await?)
    }

    /// The applications with these numeric ids, of those that there are.
    pub async fn apps_by_ids(&self, ids: &[i64]) -> Result<Vec<AppRow>, Error> {
        let mut rows = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            rows.extend(Entity::find().filter(Column::Id.is_in(chunk.iter().copied())).all(&self.db).await?);
        }
        Ok(rows)
    }

    /// Whether there is any application.
    pub async fn has_apps(&self) -> Result<bool, Error> {
        let first: Option<i64> =
            Entity::find().select_only().column(Column::Id).limit(1).into_tuple().one(&self.db).await?;
        Ok(first.is_some())
    }

    /// `limit` of the applications that the application `creator` made, from the `offset`th on, the newest last.
    pub async fn apps_created_by(&self, creator: i64, offset: u64, limit: u64) -> Result<Vec<AppRow>, Error> {
        Ok(Entity::find()
            .filter(Column::CreatedBy.eq(creator))
            .order_by_asc(Column::Id)
            .offset(offset)
            .limit(limit)
            .all(&self.db)
            .await?)
    }

    /// How many applications the application `creator` made.
    pub async fn count_apps_created_by(&self, creator: i64) -> Result<u64, Error> {
        Ok(Entity::find().filter(Column::CreatedBy.eq(creator)).count(&self.db).await?)
    }

    /// Replaces the secret's hash, unless it is no longer `seen`.
    pub async fn replace_secret_hash(&self, id: i64, seen: &str, new: &str) -> Result<(), Error> {
        Entity::update_many()
            .col_expr(Column::SecretHash, Expr::value(new))
            .filter(Column::Id.eq(id))
            .filter(Column::SecretHash.eq(seen))
            .exec(&*self.turn().await?)
            .await?;
        Ok(())
    }

    /// How many secrets are hashed under the key `key_id`, which holds hexadecimal digits only.
    pub async fn count_secrets_under(&self, key_id: &str) -> Result<u64, Error> {
        Ok(Entity::find().filter(Column::SecretHash.starts_with(format!("{key_id}:"))).count(&self.db).await?)
    }
}
