//! Applications: who may call, and the keyed hash of the secret with which they prove it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, big_pk_auto, boolean, string_len, string_len_null};

use crate::dialect::exact_text;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
#[expect(clippy::enum_variant_names, reason = "the column is called `app_id`, as in the documented API")]
enum App {
    Table,
    Id,
    AppId,
    Name,
    Description,
    RedirectUri,
    SecretHash,
    Enabled,
    MayCreate,
    CreatedBy,
    TokensValidFrom,
    CreatedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(App::Table)
            .col(big_pk_auto(App::Id))
            .col(string_len(App::AppId, 64))
            .col(string_len(App::Name, 50))
            .col(string_len_null(App::Description, 500))
            .col(string_len_null(App::RedirectUri, 500))
            .col(string_len(App::SecretHash, 128))
            .col(boolean(App::Enabled))
            .col(boolean(App::MayCreate))
            .col(big_integer_null(App::CreatedBy))
            .col(big_integer(App::TokensValidFrom))
            .col(big_integer(App::CreatedAt))
            .foreign_key(
                ForeignKey::create()
                    .name("fk_app_created_by")
                    .from(App::Table, App::CreatedBy)
                    .to(App::Table, App::Id)
                    .on_delete(ForeignKeyAction::Restrict),
            );
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        for (name, column) in [("uq_app_app_id", App::AppId), ("uq_app_name", App::Name)] {
            manager.create_index(Index::create().name(name).table(App::Table).col(column).unique().to_owned()).await?;
        }
        // The list of an application's own applications is read in the order of this index.
        let by_creator =
            Index::create().name("ix_app_created_by").table(App::Table).col(App::CreatedBy).col(App::Id).to_owned();
        manager.create_index(by_creator).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(App::Table).to_owned()).await
    }
}
