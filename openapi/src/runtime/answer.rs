//! Replies: one serialisation straight into bytes, and what the emitted document says of them.

use std::{borrow::Cow, marker::PhantomData};

use bytes::Bytes;
use poem::{
    IntoResponse, Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::Serialize;

use super::{Context, ErrorCode, Fault, HeaderSet, Refusal, WithHeaders, plain};

/// An envelope with the data of one operation.
pub trait Reply: Serialize + Type + Send {
    /// What a handler returns.
    type Data: Send;
    /// The dialect's codes.
    type Code: ErrorCode;

    /// The envelope around the data.
    fn success(cx: &Context, data: Self::Data) -> Self;
    /// The envelope around a fault.
    fn failure(cx: &Context, fault: &Fault<Self::Code>) -> Self;

    /// The envelope as JSON. Envelopes hold strings, numbers and lists of them, which JSON can always say.
    fn to_bytes(&self) -> Bytes {
        // Nearly every envelope fits, so that the buffer need not grow.
        let mut json = Vec::with_capacity(640);
        serde_json::to_writer(&mut json, self).map(|()| json.into()).unwrap_or_default()
    }
}

/// The data of a reply that counts what it lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The data.
    pub data: T,
    /// How many items there are at all.
    pub total: i64,
    /// How many of them the data holds.
    pub count: i64,
}

/// The data of a reply that says one more thing beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithOption<T, O> {
    /// The data.
    pub data: T,
    /// The other thing.
    pub option: O,
}

/// The replies that a document lists for an operation.
pub trait Operation: Send + Sync + 'static {
    /// The envelope of its outcomes.
    type Reply: Reply<Code = <Self::Failure as Reply>::Code>;
    /// The envelope of every other reply.
    type Failure: Reply;

    /// Every documented reply.
    fn replies() -> Vec<MetaResponse>;

    /// The envelope of a reply that is not HTTP 200, as JSON.
    fn failure(cx: &Context, fault: &Fault<<Self::Failure as Reply>::Code>) -> Bytes {
        Self::Failure::failure(cx, fault).to_bytes()
    }

    /// Tells the registry of the schemas in the replies.
    fn register(registry: &mut Registry) {
        Self::Reply::register(registry);
        Self::Failure::register(registry);
    }
}

/// What the handler of an operation returns.
type DataOf<O> = <<O as Operation>::Reply as Reply>::Data;

/// Why it returns nothing.
type FaultOf<O> = Fault<<<O as Operation>::Reply as Reply>::Code>;

/// What the dialect answers to an operation: an envelope, serialised once.
pub struct Answer<O> {
    status: u16,
    /// None for success.
    code: Option<i32>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    operation: PhantomData<O>,
}

impl<O: Operation> Answer<O> {
    /// The envelope around a handler's outcome.
    pub fn of(cx: &Context, outcome: Result<<O::Reply as Reply>::Data, Fault<<O::Reply as Reply>::Code>>) -> Self {
        match outcome {
            Ok(data) => {
                let body = O::Reply::success(cx, data).to_bytes();
                Self { status: 200, code: None, headers: Vec::new(), body, operation: PhantomData }
            }
            Err(fault) => Self::fault(cx, &fault),
        }
    }

    /// The same for a handler that also sets headers of its result.
    pub fn with_headers<H: HeaderSet>(cx: &Context, outcome: Result<WithHeaders<DataOf<O>, H>, FaultOf<O>>) -> Self {
        match outcome {
            Ok(WithHeaders { body, headers }) => match plain::header_values(headers) {
                Some(headers) => Self { headers, ..Self::of(cx, Ok(body)) },
                // A reply without the header would break the document.
                None => Self::fault(cx, &Fault::refusal(Refusal::Fault)),
            },
            Err(fault) => Self::fault(cx, &fault),
        }
    }

    /// The envelope around a fault.
    pub fn fault(cx: &Context, fault: &Fault<<O::Reply as Reply>::Code>) -> Self {
        let (status, code) = (fault.status(), Some(fault.code().number()));
        Self { status, code, headers: Vec::new(), body: Self::body_of(cx, fault), operation: PhantomData }
    }

    /// The envelope around a fault, as JSON.
    pub fn body_of(cx: &Context, fault: &Fault<<O::Reply as Reply>::Code>) -> Bytes {
        match fault.status() {
            200 => O::Reply::failure(cx, fault).to_bytes(),
            _ => O::failure(cx, fault),
        }
    }
}

impl<O: Operation> IntoResponse for Answer<O> {
    fn into_response(self) -> Response {
        let mut response = json(self.status, self.code, self.body);
        response.headers_mut().extend(self.headers);
        response
    }
}

impl<O: Operation> ApiResponse for Answer<O> {
    fn meta() -> MetaResponses {
        MetaResponses { responses: O::replies() }
    }

    fn register(registry: &mut Registry) {
        O::register(registry);
    }
}

/// The code in a reply's envelope, for logs and metrics; it travels with the response. Without one it is that of success,
/// which most replies are, and which so costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeCode(pub i32);

/// Headers of a reply, those that the transport adds included: room for all of them is made at once.
const HEADERS: usize = 12;

/// A reply of JSON bytes, with its code unless it is that of success.
pub(super) fn json(status: u16, code: Option<i32>, body: Bytes) -> Response {
    let mut response = Response::default();
    response.headers_mut().reserve(HEADERS);
    response.set_status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    if !body.is_empty() {
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    }
    if let Some(code) = code {
        response.set_data(OutcomeCode(code));
    }
    response.set_body(body);
    response
}

/// A header of a reply, as its document describes it.
#[derive(Debug)]
pub struct Header {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub description: &'static str,
    /// Whether it is always there.
    pub required: bool,
    /// Its type.
    pub kind: HeaderKind,
}

/// The type of a header.
#[derive(Debug, Clone, Copy)]
pub enum HeaderKind {
    /// A string.
    Text,
    /// An integer of 32 bits.
    Int32,
    /// An integer of 64 bits.
    Int64,
    /// `true` or `false`.
    Boolean,
}

impl Header {
    fn meta(&self) -> MetaHeader {
        let schema = match self.kind {
            HeaderKind::Text => MetaSchema::new("string"),
            HeaderKind::Int32 => MetaSchema::new_with_format("integer", "int32"),
            HeaderKind::Int64 => MetaSchema::new_with_format("integer", "int64"),
            HeaderKind::Boolean => MetaSchema::new("boolean"),
        };
        MetaHeader {
            name: self.name.to_owned(),
            description: Some(self.description.to_owned()),
            required: self.required,
            deprecated: false,
            schema: MetaSchemaRef::Inline(Box::new(schema)),
        }
    }
}

/// A reply with a JSON body of type `T`, for the emitted document.
pub fn reply<T: Type>(status: u16, description: &'static str, headers: &[&Header]) -> MetaResponse {
    let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
    MetaResponse { content, ..bare_reply(status, description, headers) }
}

/// A reply without a body, for the emitted document.
pub fn bare_reply(status: u16, description: &'static str, headers: &[&Header]) -> MetaResponse {
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content: Vec::new(),
        headers: headers.iter().map(|header| header.meta()).collect(),
    }
}

/// The text of a message, for envelopes that own theirs.
impl<C: ErrorCode> Fault<C> {
    /// The message as an owned text.
    pub fn text(&self, cx: &Context) -> String {
        match self.message(cx.language) {
            Cow::Borrowed(text) => text.to_owned(),
            Cow::Owned(text) => text,
        }
    }

    /// The detail where the context reveals it, else nothing.
    pub fn revealed(&self, cx: &Context) -> String {
        if cx.reveal { self.detail().to_owned() } else { String::new() }
    }
}
