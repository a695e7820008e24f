//! What users own: projects with their keys and the pools that serve them, and products.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, big_pk_auto, integer, integer_null, string_len, text};

use crate::dialect::exact_text;
use crate::index::{index, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum UserAccount {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum Pool {
    Table,
    Id,
    Name,
    ProjectType,
    EndPoints,
    RequestMax,
}

#[derive(DeriveIden)]
#[expect(clippy::enum_variant_names, reason = "columns are called as the documented API calls them")]
enum Project {
    Table,
    Id,
    UserId,
    ProjectType,
    Name,
    ProjectKey,
    SecretSealed,
    PoolId,
    RequestTotal,
    RequestDay,
    RequestToday,
    CreatedAt,
    DeletedAt,
}

#[derive(DeriveIden)]
#[expect(clippy::enum_variant_names, reason = "columns are called as the documented API calls them")]
enum Product {
    Table,
    Id,
    UserId,
    Name,
    ProductKey,
    CreatedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.pools(manager).await?;
        self.projects(manager).await?;
        self.products(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Product::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Project::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Pool::Table).to_owned()).await
    }
}

impl Migration {
    /// Pools have the numbers that provisioning gives them; 0 is the documented one of a pool without a name.
    async fn pools(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(Pool::Table)
            .col(big_integer(Pool::Id).primary_key())
            .col(string_len(Pool::Name, 64))
            .col(integer_null(Pool::ProjectType))
            .col(text(Pool::EndPoints))
            .col(integer(Pool::RequestMax));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_pool_project_type", Pool::Table, [Pool::ProjectType]).await
    }

    async fn projects(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(Project::Table)
            .col(big_pk_auto(Project::Id))
            .col(big_integer(Project::UserId))
            .col(integer(Project::ProjectType))
            .col(string_len(Project::Name, 64))
            .col(string_len(Project::ProjectKey, 16))
            .col(string_len(Project::SecretSealed, 255))
            .col(big_integer_null(Project::PoolId))
            .col(big_integer(Project::RequestTotal))
            .col(big_integer(Project::RequestDay))
            .col(big_integer(Project::RequestToday))
            .col(big_integer(Project::CreatedAt))
            .col(big_integer_null(Project::DeletedAt))
            .foreign_key(
                ForeignKey::create()
                    .name("fk_project_user")
                    .from(Project::Table, Project::UserId)
                    .to(UserAccount::Table, UserAccount::Id)
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .foreign_key(
                ForeignKey::create()
                    .name("fk_project_pool")
                    .from(Project::Table, Project::PoolId)
                    .to(Pool::Table, Pool::Id)
                    .on_delete(ForeignKeyAction::SetNull),
            );
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_project_key", Project::Table, [Project::ProjectKey]).await?;
        // A user's list is read in the order of this index.
        index(manager, "ix_project_user", Project::Table, [Project::UserId, Project::Id]).await
    }

    async fn products(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(Product::Table)
            .col(big_pk_auto(Product::Id))
            .col(big_integer(Product::UserId))
            .col(string_len(Product::Name, 64))
            .col(string_len(Product::ProductKey, 16))
            .col(big_integer(Product::CreatedAt))
            .foreign_key(
                ForeignKey::create()
                    .name("fk_product_user")
                    .from(Product::Table, Product::UserId)
                    .to(UserAccount::Table, UserAccount::Id)
                    .on_delete(ForeignKeyAction::Cascade),
            );
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_product_key", Product::Table, [Product::ProductKey]).await?;
        unique(manager, "uq_product_user_name", Product::Table, [Product::UserId, Product::Name]).await
    }
}
