//! AsyncAPI documents: what a server may say over a WebSocket.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::spec::{self, entries};

static VALIDATORS: LazyLock<Mutex<HashMap<&'static str, Validator>>> = LazyLock::new(Mutex::default);

/// The AsyncAPI document of a dialect, as JSON.
///
/// # Panics
/// If it is no YAML.
pub fn document(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).expect("the document is YAML")
}

/// Whether a frame is one of the messages that a server sends, by the document of the dialect that owns this path.
///
/// # Panics
/// If the dialect has no AsyncAPI document.
pub fn is_documented(path: &str, frame: &Value) -> bool {
    let (owner, ..) = spec::owner(path).expect("a dialect owns the path");
    let yaml = owner.asyncapi.expect("the dialect documents its socket");
    let mut known = VALIDATORS.lock().unwrap();
    let validator = known.entry(owner.dialect).or_insert_with(|| {
        let document = document(yaml);
        let messages = sent(&document);
        let payloads: Vec<_> = messages.iter().map(|(_, message)| &message["payload"]).collect();
        let schema = json!({ "anyOf": payloads, "components": document["components"] });
        jsonschema::options().with_draft(Draft::Draft7).build(&schema).expect("the schema is one")
    });
    validator.is_valid(frame)
}

/// The messages that a server sends, by name: of its own accord, or as replies.
pub fn sent(document: &Value) -> Vec<(&str, &Value)> {
    let mut messages = Vec::new();
    for (_, operation) in entries(&document["operations"]) {
        let list = if operation["action"] == "send" { &operation["messages"] } else { &operation["reply"]["messages"] };
        for reference in list.as_array().into_iter().flatten() {
            let name = reference["$ref"].as_str().and_then(|text| text.rsplit('/').next()).expect("a reference");
            if messages.iter().all(|(known, _)| *known != name) {
                messages.push((name, &document["components"]["messages"][name]));
            }
        }
    }
    messages
}

/// In what the examples of messages depart from their payloads' schemas.
///
/// # Panics
/// If a payload is no schema.
pub fn wrong_examples(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, message) in entries(&document["components"]["messages"]) {
        let schema = json!({ "allOf": [message["payload"]], "components": document["components"] });
        let validator = jsonschema::options().with_draft(Draft::Draft7).build(&schema).expect("the schema is one");
        let examples = message["examples"].as_array().map(Vec::as_slice).unwrap_or_default();
        if examples.is_empty() {
            wrong.push(format!("{name} has no example"));
        }
        for example in examples {
            wrong.extend(validator.iter_errors(&example["payload"]).map(|error| format!("{name}: {error}")));
        }
    }
    wrong
}
