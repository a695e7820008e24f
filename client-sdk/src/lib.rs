//! Clients of Gatehouse, one module for each of the APIs that it speaks: [`go_api`], [`edge_gateway`],
//! [`coeus_gateway`] and [`insight_auth`].
//!
//! Each module has a session that is made from credentials and does the rest by itself:
//!
//! - **Logging in.** The first operation logs in, and so does the first after the token's time is over or the server
//!   has stopped taking it; where there are refresh tokens, one is exchanged instead. However many tasks share a
//!   session, one of them does it.
//! - **Errors.** There is one [`Error`] type. It has the code of the document as an enum
//!   ([`Error::code`]), the trace id under which the server's log has more ([`Error::trace_id`]), and the rate limit
//!   ([`Error::rate`]); [`Error::is_retryable`] tells whether the same call may succeed later.
//! - **Repeating.** What may be repeated without harm is, by a [`RetryPolicy`]; what may not be is not.
//! - **Rate limits.** A [`Reply`] has the [`RateState`] that came with it.
//! - **Secrets** are [`Secret`]s, which do not print. No error and no `Debug` has one in it.
//!
//! The clients need a tokio runtime. They send with their own `reqwest::Client` unless they are given one.
//!
//! Below each session is a generated client, `raw`, with one method for each operation of the document. It stands on
//! [`wire`], and is for those who want to do without the session.

// The generated clients call their support by this crate's name, so that they are the same text wherever they stand.
extern crate self as gatehouse_client;

mod access;
mod builder;
pub mod coeus_gateway;
mod digest;
pub mod edge_gateway;
mod error;
mod generated;
pub mod go_api;
pub mod insight_auth;
mod line;
mod paging;
mod rate;
mod renewal;
mod reply;
mod retry;
mod secret;
pub mod wire;

pub use builder::Builder;
pub use error::Error;
pub use rate::RateState;
pub use reply::Reply;
pub use retry::RetryPolicy;
pub use secret::Secret;
