//! What can go wrong where the type of a reply depends on its status.

use std::fmt;

/// A reply whose status or body is none of the documented ones.
#[derive(Debug)]
pub struct UnionError(Cause);

#[derive(Debug)]
enum Cause {
    Status(u16),
    Body(serde_json::Error),
}

impl UnionError {
    /// The status is none of the documented ones.
    pub fn status(status: u16) -> Self {
        Self(Cause::Status(status))
    }
}

impl From<serde_json::Error> for UnionError {
    fn from(error: serde_json::Error) -> Self {
        Self(Cause::Body(error))
    }
}

impl fmt::Display for UnionError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Status(status) => write!(out, "the document has no reply of status {status}"),
            Cause::Body(_) => out.write_str("the body is not of the schema of its status"),
        }
    }
}

impl std::error::Error for UnionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Cause::Status(_) => None,
            Cause::Body(error) => Some(error),
        }
    }
}
