//! The rate limit as the server last stated it.

use reqwest::header::HeaderMap;

use crate::wire::header;

/// The `X-RateLimit-*` headers of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateState {
    /// How many requests a window admits.
    pub limit: u64,
    /// How many of them are left.
    pub remaining: u64,
    /// When the next window begins, in Unix seconds.
    pub reset: u64,
}

impl RateState {
    /// The state that a reply states, if it states one that can be read.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        Some(Self {
            limit: header::required(headers, "X-RateLimit-Limit").ok()?,
            remaining: header::required(headers, "X-RateLimit-Remaining").ok()?,
            reset: header::required(headers, "X-RateLimit-Reset").ok()?,
        })
    }
}
