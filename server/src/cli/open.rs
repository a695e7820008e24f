//! Opens what the settings name: the database, the key ring, the ways for mail and SMS, and the core over them.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;

use super::Failure;
use crate::config::Config;
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

/// The core on the system's clock and randomness.
pub(super) fn core(config: &Config, store: &Store) -> Result<Core, Failure> {
    let (clock, random) = (Clock::system(), Random::system());
    let mail = config.mail(clock.clone(), random.clone())?;
    let sms = config.messenger(clock.clone(), random.clone());
    Ok(Core::new(store.clone(), keys(config)?, &config.domain(), clock, random, mail, sms)?)
}
