//! Rows of interface configs and of the record of their changes. A change and its record are one transaction.

use sea_orm::sea_query::{Expr, ExprTrait as _, Func};
use sea_orm::{
    ActiveValue, ColumnTrait as _, Condition, DatabaseTransaction, DbBackend, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use super::entity::{interface_config, interface_log};
use super::{Error, Store, Unique};

pub use super::entity::interface_config::Model as ConfigRow;
pub use super::entity::interface_log::Model as ConfigLogRow;

/// How often rows that are missing are looked for and added, before somebody who adds them at the same time is a fault.
const ATTEMPTS: usize = 8;

/// What of a config can be changed; the columns are those of [`ConfigRow`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the columns that ConfigRow documents")]
pub struct ConfigFields {
    pub name: String,
    pub method: String,
    pub url: String,
    pub auth_code: Option<String>,
    pub limit_gap: Option<i32>,
    pub limit_cycle: Option<i32>,
    pub limit_max: Option<i32>,
    pub message: Option<String>,
    pub remark: Option<String>,
    pub verify: bool,
    pub limited: bool,
}

/// What [`Store::insert_config`] needs; the columns are those of [`ConfigRow`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the columns that ConfigRow documents")]
pub struct NewConfigRow {
    pub uid: String,
    pub fields: ConfigFields,
    pub created_at: i64,
}

/// A change to record; the columns are those of [`ConfigLogRow`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the columns that ConfigLogRow documents")]
pub struct NewConfigLogRow {
    pub uid: String,
    pub kind: String,
    pub business: String,
    pub business_id: String,
    pub content: String,
    pub creator: String,
    pub creator_id: String,
    pub created_at: i64,
}

impl Store {
    /// Adds a config and records it.
    ///
    /// # Errors
    /// [`Error::Taken`] if another config is for its method and URL.
    pub async fn insert_config(&self, new: NewConfigRow, log: NewConfigLogRow) -> Result<(), Error> {
        let (new, log) = (&new, &log);
        self.transaction(move |transaction| async move {
            interface_config::Entity::insert(new_row(new)).exec_without_returning(&*transaction).await?;
            insert_log(&transaction, log.clone()).await
        })
        .await
    }

    /// Changes a config, records it with what it was before, and gives that; nothing if there is none.
    ///
    /// # Errors
    /// [`Error::Taken`] if another config is for its new method and URL.
    pub async fn update_config<L>(&self, uid: &str, fields: ConfigFields, log: L) -> Result<Option<ConfigRow>, Error>
    where
        L: Fn(&ConfigRow) -> NewConfigLogRow + Sync,
    {
        let (fields, log) = (&fields, &log);
        self.transaction(move |transaction| async move {
            let Some(before) = locked(&transaction, uid).await? else { return Ok(None) };
            interface_config::Entity::update_many()
                .set(fields.clone().into_active_model())
                .filter(interface_config::Column::Id.eq(before.id))
                .exec(&*transaction)
                .await?;
            insert_log(&transaction, log(&before)).await?;
            Ok(Some(before))
        })
        .await
    }

    /// Deletes a config and records what it was; says whether it was there. Of any number that try at once, one does.
    pub async fn delete_config<L>(&self, uid: &str, log: L) -> Result<bool, Error>
    where
        L: Fn(&ConfigRow) -> NewConfigLogRow + Sync,
    {
        let log = &log;
        self.transaction(move |transaction| async move {
            let Some(before) = locked(&transaction, uid).await? else { return Ok(false) };
            interface_config::Entity::delete_by_id(before.id).exec(&*transaction).await?;
            insert_log(&transaction, log(&before)).await?;
            Ok(true)
        })
        .await
    }

    /// Adds those of these configs for whose method and URL there is none, without a record, because nobody did it. Of
    /// programs that start at once, one adds each. One whose public id is taken, as by its former self that is for another
    /// URL now, gets one from `other_uid`.
    pub async fn add_missing_configs(
        &self,
        wanted: &[NewConfigRow],
        other_uid: impl Fn() -> String + Send + Sync,
    ) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let known = self.configs().await?;
            let is_known = |new: &NewConfigRow| {
                known.iter().any(|row| row.url == new.fields.url && row.method == new.fields.method)
            };
            let row_of = |new: &NewConfigRow| {
                let is_taken = known.iter().any(|row| row.uid == new.uid);
                if is_taken { new_row(&NewConfigRow { uid: other_uid(), ..new.clone() }) } else { new_row(new) }
            };
            let missing: Vec<_> = wanted.iter().filter(|new| !is_known(new)).map(row_of).collect();
            if missing.is_empty() {
                return Ok(());
            }
            match interface_config::Entity::insert_many(missing).exec_without_returning(&*self.turn().await?).await {
                Ok(_) => return Ok(()),
                Err(error) => match Error::from(error) {
                    Error::Taken(Unique::ConfigUrl | Unique::ConfigUid) => {}
                    other => return Err(other),
                },
            }
        }
        Err(Error::Taken(Unique::ConfigUid))
    }

    /// The config with this public id.
    pub async fn config_by_uid(&self, uid: &str) -> Result<Option<ConfigRow>, Error> {
        Ok(interface_config::Entity::find().filter(interface_config::Column::Uid.eq(uid)).one(&self.db).await?)
    }

    /// Every config.
    pub async fn configs(&self) -> Result<Vec<ConfigRow>, Error> {
        Ok(interface_config::Entity::find().order_by_asc(interface_config::Column::Id).all(&self.db).await?)
    }

    /// `limit` of the configs that have `keyword` in name, URL or right, from the `offset`th on, the newest first.
    pub async fn find_configs(&self, keyword: &str, offset: u64, limit: u64) -> Result<Vec<ConfigRow>, Error> {
        let found = self.matching_configs(keyword).order_by_desc(interface_config::Column::Id);
        Ok(found.offset(offset).limit(limit).all(&self.db).await?)
    }

    /// How many configs have `keyword` in name, URL or right.
    pub async fn count_configs(&self, keyword: &str) -> Result<u64, Error> {
        Ok(self.matching_configs(keyword).count(&self.db).await?)
    }

    /// The change with this public id.
    pub async fn config_log_by_uid(&self, uid: &str) -> Result<Option<ConfigLogRow>, Error> {
        Ok(interface_log::Entity::find().filter(interface_log::Column::Uid.eq(uid)).one(&self.db).await?)
    }

    /// `limit` of the changes that have `keyword` in what was done, to what, or by whom, from the `offset`th on, the newest
    /// first.
    pub async fn find_config_logs(&self, keyword: &str, offset: u64, limit: u64) -> Result<Vec<ConfigLogRow>, Error> {
        let found = self.matching_config_logs(keyword).order_by_desc(interface_log::Column::Id);
        Ok(found.offset(offset).limit(limit).all(&self.db).await?)
    }

    /// How many changes have `keyword` in what was done, to what, or by whom.
    pub async fn count_config_logs(&self, keyword: &str) -> Result<u64, Error> {
        Ok(self.matching_config_logs(keyword).count(&self.db).await?)
    }

    fn matching_configs(&self, keyword: &str) -> Select<interface_config::Entity> {
        use interface_config::Column::{AuthCode, Name, Url};
        interface_config::Entity::find()
            .filter(self.any_contains([Name, Url, AuthCode].map(|column| column.into_expr()), keyword))
    }

    fn matching_config_logs(&self, keyword: &str) -> Select<interface_log::Entity> {
        use interface_log::Column::{Business, BusinessId, Creator, CreatorId, Kind};
        let columns = [Kind, Business, BusinessId, CreatorId, Creator];
        interface_log::Entity::find().filter(self.any_contains(columns.map(|column| column.into_expr()), keyword))
    }

    /// Whether one of these texts contains `keyword`, character by character. The databases disagree about `LIKE` in case
    /// and in what escapes what, and agree about the function that looks for a text in another, but for its name.
    fn any_contains<const N: usize>(&self, texts: [Expr; N], keyword: &str) -> Condition {
        if keyword.is_empty() {
            return Condition::all();
        }
        let find = if self.db.get_database_backend() == DbBackend::Postgres { "strpos" } else { "instr" };
        texts.into_iter().fold(Condition::any(), |any, text| any.add(Func::cust(find).arg(text).arg(keyword).gt(0)))
    }
}

/// The config with this public id, which nobody else changes until the transaction ends.
async fn locked(transaction: &DatabaseTransaction, uid: &str) -> Result<Option<ConfigRow>, Error> {
    let found = interface_config::Entity::find().filter(interface_config::Column::Uid.eq(uid));
    Ok(found.lock_exclusive().one(transaction).await?)
}

async fn insert_log(transaction: &DatabaseTransaction, log: NewConfigLogRow) -> Result<(), Error> {
    let row = interface_log::ActiveModel {
        id: ActiveValue::NotSet,
        uid: ActiveValue::Set(log.uid),
        kind: ActiveValue::Set(log.kind),
        business: ActiveValue::Set(log.business),
        business_id: ActiveValue::Set(log.business_id),
        content: ActiveValue::Set(Some(log.content)),
        creator: ActiveValue::Set(log.creator),
        creator_id: ActiveValue::Set(log.creator_id),
        created_at: ActiveValue::Set(log.created_at),
    };
    interface_log::Entity::insert(row).exec_without_returning(transaction).await?;
    Ok(())
}

fn new_row(new: &NewConfigRow) -> interface_config::ActiveModel {
    interface_config::ActiveModel {
        uid: ActiveValue::Set(new.uid.clone()),
        created_at: ActiveValue::Set(new.created_at),
        ..new.fields.clone().into_active_model()
    }
}

impl ConfigFields {
    fn into_active_model(self) -> interface_config::ActiveModel {
        interface_config::ActiveModel {
            id: ActiveValue::NotSet,
            uid: ActiveValue::NotSet,
            name: ActiveValue::Set(self.name),
            method: ActiveValue::Set(self.method),
            url: ActiveValue::Set(self.url),
            auth_code: ActiveValue::Set(self.auth_code),
            limit_gap: ActiveValue::Set(self.limit_gap),
            limit_cycle: ActiveValue::Set(self.limit_cycle),
            limit_max: ActiveValue::Set(self.limit_max),
            message: ActiveValue::Set(self.message),
            remark: ActiveValue::Set(self.remark),
            verify: ActiveValue::Set(self.verify),
            limited: ActiveValue::Set(self.limited),
            created_at: ActiveValue::NotSet,
        }
    }
}
