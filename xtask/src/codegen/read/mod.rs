//! From a document's text to its typed form. Every keyword is read, or refused with its place; all refusals of a document
//! come at once.

mod checks;
mod defaults;
mod document;
mod envelope;
mod extensions;
mod node;
mod operation;
mod replies;
mod reply;
mod schema;
mod unsupported;

use serde_json::Value;

use super::{Refusal, ir::Document};

/// The document's text as a value, with its anchors resolved and its keys in order.
pub fn parse(file: &str, text: &str) -> Result<Value, Vec<Refusal>> {
    let refuse = |sentence: String| vec![Refusal::new(file, "#", sentence)];
    serde_saphyr::from_str::<Value>(text).map_err(|error| {
        let reason = error.to_string();
        refuse(format!("the document is not YAML: {}", reason.lines().next().unwrap_or_default()))
    })
}

/// The typed form of a document.
///
/// # Errors
///
/// Every place of it that is not honoured.
pub fn read(file: &str, value: &Value) -> Result<Document, Vec<Refusal>> {
    let source = node::Source::new(file, value);
    let document = document::document(&source);
    if let Some(document) = &document {
        checks::all(&source, document);
    }
    let refusals = source.into_refusals();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    // What is read here key by key must also be what everybody else calls OpenAPI 3.0.
    if let Err(error) = serde_json::from_value::<openapiv3::OpenAPI>(value.clone()) {
        return Err(vec![Refusal::new(file, "#", format!("this is not OpenAPI 3.0: {error}"))]);
    }
    document.ok_or_else(|| vec![Refusal::new(file, "#", "the document is incomplete")])
}
