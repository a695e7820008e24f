//! What the transport knows of a dialect: facts from its document, and its envelope.

use bytes::Bytes;
use poem::{Request, RequestBody};
use poem_openapi::OpenApi;

use super::{Context, ErrorCode, Fault, Routed};

/// A documented API as the transport sees it. The generator implements it for the routes of every document.
pub trait Dialect: OpenApi + Clone + Send + Sync + 'static {
    /// The codes of its envelope.
    type Code: ErrorCode;
    /// What implements its operations.
    type Handler: Send + Sync + 'static;

    /// Its document and what stands in it.
    const DOCUMENT: &'static Document;

    /// The handler that its routes call.
    fn handler(&self) -> &std::sync::Arc<Self::Handler>;

    /// The envelope around a fault, as JSON.
    fn failure(cx: &Context, fault: &Fault<Self::Code>) -> Bytes;

    /// The same for a request that was meant for an operation, whose envelope may be one of its own.
    fn failure_of(operation: &str, cx: &Context, fault: &Fault<Self::Code>) -> Bytes {
        let _ = operation;
        Self::failure(cx, fault)
    }

    /// Calls the operation at this place in the document, if it takes no parameters: as its route does, by the same
    /// extractors and the same method, but past poem's endpoints, which copy a request more than once.
    fn direct<'a>(
        &'a self,
        operation: usize,
        cx: &'a Context,
        request: &'a Request,
        body: &'a mut RequestBody,
    ) -> Option<Routed<'a>> {
        let _ = (operation, cx, request, body);
        None
    }
}

/// One authored document.
#[derive(Debug)]
pub struct Document {
    /// The dialect's name, such as `go_api`.
    pub dialect: &'static str,
    /// The document as it was written.
    pub yaml: &'static str,
    /// The same as JSON.
    pub json: &'static str,
    /// The AsyncAPI document beside it, where the dialect has a WebSocket.
    pub asyncapi: Option<&'static str>,
    /// The port that clients of the documented system expect.
    pub port: u16,
    /// What every path of the dialect begins with: whole segments, such as `/go-api`.
    pub prefixes: &'static [&'static str],
    /// Other names of a prefix: (name, what it stands for).
    pub aliases: &'static [(&'static str, &'static str)],
    /// The language of messages where the request asks for none of ours.
    pub language: super::Language,
    /// A header that asks for a language before `Accept-Language` does.
    pub language_header: Option<&'static str>,
    /// The limit that counts requests which reach no operation.
    pub rate_limit: Option<RateLimit>,
    /// Every operation.
    pub operations: &'static [OperationFacts],
}

/// What a document says of an operation, for limits, logs, metrics and tests.
#[derive(Debug, PartialEq)]
pub struct OperationFacts {
    /// The operationId.
    pub id: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// The method in capitals.
    pub method: &'static str,
    /// The path with its `{parameters}`.
    pub path: &'static str,
    /// The names of the security schemes, one of which must be satisfied; empty where none is needed.
    pub security: &'static [&'static str],
    /// Whether called twice it does no more than called once.
    pub idempotent: bool,
    /// The limit that counts its requests.
    pub rate_limit: Option<RateLimit>,
    /// The right that its caller needs.
    pub auth_code: Option<&'static str>,
}

/// A documented limit of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// What is counted: `client-ip` or `device`.
    pub scope: &'static str,
    /// The least time between two requests, in seconds.
    pub gap: u32,
    /// The length of the window, in seconds.
    pub cycle: u32,
    /// How many requests a window admits, unless the setting says otherwise.
    pub max: u32,
    /// The setting that overrides `max`.
    pub setting: Option<&'static str>,
}

impl Document {
    /// The operation that a request is meant for.
    pub fn operation(&self, method: &str, path: &str) -> Option<&'static OperationFacts> {
        self.position(method, path).map(|at| &self.operations[at])
    }

    /// Its place among the operations.
    pub fn position(&self, method: &str, path: &str) -> Option<usize> {
        self.operations.iter().position(|facts| facts.takes(method) && facts.is_at(path))
    }

    /// Whether a path belongs to the dialect.
    pub fn owns(&self, path: &str) -> bool {
        self.prefixes
            .iter()
            .any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}

impl OperationFacts {
    /// Whether the operation answers a method: its own, and HEAD besides GET, unless a call does more than to tell.
    pub fn takes(&self, method: &str) -> bool {
        self.method == method || method == "HEAD" && self.method == "GET" && self.idempotent
    }

    /// Whether a path is one of the operation's, segment by segment; a parameter is never empty.
    pub fn is_at(&self, path: &str) -> bool {
        if !self.path.contains('{') {
            return self.path == path;
        }
        let (mut template, mut path) = (self.path.split('/'), path.split('/'));
        loop {
            match (template.next(), path.next()) {
                (None, None) => return true,
                (Some(expected), Some(found))
                    if expected == found || (expected.starts_with('{') && !found.is_empty()) => {}
                _ => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OperationFacts;

    fn facts(method: &'static str, path: &'static str, idempotent: bool) -> OperationFacts {
        OperationFacts {
            id: "x",
            summary: "X",
            method,
            path,
            security: &[],
            idempotent,
            rate_limit: None,
            auth_code: None,
        }
    }

    #[test]
    fn head_is_answered_where_get_only_tells() {
        assert!(facts("GET", "/a", true).takes("HEAD"));
        assert!(!facts("GET", "/a", false).takes("HEAD"));
        assert!(!facts("POST", "/a", true).takes("HEAD"));
        assert!(facts("GET", "/a", false).takes("GET"));
    }

    #[test]
    fn templates_match_segment_by_segment() {
        let at = |path| facts("GET", path, true);
        assert!(at("/a/b").is_at("/a/b"));
        assert!(at("/a/{id}/c").is_at("/a/7/c"));
        assert!(!at("/a/{id}").is_at("/a/"));
        assert!(!at("/a/{id}").is_at("/a/7/c"));
        assert!(!at("/a/b").is_at("/a/b/"));
    }
}
