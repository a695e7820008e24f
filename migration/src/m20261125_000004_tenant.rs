//! Tenants, who belongs to them, and what roles permit: navigators and their functions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, boolean_null, integer, string_len, string_len_null,
};

use crate::dialect::exact_text;
use crate::index::{of, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum App {
    Table,
    Id,
    TokenLife,
    RefreshLife,
    Exclusive,
}

#[derive(DeriveIden)]
enum UserAccount {
    Table,
    Id,
    HeadImg,
}

#[derive(DeriveIden)]
enum Tenant {
    Table,
    Id,
    Uid,
    Name,
    CreatedAt,
}

#[derive(DeriveIden)]
enum TenantApp {
    Table,
    Id,
    TenantId,
    AppId,
}

#[derive(DeriveIden)]
enum TenantUser {
    Table,
    Id,
    TenantId,
    UserId,
}

#[derive(DeriveIden)]
enum Role {
    Table,
    Id,
    Uid,
    TenantId,
    Name,
}

#[derive(DeriveIden)]
enum RoleUser {
    Table,
    Id,
    RoleId,
    UserId,
}

#[derive(DeriveIden)]
enum Navigator {
    Table,
    Id,
    Uid,
    AppId,
    ParentId,
    Kind,
    Position,
    Name,
    IconUrl,
    Module,
    File,
    AutoLoad,
}

#[derive(DeriveIden)]
enum NavFunction {
    Table,
    Id,
    Uid,
    NavigatorId,
    Kind,
    Position,
    Name,
    AuthCodes,
    Method,
    IconUrl,
    BeginGroup,
    HideText,
}

#[derive(DeriveIden)]
enum RoleFunction {
    Table,
    Id,
    RoleId,
    FunctionId,
    Permit,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            big_integer_null(App::TokenLife),
            big_integer_null(App::RefreshLife),
            boolean(App::Exclusive).default(false).to_owned(),
        ] {
            manager.alter_table(Table::alter().table(App::Table).add_column(column).to_owned()).await?;
        }
        let head = string_len_null(UserAccount::HeadImg, 255);
        manager.alter_table(Table::alter().table(UserAccount::Table).add_column(head).to_owned()).await?;
        self.tenants(manager).await?;
        self.menus(manager).await?;
        self.roles(manager).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(RoleFunction::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(NavFunction::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Navigator::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(RoleUser::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Role::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(TenantUser::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(TenantApp::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Tenant::Table).to_owned()).await?;
        for column in [App::Exclusive, App::RefreshLife, App::TokenLife] {
            manager.alter_table(Table::alter().table(App::Table).drop_column(column).to_owned()).await?;
        }
        let head = UserAccount::HeadImg;
        manager.alter_table(Table::alter().table(UserAccount::Table).drop_column(head).to_owned()).await?;
        Ok(())
    }
}

impl Migration {
    /// Tenants, their applications and their users.
    async fn tenants(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(Tenant::Table)
            .col(big_pk_auto(Tenant::Id))
            .col(string_len(Tenant::Uid, 32))
            .col(string_len(Tenant::Name, 64))
            .col(big_integer(Tenant::CreatedAt));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_tenant_uid", Tenant::Table, [Tenant::Uid]).await?;

        let mut table = Table::create();
        table
            .table(TenantApp::Table)
            .col(big_pk_auto(TenantApp::Id))
            .col(big_integer(TenantApp::TenantId))
            .col(big_integer(TenantApp::AppId))
            .foreign_key(&mut of(
                "fk_tenant_app_tenant",
                TenantApp::Table,
                TenantApp::TenantId,
                Tenant::Table,
                Tenant::Id,
            ))
            .foreign_key(&mut of("fk_tenant_app_app", TenantApp::Table, TenantApp::AppId, App::Table, App::Id));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_tenant_app", TenantApp::Table, [TenantApp::TenantId, TenantApp::AppId]).await?;

        let mut table = Table::create();
        table
            .table(TenantUser::Table)
            .col(big_pk_auto(TenantUser::Id))
            .col(big_integer(TenantUser::TenantId))
            .col(big_integer(TenantUser::UserId))
            .foreign_key(&mut of(
                "fk_tenant_user_tenant",
                TenantUser::Table,
                TenantUser::TenantId,
                Tenant::Table,
                Tenant::Id,
            ))
            .foreign_key(&mut of(
                "fk_tenant_user_user",
                TenantUser::Table,
                TenantUser::UserId,
                UserAccount::Table,
                UserAccount::Id,
            ));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_tenant_user", TenantUser::Table, [TenantUser::TenantId, TenantUser::UserId]).await?;
        Ok(())
    }

    /// The menus of applications.
    async fn menus(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(Navigator::Table)
            .col(big_pk_auto(Navigator::Id))
            .col(string_len(Navigator::Uid, 32))
            .col(big_integer(Navigator::AppId))
            .col(big_integer_null(Navigator::ParentId))
            .col(integer(Navigator::Kind))
            .col(integer(Navigator::Position))
            .col(string_len(Navigator::Name, 64))
            .col(string_len_null(Navigator::IconUrl, 255))
            .col(string_len_null(Navigator::Module, 64))
            .col(string_len_null(Navigator::File, 255))
            .col(boolean_null(Navigator::AutoLoad))
            .foreign_key(&mut of("fk_navigator_app", Navigator::Table, Navigator::AppId, App::Table, App::Id))
            .foreign_key(&mut of(
                "fk_navigator_parent",
                Navigator::Table,
                Navigator::ParentId,
                Navigator::Table,
                Navigator::Id,
            ));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_navigator_uid", Navigator::Table, [Navigator::Uid]).await?;

        let mut table = Table::create();
        table
            .table(NavFunction::Table)
            .col(big_pk_auto(NavFunction::Id))
            .col(string_len(NavFunction::Uid, 32))
            .col(big_integer(NavFunction::NavigatorId))
            .col(integer(NavFunction::Kind))
            .col(integer(NavFunction::Position))
            .col(string_len(NavFunction::Name, 64))
            .col(string_len(NavFunction::AuthCodes, 255))
            .col(string_len_null(NavFunction::Method, 64))
            .col(string_len_null(NavFunction::IconUrl, 255))
            .col(boolean_null(NavFunction::BeginGroup))
            .col(boolean_null(NavFunction::HideText))
            .foreign_key(&mut of(
                "fk_nav_function_navigator",
                NavFunction::Table,
                NavFunction::NavigatorId,
                Navigator::Table,
                Navigator::Id,
            ));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_nav_function_uid", NavFunction::Table, [NavFunction::Uid]).await?;
        Ok(())
    }

    /// Roles, after the functions that they name.
    async fn roles(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(Role::Table)
            .col(big_pk_auto(Role::Id))
            .col(string_len(Role::Uid, 32))
            .col(big_integer_null(Role::TenantId))
            .col(string_len(Role::Name, 64))
            .foreign_key(&mut of("fk_role_tenant", Role::Table, Role::TenantId, Tenant::Table, Tenant::Id));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_role_uid", Role::Table, [Role::Uid]).await?;

        let mut table = Table::create();
        table
            .table(RoleUser::Table)
            .col(big_pk_auto(RoleUser::Id))
            .col(big_integer(RoleUser::RoleId))
            .col(big_integer(RoleUser::UserId))
            .foreign_key(&mut of("fk_role_user_role", RoleUser::Table, RoleUser::RoleId, Role::Table, Role::Id))
            .foreign_key(&mut of(
                "fk_role_user_user",
                RoleUser::Table,
                RoleUser::UserId,
                UserAccount::Table,
                UserAccount::Id,
            ));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_role_user", RoleUser::Table, [RoleUser::UserId, RoleUser::RoleId]).await?;

        let mut table = Table::create();
        table
            .table(RoleFunction::Table)
            .col(big_pk_auto(RoleFunction::Id))
            .col(big_integer(RoleFunction::RoleId))
            .col(big_integer(RoleFunction::FunctionId))
            .col(boolean(RoleFunction::Permit))
            .foreign_key(&mut of(
                "fk_role_function_role",
                RoleFunction::Table,
                RoleFunction::RoleId,
                Role::Table,
                Role::Id,
            ))
            .foreign_key(&mut of(
                "fk_role_function_function",
                RoleFunction::Table,
                RoleFunction::FunctionId,
                NavFunction::Table,
                NavFunction::Id,
            ));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_role_function", RoleFunction::Table, [RoleFunction::RoleId, RoleFunction::FunctionId])
            .await?;
        Ok(())
    }
}
