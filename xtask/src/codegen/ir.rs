//! The typed form of a document: what it says, all of which the server and the client honour.

/// A document.
#[derive(Debug)]
pub struct Document {
    /// Its path from the root of the checkout.
    pub file: String,
    /// What `x-dialect` says.
    pub dialect: Dialect,
    /// What wraps the data of replies; `None` where every status has a schema of its own.
    pub envelope: Option<Envelope>,
    /// What `x-error-codes` lists; the first is success.
    pub codes: Vec<Code>,
    /// The limit of every operation that has none of its own.
    pub rate_limit: Option<RateLimit>,
    /// How operations are grouped.
    pub tags: Vec<Tag>,
    /// The operations in the document's order.
    pub operations: Vec<Operation>,
    /// Named headers of replies.
    pub headers: Vec<Header>,
    /// Named replies.
    pub replies: Vec<Named<Reply>>,
    /// The security schemes.
    pub schemes: Vec<Scheme>,
    /// The schemas in the document's order.
    pub schemas: Vec<Schema>,
}

impl Document {
    /// The schema of this name.
    pub fn schema(&self, name: &str) -> Option<&Schema> {
        self.schemas.iter().find(|schema| schema.name == name)
    }

    /// The reply behind a listed one.
    pub fn reply<'d>(&'d self, listed: &'d Listed) -> Option<&'d Reply> {
        match listed {
            Listed::Inline(reply) => Some(reply),
            Listed::Named(name) => self.replies.iter().find(|reply| reply.name == *name).map(|reply| &reply.value),
        }
    }

    /// The header behind a used one.
    pub fn header<'d>(&'d self, used: &'d UsedHeader) -> Option<&'d Header> {
        match used {
            UsedHeader::Inline(header) => Some(header),
            UsedHeader::Named(name) => self.headers.iter().find(|header| header.name == *name),
        }
    }

    /// The limit that counts an operation's requests.
    pub fn limit_of<'d>(&'d self, operation: &'d Operation) -> Option<&'d RateLimit> {
        match &operation.rate_limit {
            Limited::AsDocument => self.rate_limit.as_ref(),
            Limited::Not => None,
            Limited::Own(limit) => Some(limit),
        }
    }
}

/// Something with a name in the document.
#[derive(Debug)]
pub struct Named<T> {
    /// The name.
    pub name: String,
    /// The thing.
    pub value: T,
}

/// What `x-dialect` says.
#[derive(Debug, Default)]
pub struct Dialect {
    /// The dialect's name, which is a module's.
    pub name: String,
    /// The port that clients of the documented system expect.
    pub port: u16,
    /// What every path begins with.
    pub prefixes: Vec<String>,
    /// Other names of a prefix.
    pub aliases: Vec<(String, String)>,
    /// The languages of messages, `en` and `zh` in their order.
    pub languages: Vec<String>,
    /// A header that asks for a language.
    pub language_header: Option<String>,
}

/// What wraps the data of replies.
#[derive(Debug)]
pub struct Envelope {
    /// The schema of what never reached an operation.
    pub schema: String,
    /// What each property says, by its dotted path.
    pub roles: Vec<(String, Role)>,
}

/// What a property of the envelope says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Code,
    Message,
    Success,
    TimeMillis,
    TraceId,
    Detail,
    Data,
    Total,
    Count,
    Option,
}

impl Role {
    /// Every role by its name in `x-envelope`.
    pub const ALL: [(&'static str, Self); 10] = [
        ("code", Self::Code),
        ("message", Self::Message),
        ("success", Self::Success),
        ("time-ms", Self::TimeMillis),
        ("trace-id", Self::TraceId),
        ("detail", Self::Detail),
        ("data", Self::Data),
        ("total", Self::Total),
        ("count", Self::Count),
        ("option", Self::Option),
    ];
}

/// A code of `x-error-codes`.
#[derive(Debug)]
pub struct Code {
    /// The number in the envelope.
    pub number: i32,
    /// The variant's name.
    pub name: String,
    /// The English message.
    pub en: String,
    /// The Chinese message.
    pub zh: String,
    /// The refusals that it stands for, as variants of the runtime's `Refusal`.
    pub refusals: Vec<&'static str>,
}

/// Every refusal by its name in `x-error-codes`, and its variant in the runtime.
pub const REFUSALS: [(&str, &str); 10] = [
    ("malformed", "Malformed"),
    ("invalid", "Invalid"),
    ("bad-handshake", "BadHandshake"),
    ("not-found", "NotFound"),
    ("method-not-allowed", "MethodNotAllowed"),
    ("too-large", "TooLarge"),
    ("unsupported-media-type", "UnsupportedMediaType"),
    ("too-many-requests", "TooManyRequests"),
    ("busy", "Busy"),
    ("fault", "Fault"),
];

/// A limit of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// `client-ip` or `device`.
    pub scope: String,
    /// The least time between two requests, in seconds.
    pub gap: u32,
    /// The length of the window, in seconds.
    pub cycle: u32,
    /// How many requests a window admits.
    pub max: u32,
    /// The setting that overrides `max`.
    pub setting: Option<String>,
}

/// Which limit counts an operation's requests.
#[derive(Debug)]
pub enum Limited {
    /// The document's.
    AsDocument,
    /// None.
    Not,
    /// Its own.
    Own(RateLimit),
}

/// A group of operations.
#[derive(Debug)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// What it groups.
    pub description: Option<String>,
}

/// A security scheme.
#[derive(Debug)]
pub struct Scheme {
    /// Its name.
    pub name: String,
    /// What the document says of it.
    pub description: String,
    /// Where the credential stands.
    pub kind: SchemeKind,
}

/// Where a credential stands.
#[derive(Debug)]
pub enum SchemeKind {
    /// `Authorization: Bearer`.
    Bearer { format: Option<String>, bare: bool },
    /// A header.
    Header(String),
    /// A query parameter.
    Query(String),
}

/// An operation.
#[derive(Debug)]
pub struct Operation {
    /// The operationId.
    pub id: String,
    /// The method in lower case.
    pub method: String,
    /// The path with its `{parameters}`.
    pub path: String,
    /// Its tag.
    pub tag: Option<String>,
    /// One line on it.
    pub summary: String,
    /// More on it.
    pub description: Option<String>,
    /// Whether clients should stop using it.
    pub deprecated: bool,
    /// The schemes, one of which must be satisfied.
    pub security: Vec<String>,
    /// Whether a request without any credential is served, too.
    pub anonymous: bool,
    /// Its parameters, those of the path first and in its order.
    pub parameters: Vec<Parameter>,
    /// Its body.
    pub body: Option<Body>,
    /// Its replies by status.
    pub replies: Vec<(u16, Listed)>,
    /// The AsyncAPI document of its WebSocket.
    pub websocket: Option<String>,
    /// Its limit.
    pub rate_limit: Limited,
    /// The right that its caller needs.
    pub auth_code: Option<String>,
    /// Whether called twice it does no more than called once.
    pub idempotent: bool,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
    Header,
}

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its name on the wire.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Whether it must be there.
    pub required: bool,
    /// What it says.
    pub description: Option<String>,
    /// Whether clients should stop using it.
    pub deprecated: bool,
    /// Its type.
    pub ty: Type,
    /// What a missing one stands for.
    pub default: Option<serde_json::Value>,
}

/// A media type of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    Json,
    UrlForm,
    Multipart,
}

impl Media {
    /// Every media type by its name.
    pub const ALL: [(&'static str, Self); 3] = [
        ("application/json", Self::Json),
        ("application/x-www-form-urlencoded", Self::UrlForm),
        ("multipart/form-data", Self::Multipart),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::UrlForm => "application/x-www-form-urlencoded",
            Self::Multipart => "multipart/form-data",
        }
    }
}

/// A body: one schema in one or several media types.
#[derive(Debug)]
pub struct Body {
    /// What it holds.
    pub description: Option<String>,
    /// The media types in the document's order.
    pub media: Vec<Media>,
    /// The schema of all of them.
    pub ty: Type,
}

/// A reply as an operation lists it.
#[derive(Debug)]
pub enum Listed {
    /// One of the document's named replies.
    Named(String),
    /// Its own.
    Inline(Reply),
}

/// A reply.
#[derive(Debug)]
pub struct Reply {
    /// When it is given.
    pub description: String,
    /// Its headers.
    pub headers: Vec<UsedHeader>,
    /// The type of its JSON body; `None` where it has no body.
    pub body: Option<Type>,
}

/// A header of a reply.
#[derive(Debug)]
pub enum UsedHeader {
    /// One of the document's named headers.
    Named(String),
    /// Its own.
    Inline(Header),
}

/// A header.
#[derive(Debug, PartialEq)]
pub struct Header {
    /// Its name on the wire.
    pub name: String,
    /// What it says.
    pub description: String,
    /// Whether it is always there.
    pub required: bool,
    /// Whether the transport fills it in, so that no handler does.
    pub by_transport: bool,
    /// Its type: a text, a whole number or a truth value.
    pub ty: Type,
}

/// A named schema.
#[derive(Debug)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Its form.
    pub form: Form,
}

/// The form of a named schema.
#[derive(Debug)]
pub enum Form {
    /// An object with these properties.
    Object(Vec<Property>),
    /// An object that never holds anything.
    Empty,
    /// One of these texts.
    Enumeration(Vec<String>),
    /// One of these schemas, told apart by their shape.
    OneOf(Vec<String>),
}

/// A property.
#[derive(Debug)]
pub struct Property {
    /// Its name on the wire.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// Its type.
    pub ty: Type,
    /// What a missing one stands for.
    pub default: Option<serde_json::Value>,
    /// Whether the texts of its truth values are taken as well.
    pub text_too: bool,
}

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// What it is besides null.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
    /// What it says.
    pub description: Option<String>,
}

/// What a type is besides null.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Text {
        min: Option<usize>,
        max: Option<usize>,
        pattern: Option<String>,
    },
    Integer {
        /// 64 bits instead of 32.
        wide: bool,
        bounds: Bounds<i64>,
        multiple_of: Option<i64>,
    },
    Number {
        /// `double` instead of `float`.
        wide: bool,
        bounds: Bounds<f64>,
    },
    Boolean,
    List {
        items: Box<Type>,
        min: Option<usize>,
        max: Option<usize>,
        /// Whether no item stands there twice.
        unique: bool,
    },
    /// A named schema.
    Named(String),
    /// Null and nothing else.
    Null,
}

/// The ends of a range.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bounds<T> {
    pub min: Option<T>,
    pub max: Option<T>,
    pub min_exclusive: bool,
    pub max_exclusive: bool,
}

impl<T> Bounds<T> {
    /// Whether there is no end at all.
    pub fn is_open(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }
}
