//! What a statement can come to besides its result.

use std::error::Error as StdError;
use std::fmt;

use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
use sea_orm::{DbErr, RuntimeErr, sqlx};

use super::HandleKind;

/// A unique constraint, by what it keeps unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// `uq_app_app_id`
    AppId,
    /// `uq_app_name`
    AppName,
    /// `uq_user_account_uid`
    UserUid,
    /// `uq_login_name_handle`; the row does not tell which of a user's names it is, the statement's author does.
    Handle(HandleKind),
    /// `uq_data_key_purpose`
    DataKeyPurpose,
    /// `uq_pool_project_type`
    PoolProjectType,
    /// `uq_project_key`
    ProjectKey,
    /// `uq_product_key`
    ProductKey,
    /// `uq_product_user_name`
    ProductName,
    /// `uq_tenant_uid`
    TenantUid,
    /// `uq_role_uid`
    RoleUid,
    /// `uq_navigator_uid`
    NavigatorUid,
    /// `uq_nav_function_uid`
    FunctionUid,
    /// `uq_interface_config_uid`
    ConfigUid,
    /// `uq_interface_config_url`
    ConfigUrl,
    /// `uq_wechat_app_id`
    WechatAppId,
    /// `uq_wechat_user_union_id`
    WechatUnionId,
    /// `uq_wechat_user_user`
    WechatUser,
}

impl Unique {
    /// Each with its constraint's name and, for SQLite, which tells only those, its columns.
    const ALL: [(Self, &str, &str); 18] = [
        (Self::AppId, "uq_app_app_id", "app.app_id"),
        (Self::AppName, "uq_app_name", "app.name"),
        (Self::UserUid, "uq_user_account_uid", "user_account.uid"),
        (Self::Handle(HandleKind::Account), "uq_login_name_handle", "login_name.handle"),
        (Self::DataKeyPurpose, "uq_data_key_purpose", "data_key.purpose"),
        (Self::PoolProjectType, "uq_pool_project_type", "pool.project_type"),
        (Self::ProjectKey, "uq_project_key", "project.project_key"),
        (Self::ProductKey, "uq_product_key", "product.product_key"),
        (Self::ProductName, "uq_product_user_name", "product.user_id, product.name"),
        (Self::TenantUid, "uq_tenant_uid", "tenant.uid"),
        (Self::RoleUid, "uq_role_uid", "role.uid"),
        (Self::NavigatorUid, "uq_navigator_uid", "navigator.uid"),
        (Self::FunctionUid, "uq_nav_function_uid", "nav_function.uid"),
        (Self::ConfigUid, "uq_interface_config_uid", "interface_config.uid"),
        (Self::ConfigUrl, "uq_interface_config_url", "interface_config.url, interface_config.method"),
        (Self::WechatAppId, "uq_wechat_app_id", "wechat_app.wechat_app_id"),
        (Self::WechatUnionId, "uq_wechat_user_union_id", "wechat_user.union_id"),
        (Self::WechatUser, "uq_wechat_user_user", "wechat_user.user_id"),
    ];

    /// Reads the constraint out of the database's refusal. The refused value may be anything, so that only the part of
    /// the message that the database writes after it is looked at.
    fn from_database(error: &dyn DatabaseError) -> Option<Self> {
        if error.kind() != ErrorKind::UniqueViolation {
            return None;
        }
        let message = error.message();
        let told = error
            .constraint()
            .or_else(|| message.rsplit_once("UNIQUE constraint failed: ").map(|(_, columns)| columns))
            .or_else(|| message.rsplit_once(" for key '").map(|(_, key)| key.trim_end_matches('\'')))?;
        // MySQL 8 writes `table.key`, MariaDB `key`.
        let key = told.rsplit_once('.').map_or(told, |(_, key)| key);
        let named = |name: &str, columns: &str| key == name || told == columns;
        Self::ALL.into_iter().find(|(_, name, columns)| named(name, columns)).map(|(unique, ..)| unique)
    }
}

/// Why a statement has no result. `Display` tells no SQL; the driver's own words are the source.
#[derive(Debug)]
pub enum Error {
    /// The row would break this unique constraint.
    Taken(Unique),
    /// The database does not answer, or is too busy; the same statement may succeed later.
    Unavailable(DbErr),
    /// Anything else: a fault in the program or the schema.
    Fault(DbErr),
}

impl Error {
    /// An error while connecting. A URL that no driver takes is a fault; everything else may pass.
    pub(super) fn connecting(error: DbErr) -> Self {
        match &error {
            DbErr::Conn(RuntimeErr::Internal(_)) => Self::Fault(error),
            _ => Self::Unavailable(error),
        }
    }

    /// Whether another transaction got in the way, so that the same one may succeed now.
    pub(super) fn is_conflict(&self) -> bool {
        let Self::Unavailable(DbErr::Exec(RuntimeErr::SqlxError(driver)) | DbErr::Query(RuntimeErr::SqlxError(driver))) =
            self
        else {
            return false;
        };
        let sqlx::Error::Database(refusal) = driver.as_ref() else { return false };
        if let Some(mysql) = refusal.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
            // Deadlock, and a row that changed since the snapshot (MariaDB).
            return matches!(mysql.number(), 1213 | 1020);
        }
        let is_postgres = refusal.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some();
        is_postgres && refusal.code().is_some_and(|code| code.starts_with("40"))
    }

    /// Whether an SQLite file could not be opened because another connection holds its lock.
    pub(super) fn is_sqlite_busy(&self) -> bool {
        let Self::Unavailable(DbErr::Conn(RuntimeErr::SqlxError(driver))) = self else { return false };
        let sqlx::Error::Database(refusal) = driver.as_ref() else { return false };
        refusal.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() && is_passing(refusal.as_ref())
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let driver = match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return Self::Unavailable(error),
            DbErr::Exec(RuntimeErr::SqlxError(driver)) | DbErr::Query(RuntimeErr::SqlxError(driver)) => driver,
            _ => return Self::Fault(error),
        };
        match driver.as_ref() {
            sqlx::Error::Database(refusal) => {
                if let Some(unique) = Unique::from_database(refusal.as_ref()) {
                    return Self::Taken(unique);
                }
                if is_passing(refusal.as_ref()) { Self::Unavailable(error) } else { Self::Fault(error) }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            _ => Self::Fault(error),
        }
    }
}

/// Whether the database refused for a reason that passes: it is shutting down, out of connections, or locked.
fn is_passing(error: &dyn DatabaseError) -> bool {
    if let Some(mysql) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        // Changed row, too many connections, shutdown, lock wait timeout, deadlock, statement time exceeded.
        return matches!(mysql.number(), 1020 | 1040 | 1053 | 1205 | 1213 | 3024 | 1969);
    }
    let Some(code) = error.code() else { return false };
    if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
        // Connection exception, serialization failure or deadlock, insufficient resources, operator intervention.
        return ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class));
    }
    // SQLite's extended codes carry the primary one in the low byte: 5 is BUSY, 6 is LOCKED, 13 is FULL.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 13))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(unique) => f.write_str(match unique {
                Unique::AppId => "an application has this id",
                Unique::AppName => "an application has this name",
                Unique::UserUid => "a user has this id",
                Unique::Handle(HandleKind::Account) => "a user has this name",
                Unique::Handle(HandleKind::Email) => "a user has this e-mail address",
                Unique::Handle(HandleKind::Phone) => "a user has this phone number",
                Unique::DataKeyPurpose => "there is a data key for this",
                Unique::PoolProjectType => "another pool serves this type of projects",
                Unique::ProjectKey => "a project has this key",
                Unique::ProductKey => "a product has this key",
                Unique::ProductName => "the user has a product of this name",
                Unique::TenantUid => "a tenant has this id",
                Unique::RoleUid => "a role has this id",
                Unique::NavigatorUid => "a navigator has this id",
                Unique::FunctionUid => "a function has this id",
                Unique::ConfigUid => "an interface config has this id",
                Unique::ConfigUrl => "an interface config is for this method and URL",
                Unique::WechatAppId => "there is a WeChat application of this id",
                Unique::WechatUnionId => "a user has this WeChat account",
                Unique::WechatUser => "the user has a WeChat account",
            }),
            Self::Unavailable(_) => f.write_str("the database is unavailable"),
            Self::Fault(_) => f.write_str("the database refused a statement"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Taken(_) => None,
            Self::Unavailable(source) | Self::Fault(source) => Some(source),
        }
    }
}
