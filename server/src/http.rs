//! The transport: from a TCP connection to the dialect that a path belongs to, and back.
//!
//! Architecture invariant: what every reply has (trace id, rate headers, envelope, metrics, a line in the log) is done
//! in [`front`] in one pass, not in a stack of middlewares. Nothing of poem leaves this folder.

pub mod client_ip;
pub mod cors;
pub mod front;
pub mod heads;
pub mod metrics;
pub mod mount;
pub mod ops;
pub mod server;
pub mod stall;
pub mod swagger;
pub mod trace;
