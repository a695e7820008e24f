//! Schemas as progenitor gets them: the shape alone. Constraints become checks, examples and formats of strings stay
//! out, so that a type of the client is a plain `String`, `i64`, `Vec` or struct.

use serde_json::{Map, Value, json};

use super::document::{Document, Node};

/// Keywords that describe, constrain or document; they are no part of a type's shape.
const SHAPELESS: &[&str] = &[
    "default",
    "deprecated",
    "description",
    "example",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "externalDocs",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "nullable",
    "pattern",
    "readOnly",
    "title",
    "uniqueItems",
    "writeOnly",
];

/// The view of the schema at `node`.
pub(super) fn view(document: &Document<'_>, node: &Node<'_>) -> Value {
    if let Some(target) = node.value.get("$ref").and_then(Value::as_str) {
        if !target.starts_with("#/components/schemas/") {
            document.refuse(node, "a schema refers to a schema of `#/components/schemas`");
        }
        document.resolve(node);
        return json!({ "$ref": target });
    }
    if is_null_only(node) {
        return described(node, Map::from_iter([("enum".to_owned(), json!([null]))]));
    }
    if node.has("oneOf") {
        return one_of(document, node);
    }
    if node.has("allOf") {
        return all_of(document, node);
    }
    let kind = node.child("type");
    let (shape, known): (Map<String, Value>, &[&str]) = match kind.text() {
        "object" => (object(document, node), &["properties", "required", "maxProperties"]),
        "array" => (array(document, node), &["items"]),
        "string" => (string(node), &["enum", "format"]),
        "integer" => (number(document, node, &["", "int32", "int64"]), &["enum", "format"]),
        "number" => (number(document, node, &["", "float", "double"]), &["format"]),
        "boolean" => (Map::new(), &[]),
        "" => {
            document.refuse(node, "a schema has a `type`, a `$ref`, a `oneOf` or an `allOf`");
            (Map::new(), &[])
        }
        other => {
            document.refuse(&kind, format!("`{other}` is not a type of OpenAPI 3.0"));
            (Map::new(), &[])
        }
    };
    refuse_unknown(document, node, known);
    let mut schema = Map::from_iter([("type".to_owned(), kind.value.clone())]);
    schema.extend(shape);
    described(node, schema)
}

/// Whether the schema admits null and nothing else.
pub(super) fn is_null_only(node: &Node<'_>) -> bool {
    node.value.get("enum") == Some(&json!([null]))
}

/// Whether the schema is an object without properties.
pub(super) fn is_empty(node: &Node<'_>) -> bool {
    node.child("type").text() == "object" && node.child("properties").entries().is_empty() && !is_null_only(node)
}

/// Whether values of the schema are scalars: text, numbers, truth values.
pub(super) fn is_scalar(document: &Document<'_>, node: &Node<'_>) -> bool {
    let schema = document.resolve(node);
    if let [described] = schema.child("allOf").elements().as_slice() {
        return is_scalar(document, described);
    }
    matches!(schema.child("type").text(), "string" | "integer" | "number" | "boolean")
}

fn described(node: &Node<'_>, mut schema: Map<String, Value>) -> Value {
    for key in ["description", "nullable"] {
        if let Some(value) = node.value.get(key) {
            schema.insert(key.to_owned(), value.clone());
        }
    }
    Value::Object(schema)
}

fn refuse_unknown(document: &Document<'_>, node: &Node<'_>, known: &[&str]) {
    for (key, child) in node.entries() {
        if key != "type" && !known.contains(&key) && !SHAPELESS.contains(&key) {
            document.refuse(&child, format!("the client does not know the keyword `{key}` here"));
        }
    }
}

fn object(document: &Document<'_>, node: &Node<'_>) -> Map<String, Value> {
    let mut properties = Map::new();
    for (name, property) in node.child("properties").entries() {
        if property.has("properties") {
            document.refuse(&property, "an object within an object is named: move it to `#/components/schemas`");
        }
        properties.insert(name.to_owned(), view(document, &property));
    }
    // Without properties it would be a map, which is more than the document means.
    let is_closed = properties.is_empty().then(|| ("additionalProperties".to_owned(), Value::Bool(false)));
    let mut shape = Map::from_iter([("properties".to_owned(), Value::Object(properties))]);
    shape.extend(is_closed);
    if let Some(required) = node.value.get("required") {
        shape.insert("required".to_owned(), required.clone());
    }
    shape
}

fn array(document: &Document<'_>, node: &Node<'_>) -> Map<String, Value> {
    Map::from_iter([("items".to_owned(), view(document, &node.child("items")))])
}

fn string(node: &Node<'_>) -> Map<String, Value> {
    let values = node.value.get("enum").map(|values| ("enum".to_owned(), values.clone()));
    Map::from_iter(values)
}

fn number(document: &Document<'_>, node: &Node<'_>, formats: &[&str]) -> Map<String, Value> {
    let format = node.child("format");
    if !formats.contains(&format.text()) {
        document.refuse(&format, format!("the client has no number of the format `{}`", format.text()));
    }
    let format = node.value.get("format").map(|format| ("format".to_owned(), format.clone()));
    Map::from_iter(format)
}

fn one_of(document: &Document<'_>, node: &Node<'_>) -> Value {
    refuse_unknown(document, node, &["oneOf"]);
    let branches = node.child("oneOf").elements();
    if branches.len() < 2 {
        document.refuse(&node.child("oneOf"), "a `oneOf` has two branches or more");
    }
    let branches: Vec<Value> = branches.iter().map(|branch| view(document, branch)).collect();
    described(node, Map::from_iter([("oneOf".to_owned(), Value::Array(branches))]))
}

/// `allOf` with one branch is the way of 3.0 to describe a reference, or to let it be null.
fn all_of(document: &Document<'_>, node: &Node<'_>) -> Value {
    refuse_unknown(document, node, &["allOf", "type"]);
    let branches = node.child("allOf").elements();
    if branches.len() != 1 {
        document.refuse(&node.child("allOf"), "an `allOf` has one branch, which it describes or lets be null");
    }
    let branches: Vec<Value> = branches.iter().map(|branch| view(document, branch)).collect();
    described(node, Map::from_iter([("allOf".to_owned(), Value::Array(branches))]))
}
