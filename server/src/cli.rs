//! The command line: what `gatehouse` understands; one file a command.

mod apply;
mod bootstrap;
mod demo;
mod healthcheck;
mod keys;
mod logging;
mod migrate;
mod open;
mod openapi;
mod serve;

use std::error::Error;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, ConfigError, Sources};

/// The demo realm, which `serve --demo` loads: a realm file.
pub use demo::REALM as DEMO_REALM;

/// Why a command failed; printed with its causes, in one line.
type Failure = Box<dyn Error + Send + Sync>;

/// Several documented APIs over one identity core.
#[derive(Parser)]
#[command(name = "gatehouse", version)]
struct Cli {
    #[command(flatten)]
    settings: SettingFlags,
    #[command(subcommand)]
    command: Command,
}

/// Flags that win over the settings file and the environment; every command knows them.
#[derive(Args)]
struct SettingFlags {
    /// The settings file (TOML)
    #[arg(long, value_name = "FILE", global = true, env = "GATEHOUSE_CONFIG")]
    config: Option<PathBuf>,
    /// Directory of the embedded database and the keys
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<String>,
    /// postgres://…, mysql://… or sqlite:PATH, in place of the embedded database
    #[arg(long, value_name = "URL", global = true)]
    database_url: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM or SIGINT; SIGHUP reads the keys again
    Serve(ServeFlags),
    /// Make the first administrator and the first application; their secrets are shown this once
    Bootstrap {
        /// The application's name
        #[arg(long, default_value = "First application")]
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make tenants, applications, users, roles, menus and configs what a realm file declares, all of it or nothing
    Apply(apply::ApplyFlags),
    /// Change the database schema, or show where it stands
    Migrate {
        #[command(subcommand)]
        direction: migrate::Direction,
    },
    /// Show or change the keys under which tokens are signed and secrets hashed
    Keys {
        #[command(subcommand)]
        action: keys::Action,
    },
    /// Print the authored documents
    Openapi {
        /// One of them, such as `go_api`; without it their names are listed
        dialect: Option<String>,
        /// In this format
        #[arg(long, value_enum, default_value = "yaml")]
        format: openapi::Format,
    },
    /// Ask the server that runs with these settings whether it is alive
    Healthcheck,
}

#[derive(Args)]
struct ServeFlags {
    /// Serve demo data, on loopback only
    #[arg(long)]
    demo: bool,
    /// Listen here; may be given several times
    #[arg(long, value_name = "ADDR")]
    listen: Vec<SocketAddr>,
    /// Redis, for several instances (not supported by this version)
    #[arg(long, value_name = "URL")]
    redis_url: Option<String>,
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("gatehouse: {}", chain(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    if let Command::Openapi { dialect, format } = &cli.command {
        return openapi::run(dialect.as_deref(), *format);
    }
    let config = cli.load()?;
    logging::start(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(flags) => serve::run(config, flags.demo).await,
            Command::Bootstrap { name, json } => bootstrap::run(&config, name, json).await,
            Command::Apply(flags) => apply::run(&config, &flags).await,
            Command::Migrate { direction } => migrate::run(&config, direction).await,
            Command::Keys { action } => keys::run(&config, action).await,
            Command::Healthcheck => healthcheck::run(&config).await,
            Command::Openapi { dialect, format } => openapi::run(dialect.as_deref(), format),
        }
    })
}

impl Cli {
    fn load(&self) -> Result<Config, ConfigError> {
        let mut flags = Vec::new();
        let mut set = |key, value: Option<String>| flags.extend(value.map(|value| (key, value)));
        set("data_dir", self.settings.data_dir.clone());
        set("database_url", self.settings.database_url.clone());
        if let Command::Serve(serve) = &self.command {
            set("redis_url", serve.redis_url.clone());
            let listen: Vec<_> = serve.listen.iter().map(ToString::to_string).collect();
            set("listen", (!listen.is_empty()).then(|| listen.join(",")));
        }
        Config::load(&Sources { file: self.settings.config.clone(), flags, ..Sources::from_process() })
    }
}

/// An error and its causes, outermost first.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Some errors repeat their cause in their own text.
        let own = error.to_string();
        if !text.ends_with(&own) {
            let _infallible = write!(text, ": {own}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_become_settings() {
        let cli = Cli::parse_from([
            "gatehouse",
            "serve",
            "--demo",
            "--listen",
            "127.0.0.1:1",
            "--listen",
            "[::1]:2",
            "--data-dir",
            "/d",
        ]);
        let config = cli.load().unwrap();
        assert_eq!(config.listen, ["127.0.0.1:1".parse().unwrap(), "[::1]:2".parse().unwrap()]);
        assert_eq!(config.data_dir, PathBuf::from("/d"));
        assert!(matches!(cli.command, Command::Serve(ServeFlags { demo: true, .. })));
    }

    #[test]
    fn redis_is_refused_on_the_command_line_too() {
        let cli = Cli::parse_from(["gatehouse", "serve", "--redis-url", "redis://127.0.0.1"]);
        assert!(cli.load().unwrap_err().to_string().contains("`redis_url`"));
    }

    #[test]
    fn a_failure_is_printed_with_its_causes_once() {
        let inner = std::io::Error::other("disk full");
        let outer = ConfigError::File(PathBuf::from("x.toml"), inner);
        assert_eq!(chain(&outer), "cannot read the settings in x.toml: disk full");
    }
}
