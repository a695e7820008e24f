//! Opaque tokens, what guards logins and operations, and accounts at WeChat.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, integer, integer_null, string_len, string_len_null, text_null,
};

use crate::dialect::exact_text;
use crate::index::{index, of, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum App {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum UserAccount {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum Tenant {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum AccessToken {
    Table,
    Id,
    UserId,
    AppId,
    TenantId,
    DeviceId,
    AccessHash,
    RefreshHash,
    Refreshes,
    CreatedAt,
    ExpiresAt,
    FailsAt,
    RevokedAt,
    RevokedWhy,
}

#[derive(DeriveIden)]
enum LoginFailure {
    Table,
    Subject,
    Recent,
    LastAt,
    LockedUntil,
}

#[derive(DeriveIden)]
enum InterfaceConfig {
    Table,
    Id,
    Uid,
    Name,
    Method,
    Url,
    AuthCode,
    LimitGap,
    LimitCycle,
    LimitMax,
    Message,
    Remark,
    Verify,
    Limited,
    CreatedAt,
}

#[derive(DeriveIden)]
enum InterfaceLog {
    Table,
    Id,
    Uid,
    Kind,
    Business,
    BusinessId,
    Content,
    Creator,
    CreatorId,
    CreatedAt,
}

#[derive(DeriveIden)]
enum WechatApp {
    Table,
    Id,
    #[sea_orm(iden = "wechat_app_id")]
    OwnId,
    SecretSealed,
}

#[derive(DeriveIden)]
enum WechatUser {
    Table,
    Id,
    UnionId,
    UserId,
    CreatedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.tokens(manager).await?;
        self.configs(manager).await?;
        self.wechat(manager).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(WechatUser::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(WechatApp::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(InterfaceLog::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(InterfaceConfig::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(LoginFailure::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(AccessToken::Table).to_owned()).await?;
        Ok(())
    }
}

impl Migration {
    /// Sessions of opaque tokens, and failures to begin one.
    async fn tokens(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(AccessToken::Table)
            .col(string_len(AccessToken::Id, 32).primary_key())
            .col(big_integer(AccessToken::UserId))
            .col(big_integer(AccessToken::AppId))
            .col(big_integer_null(AccessToken::TenantId))
            .col(string_len_null(AccessToken::DeviceId, 128))
            .col(string_len(AccessToken::AccessHash, 128))
            .col(string_len(AccessToken::RefreshHash, 128))
            .col(integer(AccessToken::Refreshes))
            .col(big_integer(AccessToken::CreatedAt))
            .col(big_integer(AccessToken::ExpiresAt))
            .col(big_integer(AccessToken::FailsAt))
            .col(big_integer_null(AccessToken::RevokedAt))
            .col(string_len_null(AccessToken::RevokedWhy, 32))
            .foreign_key(&mut of(
                "fk_access_token_user",
                AccessToken::Table,
                AccessToken::UserId,
                UserAccount::Table,
                UserAccount::Id,
            ))
            .foreign_key(&mut of("fk_access_token_app", AccessToken::Table, AccessToken::AppId, App::Table, App::Id))
            .foreign_key(&mut of(
                "fk_access_token_tenant",
                AccessToken::Table,
                AccessToken::TenantId,
                Tenant::Table,
                Tenant::Id,
            ));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        index(manager, "ix_access_token_user_app", AccessToken::Table, [AccessToken::UserId, AccessToken::AppId])
            .await?;
        index(manager, "ix_access_token_fails_at", AccessToken::Table, [AccessToken::FailsAt]).await?;

        let mut table = Table::create();
        table
            .table(LoginFailure::Table)
            .col(string_len(LoginFailure::Subject, 80).primary_key())
            .col(string_len(LoginFailure::Recent, 128))
            .col(big_integer(LoginFailure::LastAt))
            .col(big_integer_null(LoginFailure::LockedUntil));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        index(manager, "ix_login_failure_last_at", LoginFailure::Table, [LoginFailure::LastAt]).await?;
        Ok(())
    }

    /// Interface configs and the record of their changes, which outlives who made them.
    async fn configs(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(InterfaceConfig::Table)
            .col(big_pk_auto(InterfaceConfig::Id))
            .col(string_len(InterfaceConfig::Uid, 32))
            .col(string_len(InterfaceConfig::Name, 64))
            .col(string_len(InterfaceConfig::Method, 8))
            .col(string_len(InterfaceConfig::Url, 255))
            .col(string_len_null(InterfaceConfig::AuthCode, 64))
            .col(integer_null(InterfaceConfig::LimitGap))
            .col(integer_null(InterfaceConfig::LimitCycle))
            .col(integer_null(InterfaceConfig::LimitMax))
            .col(string_len_null(InterfaceConfig::Message, 255))
            .col(string_len_null(InterfaceConfig::Remark, 255))
            .col(boolean(InterfaceConfig::Verify))
            .col(boolean(InterfaceConfig::Limited))
            .col(big_integer(InterfaceConfig::CreatedAt));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_interface_config_uid", InterfaceConfig::Table, [InterfaceConfig::Uid]).await?;
        unique(
            manager,
            "uq_interface_config_url",
            InterfaceConfig::Table,
            [InterfaceConfig::Url, InterfaceConfig::Method],
        )
        .await?;

        let mut table = Table::create();
        table
            .table(InterfaceLog::Table)
            .col(big_pk_auto(InterfaceLog::Id))
            .col(string_len(InterfaceLog::Uid, 32))
            .col(string_len(InterfaceLog::Kind, 8))
            .col(string_len(InterfaceLog::Business, 64))
            .col(string_len(InterfaceLog::BusinessId, 32))
            .col(text_null(InterfaceLog::Content))
            .col(string_len(InterfaceLog::Creator, 64))
            .col(string_len(InterfaceLog::CreatorId, 32))
            .col(big_integer(InterfaceLog::CreatedAt));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_interface_log_uid", InterfaceLog::Table, [InterfaceLog::Uid]).await?;
        Ok(())
    }

    /// What WeChat knows, and whose it is.
    async fn wechat(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(WechatApp::Table)
            .col(big_pk_auto(WechatApp::Id))
            .col(string_len(WechatApp::OwnId, 64))
            .col(string_len(WechatApp::SecretSealed, 512));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_wechat_app_id", WechatApp::Table, [WechatApp::OwnId]).await?;

        let mut table = Table::create();
        table
            .table(WechatUser::Table)
            .col(big_pk_auto(WechatUser::Id))
            .col(string_len(WechatUser::UnionId, 128))
            .col(big_integer(WechatUser::UserId))
            .col(big_integer(WechatUser::CreatedAt))
            .foreign_key(&mut of(
                "fk_wechat_user_user",
                WechatUser::Table,
                WechatUser::UserId,
                UserAccount::Table,
                UserAccount::Id,
            ));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_wechat_user_union_id", WechatUser::Table, [WechatUser::UnionId]).await?;
        unique(manager, "uq_wechat_user_user", WechatUser::Table, [WechatUser::UserId]).await?;
        Ok(())
    }
}
