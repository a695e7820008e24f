//! The project's own tasks, run as `cargo xtask <task>`: code generation, checks, measurements.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::{Parser, Subcommand};

mod bench;
mod codegen;
mod failure;
mod lint_spec;
mod tidy;

pub use failure::{Context, Failure};

/// The floors of `bench` allocate as the server does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own tasks")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Generates the interface and the client from the documents
    Codegen {
        /// Compares in memory only, and fails with a diff where something differs
        #[arg(long)]
        check: bool,
    },
    /// Checks the rules that our documents keep to, and their examples
    LintSpec,
    /// Checks the rules that a compiler does not know: layers, style, manifests, licences
    Tidy,
    /// Measures the server against two floors with wrk
    Bench(bench::Options),
    /// Is one of the floors that `bench` measures against
    #[command(hide = true)]
    Floor(bench::floor::Options),
    /// Runs every check that a change has to pass (.ci/run)
    Ci,
    /// Runs the server's migrations: `cargo xtask migrate up|down|status`
    Migrate {
        /// Handed on to `gatehouse migrate`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Codegen { check } => codegen::run(check),
        Task::LintSpec => lint_spec::run(),
        Task::Tidy => tidy::run(),
        Task::Bench(options) => bench::run(&options),
        Task::Floor(options) => bench::floor::run(&options),
        Task::Ci => run(Command::new(root().join(".ci/run"))),
        Task::Migrate { arguments } => {
            let mut server = cargo();
            server.args(["run", "--quiet", "--package", "gatehouse-server", "--", "migrate"]).args(arguments);
            run(server)
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root directory. It is compiled in, so a task works from any directory of the checkout that built it.
pub fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// A command for the cargo that started this task.
fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Runs `command` with this terminal, and fails where it fails.
fn run(mut command: Command) -> Result<(), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.stdin(Stdio::null()).status().context(format_args!("cannot run {name}"))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("{name} ended with {status}")))
}
