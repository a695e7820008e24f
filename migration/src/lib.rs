//! The database schema as a sequence of migrations, one file each, named `mYYYYMMDD_NNNNNN_what.rs`.
//!
//! A released migration is never edited. A change is made in two steps, expand and then contract, so that the former
//! version of the program works on the schema of the next one.

use sea_orm_migration::prelude::*;

mod dialect;
mod index;
mod m20261123_000001_app;
mod m20261125_000002_user;
mod m20261125_000003_project;
mod m20261125_000004_tenant;
mod m20261125_000005_access;
mod m20261125_000006_realm_revision;

/// The sequence, for [`MigratorTrait::up`] and [`MigratorTrait::down`].
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_app::Migration),
            Box::new(m20261125_000002_user::Migration),
            Box::new(m20261125_000003_project::Migration),
            Box::new(m20261125_000004_tenant::Migration),
            Box::new(m20261125_000005_access::Migration),
            Box::new(m20261125_000006_realm_revision::Migration),
        ]
    }
}
