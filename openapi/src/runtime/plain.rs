//! Replies of documents without an envelope, and headers that handlers set: every status has a body of its own.

use std::marker::PhantomData;

use bytes::Bytes;
use poem::{
    IntoResponse, Response,
    http::{HeaderName, HeaderValue, StatusCode},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponse, MetaResponses, Registry},
};
use serde::Serialize;

use super::{ErrorCode, Language, Refusal, answer::json};

/// The headers that a handler adds to a reply.
pub trait HeaderSet: Send {
    /// Names and values; what is not there is left out.
    fn pairs(self) -> Vec<(&'static str, String)>;
}

/// A result and the headers of its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithHeaders<T, H> {
    /// The result.
    pub body: T,
    /// The headers.
    pub headers: H,
}

/// A reply before it is bytes on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    status: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Bytes>,
}

impl Parts {
    /// A reply without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    /// A reply of JSON.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        // Generated models hold texts, numbers, lists and each other, which JSON can always say.
        Self { body: serde_json::to_vec(body).map(Bytes::from).ok(), ..Self::empty(status) }
    }

    /// The same with headers; a fault where a value cannot stand in one, because a reply without it would break the document.
    pub fn with_headers(self, headers: impl HeaderSet) -> Self {
        match header_values(headers) {
            Some(headers) => Self { headers, ..self },
            None => Refusal::Fault.into(),
        }
    }
}

impl From<Refusal> for Parts {
    fn from(refusal: Refusal) -> Self {
        Self::empty(HttpCode::status_of(refusal))
    }
}

impl IntoResponse for Parts {
    fn into_response(self) -> Response {
        let code = Some(i32::from(self.status));
        let mut response = match self.body {
            Some(body) => json(self.status, code, body),
            None => bare(self.status),
        };
        response.headers_mut().extend(self.headers);
        response
    }
}

fn bare(status: u16) -> Response {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

/// The headers of a set; `None` where a value cannot stand in a header.
pub(super) fn header_values(headers: impl HeaderSet) -> Option<Vec<(HeaderName, HeaderValue)>> {
    let pairs = headers.pairs().into_iter();
    pairs.map(|(name, value)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))).collect()
}

/// The replies that a document without an envelope lists for an operation.
pub trait PlainOperation: Send + Sync + 'static {
    /// Every documented reply.
    fn replies() -> Vec<MetaResponse>;
    /// Tells the registry of the schemas in them.
    fn register(registry: &mut Registry);
}

/// What such an operation answers.
pub struct PlainAnswer<O> {
    parts: Parts,
    operation: PhantomData<O>,
}

impl<O: PlainOperation> PlainAnswer<O> {
    /// The reply of a handler's outcome.
    pub fn of(outcome: Result<Parts, impl Into<Parts>>) -> Self {
        Self { parts: outcome.unwrap_or_else(Into::into), operation: PhantomData }
    }
}

impl<O: PlainOperation> IntoResponse for PlainAnswer<O> {
    fn into_response(self) -> Response {
        self.parts.into_response()
    }
}

impl<O: PlainOperation> ApiResponse for PlainAnswer<O> {
    fn meta() -> MetaResponses {
        MetaResponses { responses: O::replies() }
    }

    fn register(registry: &mut Registry) {
        O::register(registry);
    }
}

/// The code of a document without an envelope: the HTTP status. What never reached an operation has no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HttpCode(pub u16);

impl HttpCode {
    /// The credential is missing or bad.
    pub const UNAUTHORIZED: Self = Self(401);
    /// The credential is good, for something else.
    pub const FORBIDDEN: Self = Self(403);
}

impl ErrorCode for HttpCode {
    const SUCCESS: Self = Self(200);

    fn number(self) -> i32 {
        i32::from(self.0)
    }

    fn message(self, _language: Language) -> &'static str {
        StatusCode::from_u16(self.0).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
    }

    fn name(self) -> &'static str {
        self.message(Language::English)
    }

    fn of_refusal(refusal: Refusal) -> Self {
        Self(Self::status_of(refusal))
    }

    fn status(self) -> u16 {
        self.0
    }

    fn status_of(refusal: Refusal) -> u16 {
        match refusal {
            Refusal::Malformed | Refusal::Invalid => 400,
            other => other.status(),
        }
    }
}
