//! The Gatehouse server: dialects over one identity core. `gatehouse`, the program, is a thin command line over this.

pub mod cli;
pub mod config;
pub mod domain;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
