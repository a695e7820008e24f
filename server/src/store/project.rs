//! Rows of projects and of the pools that serve them.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ColumnTrait as _, Condition, EntityTrait as _, IntoActiveModel as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use super::entity::{pool, project};
use super::{AuditRow, Error, Store, audit};

pub use super::entity::pool::Model as PoolRow;
pub use super::entity::project::Model as ProjectRow;

/// What [`Store::insert_project`] needs; the columns are those of [`ProjectRow`].
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the columns that ProjectRow documents")]
pub struct NewProjectRow {
    pub user_id: i64,
    pub project_type: i32,
    pub name: String,
    pub project_key: String,
    pub secret_sealed: String,
    pub pool_id: Option<i64>,
    pub created_at: i64,
}

impl Store {
    /// Adds a project.
    ///
    /// # Errors
    /// [`Error::Taken`] if its key is taken.
    pub async fn insert_project(&self, new: NewProjectRow) -> Result<ProjectRow, Error> {
        let row = project::ActiveModel {
            id: ActiveValue::NotSet,
            user_id: ActiveValue::Set(new.user_id),
            project_type: ActiveValue::Set(new.project_type),
            name: ActiveValue::Set(new.name),
            project_key: ActiveValue::Set(new.project_key),
            secret_sealed: ActiveValue::Set(new.secret_sealed),
            pool_id: ActiveValue::Set(new.pool_id),
            request_total: ActiveValue::Set(0),
            request_day: ActiveValue::Set(0),
            request_today: ActiveValue::Set(0),
            created_at: ActiveValue::Set(new.created_at),
            deleted_at: ActiveValue::Set(None),
        };
        Ok(row.insert(&*self.turn().await?).await?)
    }

    /// `limit` of a user's projects that are not deleted, from the `offset`th on, the newest last.
    pub async fn projects_of(&self, user_id: i64, offset: u64, limit: u64) -> Result<Vec<ProjectRow>, Error> {
        let page = live_projects(user_id).order_by_asc(project::Column::Id).offset(offset).limit(limit);
        Ok(page.all(&self.db).await?)
    }

    /// How many projects of a user are not deleted.
    pub async fn count_projects_of(&self, user_id: i64) -> Result<u64, Error> {
        Ok(live_projects(user_id).count(&self.db).await?)
    }

    /// Deletes a user's project and records it; says whether it was there. Of any number that try at once, one does.
    pub async fn delete_project(&self, user_id: i64, id: i64, event: AuditRow) -> Result<bool, Error> {
        let event = &event;
        self.transaction(move |transaction| async move {
            let transaction = &*transaction;
            let deleted = project::Entity::update_many()
                .col_expr(project::Column::DeletedAt, Expr::value(event.at))
                .filter(project::Column::Id.eq(id))
                .filter(project::Column::UserId.eq(user_id))
                .filter(project::Column::DeletedAt.is_null())
                .exec(transaction)
                .await?;
            if deleted.rows_affected == 0 {
                return Ok(false);
            }
            audit::insert(transaction, event.clone()).await?;
            Ok(true)
        })
        .await
    }

    /// Adds a pool, or replaces the one of the same number.
    ///
    /// This is no upsert, because that of MySQL would take a pool of the same type for the one to replace. Of two that
    /// add the same number at once, the second one fails.
    ///
    /// # Errors
    /// [`Error::Taken`] if another pool serves its type.
    pub async fn put_pool(&self, row: PoolRow) -> Result<(), Error> {
        let row = &row;
        self.transaction(move |transaction| async move {
            let transaction = &*transaction;
            let replaced = pool::Entity::update_many()
                .col_expr(pool::Column::Name, Expr::value(row.name.as_str()))
                .col_expr(pool::Column::ProjectType, Expr::value(row.project_type))
                .col_expr(pool::Column::EndPoints, Expr::value(row.end_points.as_str()))
                .col_expr(pool::Column::RequestMax, Expr::value(row.request_max))
                .filter(pool::Column::Id.eq(row.id))
                .exec(transaction)
                .await?;
            if replaced.rows_affected == 0 {
                pool::Entity::insert(row.clone().into_active_model()).exec_without_returning(transaction).await?;
            }
            Ok(())
        })
        .await
    }

    /// The pools with these numbers.
    pub async fn pools(&self, ids: &[i64]) -> Result<Vec<PoolRow>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(pool::Entity::find().filter(pool::Column::Id.is_in(ids.iter().copied())).all(&self.db).await?)
    }

    /// The pools that could serve projects of this type: its own, and that of all others.
    pub async fn pools_for(&self, project_type: i32) -> Result<Vec<PoolRow>, Error> {
        let fits =
            Condition::any().add(pool::Column::ProjectType.eq(project_type)).add(pool::Column::ProjectType.is_null());
        Ok(pool::Entity::find().filter(fits).order_by_asc(pool::Column::Id).all(&self.db).await?)
    }
}

fn live_projects(user_id: i64) -> Select<project::Entity> {
    project::Entity::find().filter(project::Column::UserId.eq(user_id)).filter(project::Column::DeletedAt.is_null())
}
