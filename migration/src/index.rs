//! Indexes and foreign keys by name, table and columns.

use sea_orm_migration::prelude::*;

/// An index under which no two rows are equal. Errors of the store are told by its name.
pub async fn unique<I: IntoIden, const N: usize>(
    manager: &SchemaManager<'_>,
    name: &str,
    table: impl IntoIden,
    columns: [I; N],
) -> Result<(), DbErr> {
    manager.create_index(over(name, table, columns).unique().to_owned()).await
}

/// An index to find rows by.
pub async fn index<I: IntoIden, const N: usize>(
    manager: &SchemaManager<'_>,
    name: &str,
    table: impl IntoIden,
    columns: [I; N],
) -> Result<(), DbErr> {
    manager.create_index(over(name, table, columns)).await
}

/// A foreign key: rows go with the one that they name.
pub fn of(
    name: &str,
    table: impl IntoIden,
    column: impl IntoIden,
    target: impl IntoIden,
    key: impl IntoIden,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table.into_iden(), column.into_iden())
        .to(target.into_iden(), key.into_iden())
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

fn over<I: IntoIden, const N: usize>(name: &str, table: impl IntoIden, columns: [I; N]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table.into_iden()).to_owned();
    for column in columns {
        index.col(column.into_iden());
    }
    index
}
