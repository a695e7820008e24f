//! `gatehouse migrate`

use clap::Subcommand;

use super::{Failure, open};
use crate::config::Config;
use crate::store::Store;

#[derive(Subcommand)]
pub(super) enum Direction {
    /// Apply what is pending
    Up,
    /// Take migrations back, with the data that they hold
    Down {
        /// So many, from the last one on
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// Show every migration and whether it is applied
    Status,
}

pub(super) async fn run(config: &Config, direction: Direction) -> Result<(), Failure> {
    let (done, changed) = match direction {
        Direction::Up => ("applied", open::store(config).await?.migrate_up().await?),
        Direction::Down { steps } => ("taken back", open::existing_store(config).await?.migrate_down(steps).await?),
        Direction::Status => {
            let migrations = match open::found_store(config).await? {
                Some(store) => store.migrations().await?,
                None => Store::migrations_of_none(),
            };
            for migration in migrations {
                println!("{:<10}  {}", if migration.applied { "applied" } else { "pending" }, migration.name);
            }
            return Ok(());
        }
    };
    for name in &changed {
        println!("{done:<10}  {name}");
    }
    if changed.is_empty() {
        println!("nothing to do");
    }
    Ok(())
}
