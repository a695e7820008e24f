//! `gatehouse keys`

use std::sync::Arc;

use clap::Subcommand;

use super::{Failure, open};
use crate::config::Config;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::keys::KeyRing;
use crate::domain::random::Random;
use crate::domain::vault::Vault;
use crate::store::Store;

#[derive(Subcommand)]
pub(super) enum Action {
    /// Show every key: its id, its part, since when, and how many stored secrets depend on it
    List,
    /// Make a new key and use it from now on; tokens of the former one stay good
    Rotate,
    /// Erase a key that is no longer the active one; its tokens are refused from then on
    Retire {
        /// The key's id
        key: String,
        /// Even if stored secrets depend on it, which then become useless
        #[arg(long)]
        force: bool,
    },
}

pub(super) async fn run(config: &Config, action: Action) -> Result<(), Failure> {
    let keys = Arc::new(open::keys(config)?);
    match action {
        Action::List => {
            let store = open::migrated_store(config).await?;
            let moment = |moment: Option<Timestamp>| moment.map_or_else(|| "-".to_owned(), Timestamp::rfc3339);
            println!("{:<16}  {:<9}  {:<20}  {:<20}  SECRETS", "KEY", "STATE", "CREATED", "RETIRED");
            for key in keys.list() {
                let (created, retired) = (moment(key.created_at), moment(key.retired_at));
                let secrets = dependents(&store, &key.id).await?;
                println!("{:<16}  {:<9}  {created:<20}  {retired:<20}  {secrets}", key.id, key.state.to_string());
            }
        }
        Action::Rotate => {
            let former = keys.active();
            println!("{} is the active key; {} still verifies", keys.rotate()?.id(), former.id());
            move_data_key(&open::migrated_store(config).await?, &keys).await?;
            remind();
        }
        Action::Retire { key, force } => {
            let store = open::migrated_store(config).await?;
            move_data_key(&store, &keys).await?;
            keys.retire(&key, dependents(&store, &key).await?, force)?;
            println!("{key} is retired");
            remind();
        }
    }
    Ok(())
}

/// How many stored secrets only this key can check or open.
async fn dependents(store: &Store, key: &str) -> Result<u64, Failure> {
    Ok(store.count_secrets_under(key).await? + store.count_data_keys_under(key).await?)
}

/// Moves the data key under the active master key, where there is one: whatever it encrypts goes with it.
async fn move_data_key(store: &Store, keys: &Arc<KeyRing>) -> Result<(), Failure> {
    Ok(Vault::new(store.clone(), Arc::clone(keys), Clock::system(), Random::system()).settle().await?)
}

/// The keys are in a file that a server reads once.
fn remind() {
    eprintln!("A running server takes this over at SIGHUP, or when it is started again.");
}
