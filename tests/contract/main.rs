//! The documents against the running server: every reply, every example, every failure.
//!
//! The folder of a dialect holds what only that dialect has, and `dialects`, which is generated, names them all.
//! Everything else here is about every document there is.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "in tests a panic is how to say what is wrong")]

mod coverage;
mod dialects;
mod examples;
mod proxy;
mod round_trip;
mod served;
mod tokens;

use std::{future::Future, pin::Pin};

use contract_tests::fixture::Fixture;
use serde_json::Value;

/// What the tests about every document need to know of a dialect beyond its document.
struct Dialect {
    /// Its name.
    name: &'static str,
    /// A credential for the security scheme of this name, with which each of its operations can be called, after what kind
    /// of credentials it is: one of a kind is good for every scheme of that kind.
    credential: for<'s> fn(&'s Fixture, &'s str) -> Later<'s, (&'static str, String)>,
    /// Brings a fresh server to where the request examples of an operation, which is given by its id, can succeed.
    prepare: for<'s> fn(&'s Fixture, &'s str) -> Later<'s, Live>,
}

/// What comes of a server after some requests to it.
type Later<'s, T> = Pin<Box<dyn Future<Output = T> + 's>>;

/// What no document can know, such as a token that is good now: values that replace the examples of these parameters and
/// properties of the body.
type Live = Vec<(&'static str, Value)>;

/// The [`Dialect::prepare`] of a dialect whose examples succeed as they are printed.
fn as_printed<'s>(_: &'s Fixture, _: &'s str) -> Later<'s, Live> {
    Box::pin(async { Live::new() })
}
