//! The Gatehouse server: dialects over one identity core. `gatehouse`, the program, is a thin command line over this.

pub mod app;
pub mod cli;
pub mod config;
pub mod dialect;
pub mod domain;
pub mod http;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
