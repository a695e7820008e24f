//! Replies and their headers.

use super::{node::Node, schema};
use crate::codegen::ir::{Header, Kind, Reply, Type, UsedHeader};

/// A reply.
pub fn reply(node: &Node<'_>) -> Option<Reply> {
    let mut fields = node.fields("a reply")?;
    let description = fields.need("description").and_then(|node| node.text());
    let headers = fields.take("headers").map(|node| headers(&node)).unwrap_or_default();
    let body = fields.take("content").map(|node| content(&node));
    fields.close();
    let body = match body {
        Some(body) => Some(body?),
        None => None,
    };
    Some(Reply { description: description?, headers, body })
}

fn content(node: &Node<'_>) -> Option<Type> {
    let mut body = None;
    for (media, node) in node.entries("the content") {
        if media != "application/json" {
            node.refuse(format!("a reply of `{media}` is not supported: replies are JSON"));
            continue;
        }
        let mut fields = node.fields("a media type")?;
        let schema = fields.need("schema");
        fields.describe(&["example", "examples"]);
        fields.close();
        let schema = schema?;
        let ty = schema::ty(&schema)?;
        if ty.nullable || ty.description.is_some() {
            schema.refuse("the body of a reply is a plain schema: describe the reply, and name what may be null");
        }
        body = Some(ty);
    }
    body
}

fn headers(node: &Node<'_>) -> Vec<UsedHeader> {
    let mut used = Vec::new();
    for (name, node) in node.entries("the headers") {
        if name.eq_ignore_ascii_case("content-type") {
            node.refuse("`Content-Type` follows from the content, and is ignored here by OpenAPI");
            continue;
        }
        if name.eq_ignore_ascii_case("set-cookie") {
            node.refuse("cookies are not supported");
            continue;
        }
        match node.reference("headers") {
            Some(Some(key)) if key != name => {
                node.refuse(format!("the header `{key}` has another name here: a named header keeps its name"));
            }
            Some(Some(key)) => used.push(UsedHeader::Named(key)),
            Some(None) => {}
            None => used.extend(header(name, &node).map(UsedHeader::Inline)),
        }
    }
    used
}

/// A header of a reply, under its name.
pub fn header(name: &str, node: &Node<'_>) -> Option<Header> {
    let mut fields = node.fields("a header")?;
    let description = fields.need("description").and_then(|node| node.text());
    let required = fields.flag("required");
    let schema = fields.need("schema");
    fields.describe(&["example"]);
    let set_by = fields.take("x-set-by");
    fields.close();
    if let Some(node) = &set_by
        && node.value != "transport"
    {
        node.refuse("a header is set by the `transport`, or by its handler where nothing is said");
    }
    let schema = schema?;
    let ty = schema::ty(&schema)?;
    let plain = match &ty.kind {
        Kind::Text { min, max, pattern } => min.is_none() && max.is_none() && pattern.is_none(),
        Kind::Integer { bounds, multiple_of, .. } => bounds.is_open() && multiple_of.is_none(),
        Kind::Boolean => true,
        _ => false,
    };
    if !plain || ty.nullable || ty.description.is_some() {
        schema.refuse(
            "a header is a text, a whole number or a truth value without constraints: the server is its only author",
        );
    }
    Some(Header { name: name.to_owned(), description: description?, required, by_transport: set_by.is_some(), ty })
}
