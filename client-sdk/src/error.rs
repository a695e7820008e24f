//! The one error type of all sessions.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use progenitor_client::{Error as Raw, ResponseValue};
use reqwest::StatusCode;
use serde::Serialize;

use crate::line::Dialect;
use crate::rate::RateState;
use crate::reply::Reply;
use crate::retry;
use crate::wire::Seen;
use crate::wire::envelope::Envelope;

/// Why an operation failed. `C` is the dialect's enum of error codes.
///
/// Neither [`Display`](fmt::Display) nor [`Debug`] ever holds a secret, a token, a URL with a token, or a piece of a
/// body. `Display` says its own part only; [`source`](std::error::Error::source) has the rest.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error<C> {
    /// The server refused, in the words of the document.
    Api {
        /// The code of the envelope.
        code: C,
        /// The message of the envelope, in the language that was asked for.
        message: String,
        /// The trace id, by which the server's log has more.
        trace_id: Option<String>,
        /// The rate limit after this request.
        rate: Option<RateState>,
        /// The HTTP status.
        status: u16,
        /// After how long the server will listen again.
        retry_after: Option<Duration>,
    },
    /// There was no reply: no connection, a broken one, or a timeout.
    Transport(Arc<reqwest::Error>),
    /// The reply is not what the document says; `what` tells where, and nothing of the content.
    Decode {
        /// What is wrong with it.
        what: String,
        /// The HTTP status, if a reply of HTTP it was.
        status: Option<u16>,
        /// The trace id of the reply.
        trace_id: Option<String>,
    },
    /// A reply that the document does not have; mostly that of a proxy in between.
    Unexpected {
        /// The HTTP status.
        status: u16,
        /// The trace id of the reply.
        trace_id: Option<String>,
        /// After how long the sender will listen again.
        retry_after: Option<Duration>,
    },
    /// The request breaks a rule of the document, and was not sent. The text names the field and the rule.
    Invalid(String),
    /// The session cannot be made from these settings.
    Config(String),
    /// The session was logged out, and has no password to log in again with.
    LoggedOut,
    /// The WebSocket was closed for a reason that reconnecting does not mend, or that the reader has to know of.
    Closed {
        /// The close code.
        code: u16,
        /// What the server said to it.
        reason: String,
    },
    /// The WebSocket failed, or the server spoke something else.
    Socket(Arc<tokio_tungstenite::tungstenite::Error>),
}

impl<C: Copy> Error<C> {
    /// The code of the envelope, if the server refused.
    pub fn code(&self) -> Option<C> {
        match self {
            Self::Api { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// The trace id of the reply, if there was one.
    pub fn trace_id(&self) -> Option<&str> {
        match self {
            Self::Api { trace_id, .. } | Self::Decode { trace_id, .. } | Self::Unexpected { trace_id, .. } => {
                trace_id.as_deref()
            }
            _ => None,
        }
    }

    /// The rate limit after the request, if the reply stated it.
    pub fn rate(&self) -> Option<RateState> {
        match self {
            Self::Api { rate, .. } => *rate,
            _ => None,
        }
    }

    /// After how long the server will listen again, if it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api { retry_after, .. } | Self::Unexpected { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The HTTP status of the reply, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api { status, .. } | Self::Unexpected { status, .. } => Some(*status),
            Self::Decode { status, .. } => *status,
            _ => None,
        }
    }

    /// Whether the same call may succeed later. It says nothing about whether it is safe to repeat: a request that
    /// creates something may have done so before its connection broke.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport(error) => !error.is_builder() && !error.is_redirect(),
            Self::Socket(_) => true,
            Self::Closed { code, .. } => matches!(code, 1001 | 1006 | 1011..=1013 | 4408),
            _ => self.status().and_then(|status| StatusCode::from_u16(status).ok()).is_some_and(retry::is_passing),
        }
    }
}

impl<C: fmt::Display> fmt::Display for Error<C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api { code, message, trace_id, .. } => {
                write!(out, "the server refused with code {code}: {message}")?;
                trace(out, trace_id.as_deref())
            }
            Self::Transport(error) if error.is_timeout() => out.write_str("the server did not answer in time"),
            Self::Transport(error) if error.is_connect() => out.write_str("the server cannot be reached"),
            Self::Transport(_) => out.write_str("the connection to the server failed"),
            Self::Decode { what, trace_id, .. } => {
                write!(out, "the reply is not what the document says: {what}")?;
                trace(out, trace_id.as_deref())
            }
            Self::Unexpected { status, trace_id, .. } => {
                write!(out, "the document has no reply of status {status}")?;
                trace(out, trace_id.as_deref())
            }
            Self::Invalid(rule) => write!(out, "the request was not sent: {rule}"),
            Self::Config(what) => write!(out, "the session cannot be made: {what}"),
            Self::LoggedOut => out.write_str("the session was logged out, and has no password to log in again with"),
            Self::Closed { code, reason } if reason.is_empty() => write!(out, "the socket was closed with {code}"),
            Self::Closed { code, reason } => write!(out, "the socket was closed with {code}: {reason}"),
            Self::Socket(_) => out.write_str("the socket failed"),
        }
    }
}

fn trace(out: &mut fmt::Formatter<'_>, id: Option<&str>) -> fmt::Result {
    id.map_or(Ok(()), |id| write!(out, " (trace {id})"))
}

impl<C: fmt::Debug + fmt::Display> std::error::Error for Error<C> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            Self::Socket(error) => Some(error),
            _ => None,
        }
    }
}

/// Turns what a generated method returned into what a session returns.
pub(crate) fn settle<D: Dialect, T: Envelope, E: Serialize>(
    outcome: Result<ResponseValue<T>, Raw<E>>,
    seen: &Seen,
) -> Result<Reply<T::Data>, Error<D::Code>> {
    let reply = outcome.map_err(|raw| failure::<D, E>(raw, seen))?.into_inner().open();
    if reply.code != D::SUCCESS {
        return Err(refusal(reply.code, reply.message, reply.trace_id, seen));
    }
    let trace_id = reply.trace_id.or_else(|| seen.trace_id.clone());
    let Some(data) = reply.data else {
        return Err(Error::Decode { what: "a success without its data".to_owned(), status: seen.status, trace_id });
    };
    Ok(Reply::new(data, trace_id, seen.rate))
}

/// The error that a generated method's error is.
pub(crate) fn failure<D: Dialect, E: Serialize>(raw: Raw<E>, seen: &Seen) -> Error<D::Code> {
    let trace_id = seen.trace_id.clone();
    match raw {
        // Where the body depends on the status, the generated client leaves it as JSON; here all take that way, since
        // all have the dialect's envelope.
        Raw::ErrorResponse(reply) => {
            match serde_json::to_value(reply.into_inner()).and_then(serde_json::from_value::<D::Failure>) {
                Ok(reply) => {
                    let reply = reply.open();
                    refusal(reply.code, reply.message, reply.trace_id, seen)
                }
                Err(_) => unexpected(seen),
            }
        }
        Raw::CommunicationError(error) | Raw::InvalidUpgrade(error) | Raw::ResponseBodyError(error) => {
            Error::Transport(Arc::new(error.without_url()))
        }
        // A status that promises an envelope, and the page of a proxy: the status is what counts.
        Raw::InvalidResponsePayload(..) if seen.is_failure() => unexpected(seen),
        // serde quotes what it did not expect, and that may be a secret; its place is enough.
        Raw::InvalidResponsePayload(_, error) => {
            let what = format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column());
            Error::Decode { what, status: seen.status, trace_id }
        }
        Raw::UnexpectedResponse(_) => unexpected(seen),
        Raw::InvalidRequest(rule) | Raw::Custom(rule) => Error::Invalid(rule),
    }
}

fn unexpected<C>(seen: &Seen) -> Error<C> {
    Error::Unexpected {
        status: seen.status.unwrap_or_default(),
        trace_id: seen.trace_id.clone(),
        retry_after: seen.retry_after,
    }
}

fn refusal<C>(code: i64, message: Option<String>, trace_id: Option<String>, seen: &Seen) -> Error<C>
where
    C: for<'a> From<(i32, &'a str)>,
{
    let Ok(code) = i32::try_from(code) else {
        let what = "a code of more than 32 bits".to_owned();
        return Error::Decode { what, status: seen.status, trace_id: seen.trace_id.clone() };
    };
    let message = message.unwrap_or_default();
    Error::Api {
        code: (code, message.as_str()).into(),
        message,
        trace_id: trace_id.or_else(|| seen.trace_id.clone()),
        rate: seen.rate,
        status: seen.status.unwrap_or_default(),
        retry_after: seen.retry_after,
    }
}
