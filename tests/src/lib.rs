//! What the tests of the contract share: a server of their own, a client that shows what is on the wire, and a judge that
//! holds every reply against the document.
//!
//! Every reply that any test sees is judged: those of [`wire`] at once, those to foreign clients in the [`proxy`] behind
//! [`fixture::Fixture::base_url`]. A new dialect changes nothing here.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "test support: a panic is how a test says what is wrong")]

pub mod asyncapi;
pub mod fixture;
pub mod judge;
pub mod logs;
pub mod meaning;
pub mod optional;
pub mod provider;
pub mod proxy;
pub mod realm;
pub mod smtp;
pub mod snapshot;
pub mod socket;
pub mod spec;
pub mod wechat;
pub mod wire;

use std::{future::Future, time::Duration};

/// Awaits what must come, and fails rather than hangs where it does not. Nothing depends on how long it takes.
pub async fn must<T>(what: &str, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(60), event).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not come"),
    }
}
