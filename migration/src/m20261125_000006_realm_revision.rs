//! How often a realm was applied, for servers that remember what stood in it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum RealmRevision {
    Table,
    Id,
    Number,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table(RealmRevision::Table).col(big_integer(RealmRevision::Id).primary_key());
        table.col(big_integer(RealmRevision::Number));
        manager.create_table(table).await?;
        // The one row that there is.
        let mut row = Query::insert();
        row.into_table(RealmRevision::Table).columns([RealmRevision::Id, RealmRevision::Number]);
        row.values_panic([1.into(), 0.into()]);
        manager.execute(row).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(RealmRevision::Table).to_owned()).await
    }
}
