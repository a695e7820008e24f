//! What the client knows of one operation beside what progenitor makes of it.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// One operation of the view: an operation of the document with one of its request media types.
pub(super) struct Operation {
    /// The `operationId` of the view: the document's, with a suffix for a further media type.
    pub id: String,
    /// The verb as OpenAPI writes it: `get`.
    pub verb: String,
    /// The path of the document.
    pub path: String,
    /// The key of the path in the view; it ends in `#multipart` or the like for a further media type.
    pub view_path: String,
    /// Where the operation stands in the document.
    pub pointer: String,
    /// Whether this is the document's operation with its first media type.
    pub first: bool,
    /// Whether called twice it does no more than called once.
    pub idempotent: bool,
    /// Whether the body goes out as `multipart/form-data`.
    pub multipart: bool,
    /// Whether success is a WebSocket.
    pub upgrade: bool,
    /// The alternatives of the security requirement, by the name of the scheme; `None` is "without".
    pub security: Vec<Option<String>>,
    /// The headers of its replies.
    pub headers: Vec<Header>,
    /// Parameters and their constraints, by the pointer of the schema.
    pub parameters: Vec<Parameter>,
    /// The pointer of the request body's schema.
    pub body: Option<String>,
    /// The schema of each JSON success, by status, where there is more than one schema.
    pub successes: Vec<(u16, String)>,
    /// The schema of each JSON failure, by status, where there is more than one schema.
    pub failures: Vec<(u16, String)>,
    /// The schemas of all JSON replies.
    pub replies: Vec<String>,
}

/// A response header.
#[derive(Clone)]
pub(super) struct Header {
    pub name: String,
    pub description: String,
    /// The Rust type: `String`, `i32`, `i64`, `f32`, `f64` or `bool`.
    pub kind: &'static str,
    /// Whether every documented reply carries it.
    pub always: bool,
}

/// A request parameter.
pub(super) struct Parameter {
    pub name: String,
    pub required: bool,
    pub schema: String,
}

impl Operation {
    /// The client's method, which is also the id that progenitor's hooks are given.
    pub(super) fn method(&self) -> String {
        field(&self.id)
    }

    /// The beginning of the names of the operation's own types.
    pub(super) fn noun(&self) -> String {
        self.id.to_upper_camel_case()
    }
}

/// The Rust field or argument for a name of the document.
pub(super) fn field(name: &str) -> String {
    let name = name.to_snake_case();
    match syn::parse_str::<syn::Ident>(&name) {
        Ok(_) => name,
        Err(_) if name.starts_with(|first: char| first.is_ascii_digit()) => format!("_{name}"),
        Err(_) => format!("{name}_"),
    }
}

/// The Rust type for a schema's name.
pub(super) fn type_name(name: &str) -> String {
    name.to_upper_camel_case()
}
