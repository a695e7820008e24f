//! What a document says that the generator does not honour.

use std::fmt;

/// A place in a document that neither the server nor the client would honour, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The document's path from the root of the checkout.
    pub file: String,
    /// The JSON pointer of the place, as a fragment: `#/paths/~1ping/get`.
    pub pointer: String,
    /// A sentence.
    pub sentence: String,
}

impl Refusal {
    /// A refusal; `pointer` begins with `#`.
    pub fn new(file: impl Into<String>, pointer: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { file: file.into(), pointer: pointer.into(), sentence: sentence.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.file, self.pointer, self.sentence)
    }
}

/// A key as one step of a JSON pointer (RFC 6901, 3).
pub fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
