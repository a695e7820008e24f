//! Rules about names, types and texts.

use std::collections::HashMap;

use serde_json::Value;

use super::{Lint, entries, items};
use crate::codegen::step;

pub(super) fn check(lint: &mut Lint<'_>) {
    paths(lint);
    operations(lint);
    components(lint);
}

fn paths(lint: &mut Lint<'_>) {
    for (path, _) in entries(&lint.document["paths"]) {
        if path.len() > 1 && path.ends_with('/') {
            lint.say(&format!("#/paths/{}", step(path)), "a path ends without a slash");
        }
    }
}

fn operations(lint: &mut Lint<'_>) {
    let mut seen = HashMap::new();
    for (at, operation) in lint.operations() {
        match operation["operationId"].as_str() {
            Some(id) => {
                if let Some(first) = seen.insert(id, at.clone()) {
                    lint.say(&at, format!("the operationId `{id}` is that of {first}, too"));
                }
            }
            None => lint.say(&at, "an operation has an operationId"),
        }
        for text in ["summary", "description"] {
            has_text(lint, &at, operation, text);
        }
        for (index, alternative) in items(&operation["security"]) {
            if entries(alternative).count() > 1 {
                lint.say(&format!("{at}/security/{index}"), "two schemes at once are not asked for; list alternatives");
            }
        }
        for (index, parameter) in items(&operation["parameters"]) {
            let (at, parameter) = lint.follow(format!("{at}/parameters/{index}"), parameter);
            has_text(lint, &at, parameter, "description");
            schema(lint, &format!("{at}/schema"), &parameter["schema"], Place::Scalar);
        }
        content(lint, &format!("{at}/requestBody"), &operation["requestBody"]);
        for (status, reply) in entries(&operation["responses"]) {
            let (at, reply) = lint.follow(format!("{at}/responses/{status}"), reply);
            if status == "default" {
                lint.say(&at, "every status of a reply is named; there is no `default`");
            }
            has_text(lint, &at, reply, "description");
            content(lint, &at, reply);
            for (name, header) in entries(&reply["headers"]) {
                let (at, header) = lint.follow(format!("{at}/headers/{name}"), header);
                has_text(lint, &at, header, "description");
                schema(lint, &format!("{at}/schema"), &header["schema"], Place::Scalar);
            }
        }
    }
}

fn content(lint: &mut Lint<'_>, at: &str, holder: &Value) {
    for (media_type, body) in entries(&holder["content"]) {
        schema(lint, &format!("{at}/content/{}/schema", step(media_type)), &body["schema"], Place::Scalar);
    }
}

fn components(lint: &mut Lint<'_>) {
    let mut seen = HashMap::new();
    for (name, model) in entries(&lint.document["components"]["schemas"]) {
        let at = format!("#/components/schemas/{}", step(name));
        if let Some(first) = seen.insert(name.to_lowercase(), name) {
            lint.say(&at, format!("the name differs from `{first}` by case only"));
        }
        has_text(lint, &at, model, "description");
        schema(lint, &at, model, Place::Component);
    }
    for (name, scheme) in entries(&lint.document["components"]["securitySchemes"]) {
        has_text(lint, &format!("#/components/securitySchemes/{}", step(name)), scheme, "description");
    }
}

/// Where a schema stands: objects and enums are named, which only components are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Component,
    Property,
    Scalar,
}

fn schema(lint: &mut Lint<'_>, at: &str, schema_value: &Value, place: Place) {
    if !schema_value.is_object() || schema_value["$ref"].is_string() {
        return;
    }
    if schema_value["type"] == "integer" && !matches!(schema_value["format"].as_str(), Some("int32" | "int64")) {
        lint.say(at, "an integer says whether it is int32 or int64");
    }
    let is_null = schema_value["enum"].as_array().is_some_and(|values| values.iter().all(Value::is_null));
    if place != Place::Component && !is_null {
        if schema_value["enum"].is_array() {
            lint.say(at, "an enum is a component, so that it has a name");
        }
        if schema_value["type"] == "object" {
            lint.say(at, "an object is a component, so that it has a name");
        }
    }
    if place == Place::Property {
        has_text(lint, at, schema_value, "description");
    }
    for (name, property) in entries(&schema_value["properties"]) {
        schema(lint, &format!("{at}/properties/{}", step(name)), property, Place::Property);
    }
    schema(lint, &format!("{at}/items"), &schema_value["items"], Place::Scalar);
}

fn has_text(lint: &mut Lint<'_>, at: &str, value: &Value, key: &str) {
    if value[key].as_str().is_none_or(|text| text.trim().is_empty()) {
        lint.say(at, format!("`{key}` is missing"));
    }
}
