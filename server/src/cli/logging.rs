//! Log lines: to standard error, so that what a command prints can be piped on.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Starts to log as the settings say. `RUST_LOG` chooses levels by module, as usual; without it the level is `info`, or
/// `debug` for our own modules in debug mode.
pub(super) fn start(config: &Config) {
    let own = if config.debug { "info,gatehouse_server=debug" } else { "info" };
    // The migrations say on their own what they do, even when that is nothing; `serve` says what was done.
    let default = format!("{own},sea_orm_migration=warn");
    let filter = std::env::var("RUST_LOG").ok().filter(|levels| !levels.is_empty()).unwrap_or(default);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::builder().parse_lossy(filter))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    // A second start, in a test, finds the first one's subscriber in place and leaves it.
    let _already_started = match config.log_format() {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}
