//! `gatehouse migrate`

use clap::Subcommand;

use super::{Failure, open};
use crate::config::Config;

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
    let store = open::store(config).await?;
    let (done, changed) = match direction {
        Direction::Up => ("applied", store.migrate_up().await?),
        Direction::Down { steps } => ("taken back", store.migrate_down(steps).await?),
        Direction::Status => {
            for migration in store.migrations().await? {
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
