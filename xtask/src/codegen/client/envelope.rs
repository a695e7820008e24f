//! `x-envelope`: how the code, the message, the trace id and the data are found in a reply.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::document::{Document, Node};
use super::operation::{Operation, field, type_name};
use super::schema;

/// `impl Envelope` for each type that is a reply under the document's envelope.
pub(super) fn build(document: &Document<'_>, operations: &[Operation]) -> TokenStream {
    let roles = document.root().child("x-envelope").child("roles");
    if !document.root().has("x-envelope") {
        return TokenStream::new();
    }
    let mut done = Vec::new();
    let mut tokens = TokenStream::new();
    for pointer in operations.iter().flat_map(|operation| &operation.replies) {
        let reply = document.at(pointer);
        let target = document.resolve(&reply);
        let Some(name) = target.pointer.strip_prefix("#/components/schemas/") else {
            document.refuse(&reply, "a reply within the envelope is a schema of `#/components/schemas`");
            continue;
        };
        if !done.contains(&target.pointer) {
            tokens.extend(implementation(document, &roles, name, &target));
            done.push(target.pointer.clone());
        }
    }
    tokens
}

/// `impl Envelope` for the failures of an operation that have several schemas, each of which is an envelope.
pub(super) fn of_union(document: &Document<'_>, operation: &Operation, failures: &[(u16, String)]) -> TokenStream {
    if failures.is_empty() || !document.root().has("x-envelope") {
        return TokenStream::new();
    }
    let name = format_ident!("{}Error", operation.noun());
    let arms = failures.iter().map(|(status, _)| {
        let status = format_ident!("Status{status}");
        quote!(Self::#status(reply) => reply.open().without_data())
    });
    quote! {
        impl Envelope for #name {
            type Data = ();

            fn open(self) -> Opened<()> {
                match self { #(#arms,)* }
            }
        }
    }
}

/// A property that has a role: how it is reached, whether it may be absent, and its schema.
struct Part<'a> {
    path: TokenStream,
    optional: bool,
    schema: Node<'a>,
}

fn implementation(document: &Document<'_>, roles: &Node<'_>, name: &str, reply: &Node<'_>) -> TokenStream {
    let part = |role: &str| part(document, roles, reply, role);
    let Some(code) = part("code") else {
        document.refuse(reply, "a reply within the envelope has the property of the role `code`");
        return TokenStream::new();
    };
    let path = &code.path;
    let code = if code.schema.child("format").text() == "int32" { quote!(i64::from(#path)) } else { quote!(#path) };
    let text = |role: &str| match part(role) {
        None => quote!(None),
        Some(Part { path, optional: true, .. }) => quote!(#path),
        Some(Part { path, .. }) => quote!(Some(#path)),
    };
    let (message, trace_id) = (text("message"), text("trace-id"));
    let (data_type, data) = match part("data") {
        Some(part) => data(document, &part),
        None => (quote!(()), quote!(None)),
    };
    let name = format_ident!("{}", type_name(name));
    quote! {
        impl Envelope for types::#name {
            type Data = #data_type;

            fn open(self) -> Opened<Self::Data> {
                Opened { code: #code, message: #message, trace_id: #trace_id, data: #data }
            }
        }
    }
}

fn part<'a>(document: &Document<'a>, roles: &Node<'a>, reply: &Node<'a>, role: &str) -> Option<Part<'a>> {
    let roles = roles.entries();
    let (dotted, _) = roles.iter().find(|(_, node)| node.text() == role)?;
    let mut path = quote!(self);
    let mut schema = reply.clone();
    let mut optional = false;
    for name in dotted.split('.') {
        let object = document.resolve(&schema);
        if !object.child("properties").has(name) {
            return None;
        }
        if optional {
            document.refuse(&object, format!("the way to `{dotted}` is always there: require what is before it"));
        }
        schema = object.child("properties").child(name);
        let required = object.child("required").elements();
        let required = required.iter().any(|other| other.text() == name);
        optional = !required || schema.child("nullable").is_true() && !schema::is_null_only(&schema);
        let ident = format_ident!("{}", field(name));
        path = quote!(#path.#ident);
    }
    Some(Part { path, optional, schema })
}

/// The type of the data, and the expression that is `Some` of it on success.
fn data(document: &Document<'_>, part: &Part<'_>) -> (TokenStream, TokenStream) {
    let path = &part.path;
    let single = part.schema.child("allOf").elements();
    let schema = single.first().unwrap_or(&part.schema);
    let target = document.resolve(schema);
    if schema::is_null_only(schema) || schema::is_empty(&target) {
        return (quote!(()), quote!(Some(())));
    }
    if let Some((union, name)) = only_alternative(document, schema, &target) {
        let taken = quote!(match data { types::#union::#name(data) => Some(data), _ => None });
        let taken = match part.optional {
            true => quote!(#path.and_then(|data| #taken)),
            false => quote!(match #path { types::#union::#name(data) => Some(data), _ => None }),
        };
        return (quote!(types::#name), taken);
    }
    let kind = rust_type(document, schema);
    if part.optional { (kind, quote!(#path)) } else { (kind, quote!(Some(#path))) }
}

/// The union, and the one of its two alternatives that is not an object without properties.
fn only_alternative(document: &Document<'_>, schema: &Node<'_>, target: &Node<'_>) -> Option<(Ident, Ident)> {
    let name = |node: &Node<'_>| {
        let target = node.value.get("$ref")?.as_str()?;
        Some(format_ident!("{}", type_name(target.rsplit('/').next().unwrap_or_default())))
    };
    let alternatives = target.child("oneOf").elements();
    let is_empty = |node: &&Node<'_>| schema::is_empty(&document.resolve(node));
    let others: Vec<_> = alternatives.iter().filter(|node| !is_empty(node)).collect();
    match others.as_slice() {
        [only] if alternatives.len() == 2 => Some((name(schema)?, name(only)?)),
        _ => None,
    }
}

fn rust_type(document: &Document<'_>, schema: &Node<'_>) -> TokenStream {
    if let Some(name) = schema.value.get("$ref").and_then(|target| target.as_str()) {
        let name = format_ident!("{}", type_name(name.rsplit('/').next().unwrap_or_default()));
        return quote!(types::#name);
    }
    match (schema.child("type").text(), schema.child("format").text()) {
        ("string", _) if !schema.has("enum") => quote!(String),
        ("integer", "int32") => quote!(i32),
        ("integer", _) => quote!(i64),
        ("number", "float") => quote!(f32),
        ("number", _) => quote!(f64),
        ("boolean", _) => quote!(bool),
        ("array", _) => {
            let items = rust_type(document, &schema.child("items"));
            quote!(Vec<#items>)
        }
        _ => {
            document
                .refuse(schema, "the data of an envelope is a scalar, a list or a schema of `#/components/schemas`");
            quote!(())
        }
    }
}
