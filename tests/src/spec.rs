//! Authored documents as tests read them: JSON, with references followed.

use std::sync::LazyLock;

use gatehouse_api::{DOCUMENTS, runtime::Document};
use serde_json::{Map, Value, json};

/// A document in JSON.
pub struct Spec {
    /// The dialect's name.
    pub dialect: String,
    /// The document.
    pub json: Value,
}

/// One operation of a document.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    /// The operationId.
    pub id: &'a str,
    /// The method in capitals.
    pub method: &'a str,
    /// The path with its `{parameters}`.
    pub path: &'a str,
    /// What the document says of it.
    pub node: &'a Value,
}

/// What schemas are for: replies are closed (a property that the document does not know is a defect), requests are open
/// (unknown properties are ignored).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// What a client sends.
    Request,
    /// What the server sends.
    Reply,
}

const METHODS: [(&str, &str); 7] = [
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("patch", "PATCH"),
    ("head", "HEAD"),
    ("options", "OPTIONS"),
];

static SPECS: LazyLock<Vec<(&'static Document, Spec)>> = LazyLock::new(|| {
    DOCUMENTS.iter().map(|document| (*document, Spec::new(document.dialect, document.json.parse().unwrap()))).collect()
});

/// Every authored document.
pub fn all() -> &'static [(&'static Document, Spec)] {
    &SPECS
}

/// The document that a path belongs to, and the path with an alias of a prefix replaced.
pub fn owner(path: &str) -> Option<(&'static Document, &'static Spec, String)> {
    let (document, spec) = SPECS.iter().find(|(document, _)| document.owns(path))?;
    let alias = document.aliases.iter().find_map(|(alias, target)| {
        let rest = path.strip_prefix(alias)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{target}{rest}"))
    });
    Some((document, spec, alias.unwrap_or_else(|| path.to_owned())))
}

impl Spec {
    /// A document that is JSON already.
    pub fn new(dialect: &str, json: Value) -> Self {
        Self { dialect: dialect.to_owned(), json }
    }

    /// Every operation, in the document's order.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let mut operations = Vec::new();
        for (path, item) in entries(&self.json["paths"]) {
            for (key, method) in METHODS {
                if let Some(node) = item.get(key) {
                    let id = node["operationId"].as_str().expect("an operation has an operationId");
                    operations.push(Operation { id, method, path, node });
                }
            }
        }
        operations
    }

    /// What a reference stands for; the value itself where it is none.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').expect("references stay in their document");
                self.resolve(self.json.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere")))
            }
            None => value,
        }
    }

    /// The documented reply of an operation with this status.
    pub fn reply<'a>(&'a self, operation: Operation<'a>, status: u16) -> Option<&'a Value> {
        operation.node["responses"].get(status.to_string()).map(|reply| self.resolve(reply))
    }

    /// Every documented reply of an operation, with its status.
    pub fn replies<'a>(&'a self, operation: Operation<'a>) -> Vec<(u16, &'a Value)> {
        let replies = entries(&operation.node["responses"]);
        replies
            .map(|(status, reply)| (status.parse().expect("replies have a status each"), self.resolve(reply)))
            .collect()
    }

    /// Whether an operation asks for a credential.
    pub fn is_secured(&self, operation: Operation<'_>) -> bool {
        let security = operation.node.get("security").or_else(|| self.json.get("security"));
        security.and_then(Value::as_array).is_some_and(|alternatives| !alternatives.is_empty())
    }

    /// The examples of a media type, by name.
    pub fn examples<'a>(&'a self, media: &'a Value) -> Vec<(&'a str, &'a Value)> {
        let named = entries(media.get("examples").unwrap_or(&Value::Null));
        let mut all: Vec<_> = named.map(|(name, example)| (name, &self.resolve(example)["value"])).collect();
        all.extend(media.get("example").map(|example| ("example", example)));
        all
    }

    /// Where the code stands in the document's envelope, as a JSON pointer.
    pub fn code_pointer(&self) -> Option<String> {
        self.pointer_of("code")
    }

    /// Where the property of this role stands in the document's envelope, as a JSON pointer.
    pub fn pointer_of(&self, role: &str) -> Option<String> {
        let mut roles = entries(&self.json["x-envelope"]["roles"]);
        roles.find(|(_, known)| *known == role).map(|(property, _)| format!("/{}", property.replace('.', "/")))
    }

    /// The schema of the failure envelope, by reference.
    pub fn failure_schema(&self) -> Option<Value> {
        let name = self.json["x-envelope"]["schema"].as_str()?;
        Some(json!({ "$ref": format!("#/components/schemas/{name}") }))
    }

    /// A schema of OpenAPI 3.0 as a JSON Schema of draft 4 that stands alone.
    pub fn json_schema(&self, schema: &Value, side: Side) -> Value {
        let mut components = Map::new();
        for (name, schema) in entries(&self.json["components"]["schemas"]) {
            components.insert(name.to_owned(), convert(schema, side));
        }
        json!({ "allOf": [convert(schema, side)], "components": { "schemas": components } })
    }
}

/// The entries of an object; none of anything else.
pub fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn convert(schema: &Value, side: Side) -> Value {
    let Some(object) = schema.as_object() else {
        return schema.clone();
    };
    if object.contains_key("$ref") {
        return json!({ "$ref": object["$ref"] });
    }
    let mut out = Map::new();
    for (key, value) in object {
        let value = match key.as_str() {
            "properties" => entries(value).map(|(name, schema)| (name.to_owned(), convert(schema, side))).collect(),
            "items" | "not" | "additionalProperties" => convert(value, side),
            "allOf" | "oneOf" | "anyOf" => {
                value.as_array().into_iter().flatten().map(|schema| convert(schema, side)).collect()
            }
            // The names of examples and extensions mean nothing to a validator.
            "nullable" | "example" | "description" => continue,
            name if name.starts_with("x-") => continue,
            _ => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    match object.get("format").and_then(Value::as_str) {
        Some("int32") => bound(&mut out, i64::from(i32::MIN), i64::from(i32::MAX)),
        Some("int64") => bound(&mut out, i64::MIN, i64::MAX),
        _ => {}
    }
    if side == Side::Reply && out.contains_key("properties") && !out.contains_key("additionalProperties") {
        out.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    if object.get("nullable") == Some(&Value::Bool(true)) {
        return json!({ "anyOf": [{ "enum": [null] }, out] });
    }
    Value::Object(out)
}

fn bound(schema: &mut Map<String, Value>, least: i64, most: i64) {
    schema.entry("minimum").or_insert(least.into());
    schema.entry("maximum").or_insert(most.into());
}
