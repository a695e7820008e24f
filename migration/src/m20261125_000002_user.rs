//! Users, the names under which they log in, their sessions, and the record of what happened to them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, small_integer, string_len, string_len_null, text,
};

use crate::dialect::exact_text;
use crate::index::{index, unique};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The table is not called `user`, which is a reserved word in PostgreSQL.
#[derive(DeriveIden)]
enum UserAccount {
    Table,
    Id,
    Uid,
    Account,
    Name,
    Email,
    Phone,
    PasswordHash,
    PasswordSealed,
    PasswordVersion,
    Banned,
    IsAdmin,
    Builtin,
    TokensValidFrom,
    CreatedAt,
}

#[derive(DeriveIden)]
enum LoginName {
    Table,
    Id,
    Handle,
    Kind,
    UserId,
}

#[derive(DeriveIden)]
enum Session {
    Table,
    Id,
    Dialect,
    UserId,
    CreatedAt,
    ExpiresAt,
    RevokedAt,
    RevokedWhy,
}

#[derive(DeriveIden)]
enum RefreshToken {
    Table,
    Id,
    SessionId,
    AccessId,
    KeyId,
    IssuedAt,
    ExpiresAt,
    SpentAt,
    Successor,
}

#[derive(DeriveIden)]
enum AuditEvent {
    Table,
    Id,
    At,
    Kind,
    Dialect,
    UserId,
    Subject,
    Client,
    Trace,
}

#[derive(DeriveIden)]
enum DataKey {
    Table,
    Id,
    Purpose,
    KeyId,
    PrivateKey,
    Wrapped,
    CreatedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.users(manager).await?;
        self.sessions(manager).await?;
        self.audit(manager).await?;
        self.data_keys(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(DataKey::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(AuditEvent::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(RefreshToken::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Session::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(LoginName::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(UserAccount::Table).to_owned()).await
    }
}

impl Migration {
    async fn users(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(UserAccount::Table)
            .col(big_pk_auto(UserAccount::Id))
            .col(string_len(UserAccount::Uid, 32))
            .col(string_len(UserAccount::Account, 64))
            .col(string_len(UserAccount::Name, 64))
            .col(string_len_null(UserAccount::Email, 254))
            .col(string_len_null(UserAccount::Phone, 32))
            .col(string_len(UserAccount::PasswordHash, 255))
            .col(string_len_null(UserAccount::PasswordSealed, 255))
            .col(big_integer(UserAccount::PasswordVersion))
            .col(boolean(UserAccount::Banned))
            .col(boolean(UserAccount::IsAdmin))
            .col(boolean(UserAccount::Builtin))
            .col(big_integer(UserAccount::TokensValidFrom))
            .col(big_integer(UserAccount::CreatedAt));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_user_account_uid", UserAccount::Table, [UserAccount::Uid]).await?;

        // Accounts, e-mails and phones are one name space, so that what somebody types in at a login is never
        // ambiguous, and one constraint settles who has it.
        let mut table = Table::create();
        table
            .table(LoginName::Table)
            .col(big_pk_auto(LoginName::Id))
            .col(string_len(LoginName::Handle, 320))
            .col(small_integer(LoginName::Kind))
            .col(big_integer(LoginName::UserId))
            .foreign_key(&mut of_user("fk_login_name_user", LoginName::Table, LoginName::UserId));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_login_name_handle", LoginName::Table, [LoginName::Handle]).await
    }

    async fn sessions(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(Session::Table)
            .col(string_len(Session::Id, 32).primary_key())
            .col(string_len(Session::Dialect, 32))
            .col(big_integer(Session::UserId))
            .col(big_integer(Session::CreatedAt))
            .col(big_integer(Session::ExpiresAt))
            .col(big_integer_null(Session::RevokedAt))
            .col(string_len_null(Session::RevokedWhy, 32))
            .foreign_key(&mut of_user("fk_session_user", Session::Table, Session::UserId));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        index(manager, "ix_session_expires_at", Session::Table, [Session::ExpiresAt]).await?;

        let mut table = Table::create();
        table
            .table(RefreshToken::Table)
            .col(string_len(RefreshToken::Id, 32).primary_key())
            .col(string_len(RefreshToken::SessionId, 32))
            .col(string_len(RefreshToken::AccessId, 32))
            .col(string_len(RefreshToken::KeyId, 16))
            .col(big_integer(RefreshToken::IssuedAt))
            .col(big_integer(RefreshToken::ExpiresAt))
            .col(big_integer_null(RefreshToken::SpentAt))
            .col(string_len_null(RefreshToken::Successor, 32))
            .foreign_key(
                ForeignKey::create()
                    .name("fk_refresh_token_session")
                    .from(RefreshToken::Table, RefreshToken::SessionId)
                    .to(Session::Table, Session::Id)
                    .on_delete(ForeignKeyAction::Cascade),
            );
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        index(manager, "ix_refresh_token_expires_at", RefreshToken::Table, [RefreshToken::ExpiresAt]).await
    }

    /// No foreign key to the user: what is recorded outlives whom it is about.
    async fn audit(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(AuditEvent::Table)
            .col(big_pk_auto(AuditEvent::Id))
            .col(big_integer(AuditEvent::At))
            .col(string_len(AuditEvent::Kind, 32))
            .col(string_len(AuditEvent::Dialect, 32))
            .col(big_integer_null(AuditEvent::UserId))
            .col(string_len_null(AuditEvent::Subject, 320))
            .col(string_len(AuditEvent::Client, 64))
            .col(string_len(AuditEvent::Trace, 64));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        index(manager, "ix_audit_event_at", AuditEvent::Table, [AuditEvent::At]).await
    }

    async fn data_keys(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table(DataKey::Table)
            .col(big_pk_auto(DataKey::Id))
            .col(string_len(DataKey::Purpose, 32))
            .col(string_len(DataKey::KeyId, 16))
            .col(text(DataKey::PrivateKey))
            .col(text(DataKey::Wrapped))
            .col(big_integer(DataKey::CreatedAt));
        manager.create_table(exact_text(manager, &mut table).await?.to_owned()).await?;
        unique(manager, "uq_data_key_purpose", DataKey::Table, [DataKey::Purpose]).await
    }
}

fn of_user(name: &str, table: impl IntoIden, column: impl IntoIden) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table.into_iden(), column.into_iden())
        .to(UserAccount::Table, UserAccount::Id)
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}
