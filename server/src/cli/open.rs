//! Opens what the settings name: the database, the key ring, the ways for mail and SMS, and the core over them.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;

use super::Failure;
use crate::config::Config;
use crate::dialect::insight_auth::own_interfaces;
use crate::domain::Core;
use crate::domain::clock::Clock;
use crate::domain::keys::KeyRing;
use crate::domain::random::Random;
use crate::domain::secret::Secret;
use crate::store::Store;

/// The database, its schema left as it is. The embedded one is made if it is missing, for its owner only.
pub(super) async fn store(config: &Config) -> Result<Store, Failure> {
    let Some(url) = &config.database_url else {
        let directory = &config.data_dir;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| format!("cannot make the data directory {}: {error}", directory.display()))?;
        return Ok(Store::connect(&Store::embedded_url(directory)).await?);
    };
    Ok(Store::connect(url.expose()).await?)
}

/// The database, if there is one; none is made.
pub(super) async fn found_store(config: &Config) -> Result<Option<Store>, Failure> {
    let url = match &config.database_url {
        Some(url) => url.expose().clone(),
        None => Store::embedded_url(&config.data_dir),
    };
    Ok(Store::connect_existing(&url).await?)
}

/// The database that there has to be.
pub(super) async fn existing_store(config: &Config) -> Result<Store, Failure> {
    let store = found_store(config).await?;
    let place = match &config.database_url {
        Some(_) => "where `database_url` says".to_owned(),
        None => format!("in {}", config.data_dir.display()),
    };
    Ok(store.ok_or_else(|| format!("there is no database {place} yet; `gatehouse migrate up` makes it"))?)
}

/// The database as it is: neither made nor migrated, so that looking at it changes nothing.
pub(super) async fn untouched_store(config: &Config) -> Result<Store, Failure> {
    let store = existing_store(config).await?;
    match store.migrations().await?.iter().find(|migration| !migration.applied) {
        Some(migration) => Err(format!(
            "the migration {} was not applied to this database; `gatehouse migrate up` does it",
            migration.name
        )
        .into()),
        None => Ok(store),
    }
}

/// The database with every migration applied. Says which ones were.
pub(super) async fn migrated_store(config: &Config) -> Result<Store, Failure> {
    let store = store(config).await?;
    for name in store.migrate_up().await? {
        tracing::info!(migration = name, "applied a migration");
    }
    Ok(store)
}

/// The key ring of the data directory or of `GATEHOUSE_MASTER_KEY`.
pub(super) fn keys(config: &Config) -> Result<KeyRing, Failure> {
    let master = std::env::var("GATEHOUSE_MASTER_KEY").ok().map(Secret::new);
    Ok(KeyRing::open(&config.data_dir, master.as_ref(), Clock::system(), Random::system())?)
}

/// The key ring as it is. Where there is none, none is made: what depends on one is new to it, as it would be to a ring that
/// was made.
fn untouched_keys(config: &Config) -> Result<KeyRing, Failure> {
    if std::env::var("GATEHOUSE_MASTER_KEY").is_ok() || KeyRing::is_there(&config.data_dir)? {
        return keys(config);
    }
    let directory = config.data_dir.display();
    eprintln!("There is no key file in {directory} yet, and none was made: stored secrets cannot be compared.");
    Ok(KeyRing::passing(Clock::system(), Random::system())?)
}

/// The core on the system's clock and randomness.
pub(super) fn core(config: &Config, store: &Store) -> Result<Core, Failure> {
    core_with(config, store, keys(config)?)
}

/// The core for looking at what is there: no key file is made for it.
pub(super) fn untouched_core(config: &Config, store: &Store) -> Result<Core, Failure> {
    core_with(config, store, untouched_keys(config)?)
}

fn core_with(config: &Config, store: &Store, keys: KeyRing) -> Result<Core, Failure> {
    let (clock, random) = (Clock::system(), Random::system());
    let mail = config.mail(clock.clone(), random.clone())?;
    let sms = config.messenger(clock.clone(), random.clone());
    let core = Core::new(store.clone(), keys, &config.domain(), clock, random, mail, sms)?;
    core.configs.know(&own_interfaces());
    Ok(core)
}
