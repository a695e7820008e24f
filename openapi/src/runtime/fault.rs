//! Why an operation has no result, and why a request never reached one.

use std::{borrow::Cow, fmt};

use poem::{error::ResponseError, http::StatusCode};

use super::Language;

/// The codes of a dialect, as its document lists them in `x-error-codes`.
pub trait ErrorCode: fmt::Debug + Copy + Eq + Send + Sync + 'static {
    /// The code of a result.
    const SUCCESS: Self;

    /// The number in the envelope.
    fn number(self) -> i32;
    /// The message in this language.
    fn message(self, language: Language) -> &'static str;
    /// The name in the document, for logs and metrics.
    fn name(self) -> &'static str;
    /// The code of what never reached an operation.
    fn of_refusal(refusal: Refusal) -> Self;
    /// The HTTP status of a documented outcome.
    fn status(self) -> u16 {
        200
    }
    /// The HTTP status of what never reached an operation.
    fn status_of(refusal: Refusal) -> u16 {
        refusal.status()
    }
}

/// Why an operation has no result: a code, and what else the envelope is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault<C> {
    code: C,
    status: u16,
    message: Option<Cow<'static, str>>,
    detail: Option<Cow<'static, str>>,
}

impl<C: ErrorCode> Fault<C> {
    /// A documented outcome, which is HTTP 200 wherever there is an envelope.
    pub fn new(code: C) -> Self {
        Self { code, status: code.status(), message: None, detail: None }
    }

    /// The fault of a request that never reached its operation, with that refusal's HTTP status.
    pub fn refusal(refusal: Refusal) -> Self {
        Self { status: C::status_of(refusal), ..Self::new(C::of_refusal(refusal)) }
    }

    /// The same with an HTTP status other than 200; the document must list it for the operation.
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with a text of its own instead of the code's message.
    pub fn with_message(self, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    /// The same with a reason that only debug mode shows. It must hold no secret.
    pub fn with_detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The code.
    pub fn code(&self) -> C {
        self.code
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What the envelope says in this language.
    pub fn message(&self, language: Language) -> Cow<'static, str> {
        self.message.clone().unwrap_or(Cow::Borrowed(self.code.message(language)))
    }

    /// The reason that debug mode shows; empty where there is none.
    pub fn detail(&self) -> &str {
        self.detail.as_deref().unwrap_or_default()
    }
}

impl<C: ErrorCode> fmt::Display for Fault<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code.name(), self.code.number())
    }
}

impl<C: ErrorCode> std::error::Error for Fault<C> {}

impl<C: ErrorCode> ResponseError for Fault<C> {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Why a request never reached its operation. Each kind has one code in a dialect's `x-error-codes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The body is not of its media type at all: bad JSON.
    Malformed,
    /// The body or a parameter does not match its schema, or is not UTF-8.
    Invalid,
    /// The request is no WebSocket handshake.
    BadHandshake,
    /// Nothing is at this path.
    NotFound,
    /// Something is at this path, for other methods.
    MethodNotAllowed,
    /// The body is larger than the server reads.
    TooLarge,
    /// The operation does not read this media type.
    UnsupportedMediaType,
    /// The limit of requests is reached.
    TooManyRequests,
    /// The server is overloaded, or the request took too long.
    Busy,
    /// The server failed.
    Fault,
}

impl Refusal {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Malformed,
        Self::Invalid,
        Self::BadHandshake,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::TooManyRequests,
        Self::Busy,
        Self::Fault,
    ];

    /// The HTTP status: 200 for what is a documented outcome of the operation, else the real one.
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::Invalid => 200,
            Self::BadHandshake => 400,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::TooManyRequests => 429,
            Self::Fault => 500,
            Self::Busy => 503,
        }
    }
}

/// A refusal on its way from an extractor to the envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// A reason that only debug mode shows: names of schemas and fields, never a value.
    pub detail: Cow<'static, str>,
}

impl Refused {
    /// A refusal with its reason.
    pub fn new(refusal: Refusal, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { refusal, detail: detail.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Refused {}

impl ResponseError for Refused {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
