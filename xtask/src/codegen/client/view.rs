//! The client view: the document in the words that progenitor knows, and the facts that it leaves out.
//!
//! An operation with several request media types becomes several operations of the view. The first keeps its id and
//! path; a further one gets a suffix to its id, and a URL fragment to its path, which never leaves a client.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::document::{Document, Node};
use super::operation::{Header, Operation, Parameter, field};
use super::schema;

const VERBS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Arguments that would hide a variable of progenitor's method bodies.
const TAKEN: &[&str] = &["header_map", "info", "self_"];

/// What progenitor gets, and what the supplement needs.
pub(super) struct View {
    /// The document in progenitor's words.
    pub document: Value,
    /// Its operations, in the document's order.
    pub operations: Vec<Operation>,
}

pub(super) fn build(document: &Document<'_>) -> View {
    let root = document.root();
    let mut paths = Map::new();
    let mut operations = Vec::new();
    for (path, item) in root.child("paths").entries() {
        let item = document.resolve(&item);
        for verb in VERBS.iter().filter(|verb| item.has(verb)) {
            for (view, operation) in variants(document, path, &item, verb) {
                let item = paths.entry(operation.view_path.clone()).or_insert_with(|| Value::Object(Map::new()));
                item[*verb] = view;
                operations.push(operation);
            }
        }
    }
    refuse_doubles(document, &operations);
    let schemas = document.schemas().into_iter();
    let schemas: Map<String, Value> =
        schemas.map(|(name, node)| (name.to_owned(), schema::view(document, &node))).collect();
    let info = root.child("info");
    let view = json!({
        "openapi": "3.0.3",
        "info": {
            "title": info.child("title").text(),
            "description": info.child("description").text(),
            "version": info.child("version").text(),
        },
        "paths": paths,
        "components": { "schemas": schemas },
    });
    View { document: view, operations }
}

fn refuse_doubles(document: &Document<'_>, operations: &[Operation]) {
    let mut methods = HashSet::new();
    for operation in operations {
        if !methods.insert(operation.method()) {
            let node = document.at(&operation.pointer).child("operationId");
            document.refuse(&node, format!("two operations would be the method `{}`", operation.method()));
        }
    }
}

/// The operations of the view that one operation of the document becomes: one for each request media type.
fn variants(document: &Document<'_>, path: &str, item: &Node<'_>, verb: &str) -> Vec<(Value, Operation)> {
    let node = item.child(verb);
    let id = node.child("operationId").text();
    if id.is_empty() {
        document.refuse(&node, "an operation has an `operationId`, which names the client's method");
    }
    let body = node.has("requestBody").then(|| document.resolve(&node.child("requestBody")));
    let Some(body) = body else {
        return vec![variant(document, path, item, verb, None)];
    };
    if !body.child("required").is_true() {
        document.refuse(&body, "the client always sends a body: say `required: true`");
    }
    let contents = body.child("content").entries();
    if contents.is_empty() {
        document.refuse(&body, "a request body has a media type");
    }
    let contents = contents.into_iter().enumerate();
    contents
        .map(|(index, (media_type, content))| {
            let body = Body { media_type, content, first: index == 0 };
            variant(document, path, item, verb, Some(&body))
        })
        .collect()
}

/// One request media type of an operation.
struct Body<'a> {
    media_type: &'a str,
    content: Node<'a>,
    first: bool,
}

impl Body<'_> {
    /// What the id of the operation, and in lower case its path, gets appended.
    fn suffix(&self) -> &'static str {
        match self.media_type {
            "application/json" => "Json",
            "application/x-www-form-urlencoded" => "Form",
            _ => "Multipart",
        }
    }
}

fn variant(
    document: &Document<'_>,
    path: &str,
    item: &Node<'_>,
    verb: &str,
    body: Option<&Body<'_>>,
) -> (Value, Operation) {
    let node = item.child(verb);
    let suffix = body.filter(|body| !body.first).map(Body::suffix);
    let id = format!("{}{}", node.child("operationId").text(), suffix.unwrap_or_default());
    let view_path = suffix.map_or_else(|| path.to_owned(), |suffix| format!("{path}#{}", suffix.to_lowercase()));
    let parameters = parameters(document, item, &node, body.is_some());
    let replies = Replies::read(document, &node);
    let mut view = Map::from_iter([
        ("operationId".to_owned(), json!(id)),
        ("summary".to_owned(), json!(node.child("summary").text())),
        ("description".to_owned(), json!(node.child("description").text())),
        ("parameters".to_owned(), parameters.0),
        ("responses".to_owned(), replies.view),
    ]);
    if let Some(body) = body {
        view.insert("requestBody".to_owned(), request_body(document, body));
    }
    let operation = Operation {
        id,
        verb: verb.to_owned(),
        path: path.to_owned(),
        view_path,
        pointer: node.pointer.clone(),
        first: suffix.is_none(),
        // What RFC 9110 calls idempotent, unless the document knows better.
        idempotent: match node.has("x-idempotent") {
            true => node.child("x-idempotent").is_true(),
            false => matches!(verb, "get" | "head" | "put" | "delete" | "options" | "trace"),
        },
        multipart: body.is_some_and(|body| body.media_type == "multipart/form-data"),
        upgrade: replies.upgrade,
        security: security(document, &node),
        headers: headers(document, &node),
        parameters: parameters.1,
        body: body.map(|body| body.content.child("schema").pointer),
        successes: replies.successes,
        failures: replies.failures,
        replies: replies.schemas,
    };
    (Value::Object(view), operation)
}

fn request_body(document: &Document<'_>, body: &Body<'_>) -> Value {
    let schema = body.content.child("schema");
    // progenitor has no multipart: it writes JSON, and the caller's hook turns that into parts.
    let media_type = match body.media_type {
        "multipart/form-data" => "application/json",
        media_type @ ("application/json" | "application/x-www-form-urlencoded") => media_type,
        other => {
            document.refuse(&body.content, format!("the client cannot send `{other}`"));
            "application/json"
        }
    };
    if body.content.has("encoding") {
        document.refuse(&body.content.child("encoding"), "the client does not know `encoding`");
    }
    if body.media_type != "application/json" {
        let target = document.resolve(&schema);
        for (name, property) in target.child("properties").entries() {
            if !schema::is_scalar(document, &property) {
                document.refuse(&property, format!("`{name}` is sent as a form, whose fields are scalars"));
            }
        }
        if target.child("type").text() != "object" {
            document.refuse(&schema, "a form is an object");
        }
    }
    json!({ "required": true, "content": { media_type: { "schema": schema::view(document, &schema) } } })
}

/// The parameters of the path and of the operation, of which the operation's win.
fn parameters(document: &Document<'_>, item: &Node<'_>, node: &Node<'_>, has_body: bool) -> (Value, Vec<Parameter>) {
    let mut found: Vec<Node<'_>> = Vec::new();
    for parameter in [item.child("parameters").elements(), node.child("parameters").elements()].concat() {
        let parameter = document.resolve(&parameter);
        let same = |other: &Node<'_>| {
            other.child("name").text() == parameter.child("name").text()
                && other.child("in").text() == parameter.child("in").text()
        };
        found.retain(|other| !same(other));
        found.push(parameter);
    }
    let mut names = HashSet::new();
    let mut views = Vec::new();
    let mut facts = Vec::new();
    for parameter in found {
        let name = parameter.child("name");
        let argument = field(name.text());
        if !names.insert(argument.clone()) || TAKEN.contains(&argument.as_str()) || (has_body && argument == "body") {
            document.refuse(&name, format!("two arguments of the client's method would be called `{argument}`"));
        }
        views.push(parameter_view(document, &parameter));
        facts.push(Parameter {
            name: name.text().to_owned(),
            required: parameter.child("required").is_true(),
            schema: parameter.child("schema").pointer,
        });
    }
    (Value::Array(views), facts)
}

fn parameter_view(document: &Document<'_>, node: &Node<'_>) -> Value {
    let place = node.child("in");
    let name = node.child("name").text();
    let schema = node.child("schema");
    let target = document.resolve(&schema);
    let is_list = target.child("type").text() == "array";
    match place.text() {
        "query" | "path" => {}
        "header" if matches!(&*name.to_ascii_lowercase(), "accept" | "authorization" | "content-type") => {
            document.refuse(node, format!("OpenAPI ignores a header parameter called `{name}`"));
        }
        "header" if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
            document.refuse(node, format!("`{name}` is no name of a header"));
        }
        "header" => {}
        other => document.refuse(&place, format!("the client has no parameters in `{other}`")),
    }
    if place.text() == "path" && !node.child("required").is_true() {
        document.refuse(node, "a path parameter is required");
    }
    let style = node.child("style");
    let usual = if place.text() == "query" { "form" } else { "simple" };
    if node.has("style") && style.text() != usual {
        document.refuse(&style, format!("the client knows the style `{usual}` here"));
    }
    if is_list && (place.text() != "query" || node.child("explode").value == &json!(false)) {
        document.refuse(&schema, "a list is a query parameter that is repeated for each of its values");
    }
    if is_list && !schema::is_scalar(document, &target.child("items")) {
        document.refuse(&target.child("items"), "the values of a list parameter are scalars");
    }
    if !is_list && !schema::is_scalar(document, &schema) {
        document.refuse(&schema, "a parameter is a scalar or a list of scalars");
    }
    json!({
        "name": name,
        "in": place.text(),
        "required": node.child("required").is_true(),
        "description": node.child("description").text(),
        "schema": schema::view(document, &schema),
    })
}

/// The replies of one operation.
struct Replies {
    view: Value,
    upgrade: bool,
    successes: Vec<(u16, String)>,
    failures: Vec<(u16, String)>,
    schemas: Vec<String>,
}

/// What one reply carries.
#[derive(PartialEq)]
enum Content {
    Nothing,
    Upgrade,
    Json(Value),
}

impl Replies {
    fn read(document: &Document<'_>, node: &Node<'_>) -> Self {
        let mut replies =
            Self { view: json!({}), upgrade: false, successes: Vec::new(), failures: Vec::new(), schemas: Vec::new() };
        let mut successes = Vec::new();
        let mut failures = Vec::new();
        for (key, reply) in node.child("responses").entries() {
            let Ok(status) = key.parse::<u16>() else {
                document.refuse(&reply, "a reply is documented under its exact status");
                continue;
            };
            let reply = document.resolve(&reply);
            let content = replies.content(document, &reply, status);
            match status {
                101 | 200..=299 => successes.push((status, content)),
                400..=599 => failures.push((status, content)),
                _ => document.refuse(&reply, format!("the client does not know what {status} means")),
            }
        }
        replies.upgrade = successes.iter().any(|(_, content)| *content == Content::Upgrade);
        if successes.is_empty() {
            document.refuse(&node.child("responses"), "an operation documents a success");
        }
        replies.successes = replies.class(document, node, successes);
        replies.failures = replies.class(document, node, failures);
        replies
    }

    fn content(&mut self, document: &Document<'_>, reply: &Node<'_>, status: u16) -> Content {
        let contents = reply.child("content").entries();
        match contents.as_slice() {
            [] if status == 101 => Content::Upgrade,
            [] => Content::Nothing,
            [("application/json", content)] if status != 101 => {
                let schema = content.child("schema");
                if !content.has("schema") {
                    document.refuse(content, "a reply has a schema");
                }
                self.schemas.push(schema.pointer.clone());
                Content::Json(schema::view(document, &schema))
            }
            _ => {
                document.refuse(reply, "the client reads `application/json`, and nothing beside it");
                Content::Nothing
            }
        }
    }

    /// Adds one class of replies to the view. progenitor has one type for a class; where the document has several,
    /// that type is any JSON, and the supplement's enum, for which the schemas are returned, is made from it.
    fn class(&mut self, document: &Document<'_>, node: &Node<'_>, replies: Vec<(u16, Content)>) -> Vec<(u16, String)> {
        let one = replies.windows(2).all(|pair| pair[0].1 == pair[1].1);
        let typed = replies.iter().all(|(_, content)| matches!(content, Content::Json(_)));
        if !one && !typed {
            document
                .refuse(&node.child("responses"), "all successes, and all failures, carry JSON, or none of them does");
        }
        for (status, content) in &replies {
            let schema = match content {
                Content::Json(_) if !one => json!({}),
                Content::Json(schema) => schema.clone(),
                Content::Nothing | Content::Upgrade => {
                    self.view[status.to_string()] = json!({ "description": "" });
                    continue;
                }
            };
            self.view[status.to_string()] =
                json!({ "description": "", "content": { "application/json": { "schema": schema } } });
        }
        if one || !typed {
            return Vec::new();
        }
        let pointer = |status: u16| {
            let reply = document.resolve(&node.child("responses").child(&status.to_string()));
            reply.child("content").child("application/json").child("schema").pointer
        };
        replies.iter().map(|(status, _)| (*status, pointer(*status))).collect()
    }
}

fn security(document: &Document<'_>, node: &Node<'_>) -> Vec<Option<String>> {
    let own = node.child("security");
    let requirement = if node.has("security") { own } else { document.root().child("security") };
    let mut alternatives = Vec::new();
    for alternative in requirement.elements() {
        let schemes = alternative.entries();
        match schemes.as_slice() {
            [] => alternatives.push(None),
            [(scheme, _)] => alternatives.push(Some((*scheme).to_owned())),
            _ => document.refuse(&alternative, "the client sends one credential: schemes are not combined"),
        }
    }
    alternatives
}

fn headers(document: &Document<'_>, node: &Node<'_>) -> Vec<Header> {
    let mut found: Vec<Header> = Vec::new();
    let replies = node.child("responses").entries();
    for (_, reply) in &replies {
        let reply = document.resolve(reply);
        for (name, header) in reply.child("headers").entries() {
            let header = document.resolve(&header);
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                document.refuse(&header, format!("`{name}` is no name of a header"));
            }
            if found.iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
                continue;
            }
            let everywhere = replies.iter().all(|(_, reply)| {
                let header = document.resolve(&document.resolve(reply).child("headers").child(name));
                header.child("required").is_true()
            });
            found.push(Header {
                name: name.to_owned(),
                description: header.child("description").text().to_owned(),
                kind: header_type(document, &header),
                always: everywhere,
            });
        }
    }
    found
}

fn header_type(document: &Document<'_>, header: &Node<'_>) -> &'static str {
    let schema = document.resolve(&header.child("schema"));
    match (schema.child("type").text(), schema.child("format").text()) {
        ("string", _) => "String",
        ("integer", "int32") => "i32",
        ("integer", _) => "i64",
        ("number", "float") => "f32",
        ("number", _) => "f64",
        ("boolean", _) => "bool",
        _ => {
            document.refuse(header, "the client reads a header as a scalar");
            "String"
        }
    }
}
