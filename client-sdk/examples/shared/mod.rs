//! What the examples have in common: where the server is, and how a journey ends.

use std::env;
use std::error::Error;
use std::process::ExitCode;

/// The variable of this name in the environment, or what stands for it.
pub fn setting(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// Prints why a journey ended early, with every cause, and makes it the program's exit code.
pub fn end(outcome: Result<(), impl Error + 'static>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    eprintln!("{error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}
