//! The interface of Gatehouse: authored OpenAPI documents, and what `cargo xtask codegen` makes of them.
//!
//! A newcomer reads one document in this folder, then its trait in `generated`, then whoever implements the trait.

mod generated;
pub mod runtime;

pub use generated::*;
