//! Rules about examples: they are there, they match their schemas, and the codes in them exist.

use jsonschema::Draft;
use serde_json::{Map, Value, json};

use super::{Lint, entries, items};
use crate::codegen::step;

pub(super) fn check(lint: &mut Lint<'_>) {
    for (at, operation) in lint.operations() {
        for (index, parameter) in items(&operation["parameters"]) {
            let (at, parameter) = lint.follow(format!("{at}/parameters/{index}"), parameter);
            single(lint, &at, parameter);
        }
        for (at, body, value) in bodies(lint, &format!("{at}/requestBody"), &operation["requestBody"]) {
            matches(lint, &at, body, value);
        }
        for (status, reply) in entries(&operation["responses"]) {
            let (at, reply) = lint.follow(format!("{at}/responses/{status}"), reply);
            for (name, header) in entries(&reply["headers"]) {
                let (at, header) = lint.follow(format!("{at}/headers/{name}"), header);
                single(lint, &at, header);
            }
            for (at, body, value) in bodies(lint, &at, reply) {
                matches(lint, &at, body, value);
                code(lint, &at, value);
            }
        }
    }
}

/// The one example of a parameter or header.
fn single<'a>(lint: &mut Lint<'a>, at: &str, holder: &'a Value) {
    match holder.get("example") {
        Some(value) => matches(lint, at, &holder["schema"], value),
        None => lint.say(at, "`example` is missing"),
    }
}

/// Every example of every media type, with its schema.
fn bodies<'a>(lint: &mut Lint<'a>, at: &str, holder: &'a Value) -> Vec<(String, &'a Value, &'a Value)> {
    let mut found = Vec::new();
    for (media_type, body) in entries(&holder["content"]) {
        let at = format!("{at}/content/{}", step(media_type));
        let before = found.len();
        for (name, example) in entries(&body["examples"]) {
            found.push((format!("{at}/examples/{}/value", step(name)), &body["schema"], &example["value"]));
        }
        found.extend(body.get("example").map(|value| (format!("{at}/example"), &body["schema"], value)));
        if found.len() == before {
            lint.say(&at, "`examples` is missing");
        }
    }
    found
}

fn matches(lint: &mut Lint<'_>, at: &str, schema: &Value, example: &Value) {
    let mut root = json_schema(schema);
    let components = json_schema(&lint.document["components"]["schemas"]);
    if let Some(root) = root.as_object_mut() {
        root.insert("components".to_owned(), json!({ "schemas": components }));
    }
    match jsonschema::options().with_draft(Draft::Draft4).build(&root) {
        Ok(validator) => {
            let wrong: Vec<String> = validator.iter_errors(example).map(|error| error.to_string()).collect();
            for error in wrong {
                lint.say(at, format!("the example does not match its schema: {error}"));
            }
        }
        Err(error) => lint.say(at, format!("the schema cannot be checked: {error}")),
    }
}

/// A schema of OpenAPI 3.0 as one of JSON Schema: `nullable` becomes an alternative.
fn json_schema(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let kept: Map<String, Value> = members
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "nullable" | "example" | "description"))
                .map(|(key, value)| match (key.as_str(), value) {
                    // The keys in there are names of properties, whatever else they may mean.
                    ("properties", Value::Object(all)) => {
                        let all = all.iter().map(|(name, value)| (name.clone(), json_schema(value)));
                        (key.clone(), Value::Object(all.collect()))
                    }
                    _ => (key.clone(), json_schema(value)),
                })
                .collect();
            let null_only = members.get("enum").is_some_and(|values| values == &json!([null]));
            match members.get("nullable") {
                Some(Value::Bool(true)) if null_only => json!({ "type": "null" }),
                Some(Value::Bool(true)) => json!({ "anyOf": [{ "type": "null" }, kept] }),
                _ => Value::Object(kept),
            }
        }
        Value::Array(values) => values.iter().map(json_schema).collect(),
        other => other.clone(),
    }
}

/// The code in an envelope, which the document's table has, with its message in the first language.
fn code(lint: &mut Lint<'_>, at: &str, envelope: &Value) {
    let roles = &lint.document["x-envelope"]["roles"];
    let of_role = |role: &str| {
        let (path, _) = entries(roles).find(|(_, known)| *known == role)?;
        envelope.pointer(&format!("/{}", path.replace('.', "/")))
    };
    let Some(code) = of_role("code").and_then(Value::as_i64) else {
        return;
    };
    let table = &lint.document["x-error-codes"];
    let entries: Vec<_> = items(table).map(|(_, entry)| entry).filter(|entry| entry["code"] == code).collect();
    if entries.is_empty() {
        lint.say(at, format!("the code {code} is not in x-error-codes"));
        return;
    }
    let language = lint.document["x-dialect"]["languages"][0].as_str().unwrap_or("en");
    if let Some(message) = of_role("message")
        && entries.iter().all(|entry| message != &entry[language])
    {
        let known: Vec<_> = entries.iter().map(|entry| entry[language].to_string()).collect();
        lint.say(at, format!("the message of code {code} is {}", known.join(" or ")));
    }
}
