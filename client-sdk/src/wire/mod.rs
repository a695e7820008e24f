//! What the generated clients stand on: how a request is made ready, sent and sent again.
//!
//! People who only use a session need nothing of this. Who calls a generated client directly gives it a [`Caller`].

mod caller;
pub mod check;
pub mod envelope;
pub mod header;
mod multipart;
mod union;

use std::fmt;

pub use caller::{Caller, Seen};
pub use union::UnionError;

use crate::secret::Secret;

/// What a document says of an operation beside its types.
#[derive(Debug)]
pub struct Operation {
    /// The `operationId`, with a suffix for a further request media type.
    pub id: &'static str,
    /// The generated client's method.
    pub method: &'static str,
    /// `GET`, `POST`, ….
    pub verb: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// Whether sending it twice does no more than sending it once, as RFC 9110 has it of the verb, or the document of the
    /// operation.
    pub idempotent: bool,
    /// Whether the body goes out as `multipart/form-data`.
    pub multipart: bool,
    /// Whether success is a WebSocket.
    pub upgrade: bool,
    /// The credentials of which one is needed; `None` is the alternative that needs none.
    pub security: &'static [Option<&'static Scheme>],
}

impl Operation {
    /// The operation whose client method is `method`.
    pub fn find(operations: &'static [Self], method: &str) -> Option<&'static Self> {
        operations.iter().find(|operation| operation.method == method)
    }
}

/// A security scheme.
#[derive(Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Its name in the document.
    pub name: &'static str,
    /// Where its credential goes.
    pub place: Place,
}

/// Where a credential goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// Into `Authorization`, after the word `Bearer`.
    Bearer,
    /// Into the header of this name, as it is.
    Header(&'static str),
    /// Into the query parameter of this name.
    Query(&'static str),
}

/// A credential of a scheme.
#[derive(Clone)]
pub struct Credential {
    scheme: &'static Scheme,
    secret: Secret,
}

impl Credential {
    /// The credential `secret` of `scheme`.
    pub fn new(scheme: &'static Scheme, secret: impl Into<Secret>) -> Self {
        Self { scheme, secret: secret.into() }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: [redacted]", self.scheme.name)
    }
}
