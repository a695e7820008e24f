//! The documents against the running server: every reply, every example, every failure.
//!
//! `go_api` and its like hold what only that dialect has. Everything else here is about every document there is.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "in tests a panic is how to say what is wrong")]

mod coverage;
mod examples;
mod go_api;
mod proxy;
mod round_trip;
mod served;

use std::{future::Future, pin::Pin};

use contract_tests::fixture::Fixture;

/// What the tests about every document need to know of a dialect beyond its document.
struct Dialect {
    /// Its name.
    name: &'static str,
    /// A credential with which every operation can be called.
    credential: fn(&Fixture) -> Pin<Box<dyn Future<Output = String> + '_>>,
}

/// Every dialect that is tested.
const DIALECTS: [Dialect; 1] = [go_api::DIALECT];
