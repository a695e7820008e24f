//! `gatehouse apply`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, open};
use crate::config::Config;
use crate::domain::Core;
use crate::domain::realm::{Action, Change, Declared, RealmError};

#[derive(Args)]
pub(super) struct ApplyFlags {
    /// The realm file (YAML)
    file: PathBuf,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Remove what the file does not declare, of the kinds that it has a section for
    #[arg(long)]
    prune: bool,
}

pub(super) async fn run(config: &Config, flags: &ApplyFlags) -> Result<(), Failure> {
    let path = &flags.file;
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let directory = path.parent().unwrap_or_else(|| Path::new(""));
    let declared = Declared::read(&text, directory, flags.prune).map_err(|error| placed(path, error))?;
    if flags.dry_run {
        let core = open::untouched_core(config, &open::untouched_store(config).await?)?;
        let changes = core.realms.compare(&declared).await.map_err(|error| placed(path, error))?;
        print!("{}", told(&changes));
        println!("{}; nothing was changed", counted(&changes));
        return Ok(());
    }
    let store = open::migrated_store(config).await?;
    apply(&open::core(config, &store)?, path, &declared).await
}

async fn apply(core: &Core, path: &Path, declared: &Declared) -> Result<(), Failure> {
    let applied = core.realms.apply(declared).await.map_err(|error| placed(path, error))?;
    print!("{}", told(&applied.changes));
    println!("{}", counted(&applied.changes));
    for generated in &applied.generated {
        println!("{}: {}", generated.of, generated.secret.expose());
    }
    if !applied.generated.is_empty() {
        eprintln!("Keep these secrets: they cannot be shown again.");
    }
    Ok(())
}

/// Each problem as `FILE:LINE:COLUMN: what`, one a line.
fn placed(path: &Path, error: RealmError) -> Failure {
    let RealmError::Wrong(problems) = &error else { return error.into() };
    let path = path.display();
    let lines = problems.iter().map(|problem| match problem.position {
        Some(position) => format!("{path}:{position}: {}", problem.text),
        None => format!("{path}: {}", problem.text),
    });
    lines.collect::<Vec<_>>().join("\n").into()
}

fn told(changes: &[Change]) -> String {
    changes.iter().map(|change| format!("{change}\n")).collect()
}

fn counted(changes: &[Change]) -> String {
    let count = |action| changes.iter().filter(|change| change.action == action).count();
    let (created, changed, removed) = (count(Action::Created), count(Action::Changed), count(Action::Removed));
    format!("{created} created, {changed} changed, {removed} removed")
}
