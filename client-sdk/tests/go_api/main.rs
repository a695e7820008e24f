//! The `go_api` session against a server that misbehaves on demand. The real server is tried by the workspace's journeys.

// Clippy takes a module for a test's, and lets it unwrap, only if this says so.
#[cfg(test)]
mod events;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod server;
#[cfg(test)]
mod session;
