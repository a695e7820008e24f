//! Where the three databases differ in what a table has to say so that it means the same on each.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

/// Makes text in `table` compare byte by byte, as it does on SQLite and PostgreSQL by default.
///
/// MySQL and MariaDB would by default take `Name`, `name` and `name ` for equal, so that a unique index would refuse
/// names that the other two accept. The collation that neither folds case nor ignores trailing spaces has another name
/// on each of the two.
pub async fn exact_text<'t>(
    manager: &SchemaManager<'_>,
    table: &'t mut TableCreateStatement,
) -> Result<&'t mut TableCreateStatement, DbErr> {
    if manager.get_database_backend() != DbBackend::MySql {
        return Ok(table);
    }
    let asked = Statement::from_string(DbBackend::MySql, "SELECT VERSION() AS version");
    let version: String = match manager.get_connection().query_one_raw(asked).await? {
        Some(row) => row.try_get("", "version")?,
        None => return Err(DbErr::Migration("the server does not tell its version".to_owned())),
    };
    let collation = if version.contains("MariaDB") { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" };
    Ok(table.engine("InnoDB").character_set("utf8mb4").collate(collation))
}
