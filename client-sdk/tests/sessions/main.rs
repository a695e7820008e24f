//! The sessions against a server that misbehaves on demand. The real server is tried by the workspace's journeys.

// Clippy takes a module for a test's, and lets it unwrap, only if this says so.
#[cfg(test)]
mod coeus_gateway;
#[cfg(test)]
mod edge_gateway;
#[cfg(test)]
mod go_api;
#[cfg(test)]
mod insight_auth;
#[cfg(test)]
mod server;
