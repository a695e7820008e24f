//! What generated interfaces are made of: the request's context, faults, payloads, credentials, sockets.
//!
//! Architecture invariant: handlers see nothing of poem. It is known to this folder, to the generated routes and to the
//! server's transport, so that a faster transport would leave every dialect as it is.

mod answer;
pub mod check;
mod context;
mod dialect;
mod fault;
pub mod param;
mod payload;
mod plain;
mod routes;
mod security;
mod socket;
mod strict;
mod types;

pub use answer::{Answer, Header, HeaderKind, Listed, Operation, OutcomeCode, Reply, WithOption, bare_reply, reply};
pub use check::Checked;
pub use context::{Context, Language, TraceId};
pub use dialect::{Dialect, Document, OperationFacts, RateLimit};
pub use fault::{ErrorCode, Fault, Refusal, Refused};
pub use payload::{DRAIN, FieldKind, FormFields, JsonBody, MultipartForm, UrlForm};
pub use plain::{HeaderSet, HttpCode, Parts, PlainAnswer, PlainOperation, WithHeaders};
pub use routes::{Matched, RouteTable, Routed, no_parameter};
pub use security::{Scheme, SchemeKind, handler};
pub use socket::{OnSocket, Socket, SocketAnswer, SocketError, SocketFrame, SocketUpgrade};
pub use strict::{not_null, present, truth};
pub use types::{MaybeNull, Null, empty_object};

pub use crate::empty_object;
