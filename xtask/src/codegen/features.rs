//! The table of operations by feature that `codegen` prints, so that a reader sees what a document asks of both sides.

use super::{
    ir::{Document, Form, Kind, Limited, Media, Operation, Place, SchemeKind},
    server::{
        envelope::properties,
        types::{named, reached},
    },
};

/// A feature and how to see whether an operation has it.
type Feature = (&'static str, fn(&Document, &Operation) -> bool);

const FEATURES: [Feature; 20] = [
    ("JSON body", |_, operation| reads(operation, Media::Json)),
    ("urlencoded body", |_, operation| reads(operation, Media::UrlForm)),
    ("multipart body", |_, operation| reads(operation, Media::Multipart)),
    ("several media types", |_, operation| operation.body.as_ref().is_some_and(|body| body.media.len() > 1)),
    ("DELETE with a body", |_, operation| operation.method == "delete" && operation.body.is_some()),
    ("path parameters", |_, operation| has_parameter(operation, Place::Path)),
    ("query parameters", |_, operation| has_parameter(operation, Place::Query)),
    ("header parameters", |_, operation| has_parameter(operation, Place::Header)),
    ("defaults", |doc, operation| {
        operation.parameters.iter().any(|parameter| parameter.default.is_some()) || has_default(doc, operation)
    }),
    ("GET that does something", |_, operation| operation.method == "get" && !operation.idempotent),
    ("POST to be repeated", |_, operation| operation.method == "post" && operation.idempotent),
    ("http bearer", |doc, operation| has_scheme(doc, operation, |kind| matches!(kind, SchemeKind::Bearer { .. }))),
    ("API key in a header", |doc, operation| has_scheme(doc, operation, |kind| matches!(kind, SchemeKind::Header(_)))),
    ("API key in the query", |doc, operation| has_scheme(doc, operation, |kind| matches!(kind, SchemeKind::Query(_)))),
    ("alternative credentials", |_, operation| operation.security.len() + usize::from(operation.anonymous) > 1),
    ("handler's headers", |doc, operation| has_headers(doc, operation, false)),
    ("transport's headers", |doc, operation| has_headers(doc, operation, true)),
    ("oneOf in replies", has_one_of),
    ("WebSocket", |_, operation| operation.websocket.is_some()),
    ("rate limit", |doc, operation| match operation.rate_limit {
        Limited::AsDocument => doc.rate_limit.is_some(),
        Limited::Not => false,
        Limited::Own(_) => true,
    }),
];

fn reads(operation: &Operation, media: Media) -> bool {
    operation.body.as_ref().is_some_and(|body| body.media.contains(&media))
}

fn has_parameter(operation: &Operation, place: Place) -> bool {
    operation.parameters.iter().any(|parameter| parameter.place == place)
}

fn has_default(doc: &Document, operation: &Operation) -> bool {
    let body = operation.body.as_ref().and_then(|body| named(&body.ty.kind));
    let held = reached(doc, body.into_iter().collect());
    let mut properties = held.iter().flat_map(|name| properties(doc.schema(name)));
    properties.any(|property| property.default.is_some())
}

fn has_scheme(doc: &Document, operation: &Operation, is: fn(&SchemeKind) -> bool) -> bool {
    doc.schemes.iter().any(|scheme| operation.security.contains(&scheme.name) && is(&scheme.kind))
}

fn has_headers(doc: &Document, operation: &Operation, by_transport: bool) -> bool {
    let replies = operation.replies.iter().filter_map(|(_, listed)| doc.reply(listed));
    let mut headers = replies.flat_map(|reply| &reply.headers).filter_map(|used| doc.header(used));
    headers.any(|header| header.by_transport == by_transport)
}

fn has_one_of(doc: &Document, operation: &Operation) -> bool {
    let replies = operation.replies.iter().filter_map(|(_, listed)| doc.reply(listed));
    let mut pending: Vec<&Kind> = replies.filter_map(|reply| Some(&reply.body.as_ref()?.kind)).collect();
    // Schemas hold no cycles, or they would have been refused.
    while let Some(kind) = pending.pop() {
        match kind {
            Kind::List { items, .. } => pending.push(&items.kind),
            Kind::Named(name) => match doc.schema(name).map(|schema| &schema.form) {
                Some(Form::OneOf(_)) => return true,
                Some(Form::Object(properties)) => pending.extend(properties.iter().map(|property| &property.ty.kind)),
                _ => {}
            },
            _ => {}
        }
    }
    false
}

/// The table of a document.
pub fn table(doc: &Document) -> String {
    let mut table = format!("{} ({}): {} operations\n", doc.file, doc.dialect.name, doc.operations.len());
    for (feature, has) in FEATURES {
        let operations: Vec<&str> = doc
            .operations
            .iter()
            .filter(|operation| has(doc, operation))
            .map(|operation| operation.id.as_str())
            .collect();
        if !operations.is_empty() {
            table.push_str(&format!("  {feature:<24} {}\n", operations.join(", ")));
        }
    }
    table
}
