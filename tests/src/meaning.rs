//! What a document means, so that two of them can be compared: the authored one, and the one that its code emits.
//!
//! Both are first brought to one form: references to replies, headers and parameters are resolved, defaults are written
//! out, and what `LEFT_OUT` names is taken away. What then differs is a difference in meaning.

use serde_json::{Map, Value, json};

use crate::spec::{Spec, entries};

/// What the routes cannot emit, and why that is no difference in meaning.
const LEFT_OUT: [(&str, &str); 7] = [
    ("openapi", "the code emits 3.0.0, and the documents are 3.0.3: an editorial difference"),
    ("info", "the authored title and description are for readers of the document"),
    ("servers", "where a server is reached is not the code's business"),
    ("example", "examples are proven by sending and receiving them"),
    ("examples", "as above"),
    ("title", "the code repeats a schema's name there"),
    ("deprecated", "the code says `false` where the document says nothing, which is the default"),
];

/// Where two documents differ in meaning, by JSON pointer into their common form.
pub fn differences(authored: &Spec, emitted: &Spec) -> Vec<String> {
    different(&normalised(authored), &normalised(emitted))
}

/// What a document says, in one form.
fn normalised(spec: &Spec) -> Value {
    let mut paths = Map::new();
    for operation in spec.operations() {
        let mut out = plain(operation.node);
        let parameters = operation.node["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let parameters = parameters.iter().map(|parameter| {
            let parameter = normalised_parameter(spec.resolve(parameter));
            let name =
                format!("{} {}", parameter["in"].as_str().unwrap_or("?"), parameter["name"].as_str().unwrap_or("?"));
            (name, parameter)
        });
        out.insert("parameters".to_owned(), parameters.collect());
        if let Some(body) = operation.node.get("requestBody") {
            out.insert("requestBody".to_owned(), normalised_body(spec.resolve(body)));
        }
        let replies = spec.replies(operation).into_iter();
        let replies = replies.map(|(status, reply)| (status.to_string(), normalised_reply(spec, reply)));
        out.insert("responses".to_owned(), replies.collect());
        let security = operation.node.get("security").or_else(|| spec.json.get("security"));
        out.insert("security".to_owned(), security.cloned().unwrap_or_else(|| json!([])));
        paths.insert(format!("{} {}", operation.method, operation.path), Value::Object(out));
    }
    let named = |node: &Value, each: fn(&Value) -> Value| -> Value {
        entries(node).map(|(name, value)| (name.to_owned(), each(value))).collect()
    };
    let tags = spec.json["tags"].as_array().into_iter().flatten();
    json!({
        "paths": paths,
        "schemas": named(&spec.json["components"]["schemas"], normalised_schema),
        "securitySchemes": named(&spec.json["components"]["securitySchemes"], |scheme| Value::Object(plain(scheme))),
        "tags": tags.map(|tag| (tag["name"].as_str().unwrap_or("?").to_owned(), Value::Object(plain(tag)))).collect::<Value>(),
    })
}

fn is_left_out(key: &str) -> bool {
    key.starts_with("x-") || LEFT_OUT.iter().any(|(name, _)| *name == key)
}

/// An object without what is left out.
fn plain(value: &Value) -> Map<String, Value> {
    entries(value).filter(|(key, _)| !is_left_out(key)).map(|(key, value)| (key.to_owned(), value.clone())).collect()
}

fn normalised_parameter(parameter: &Value) -> Value {
    let mut out = plain(parameter);
    out.entry("required").or_insert(Value::Bool(false));
    out.insert("schema".to_owned(), normalised_schema(&parameter["schema"]));
    // The defaults of OpenAPI 3.0: `form` for queries and cookies, which explodes, `simple` elsewhere, which does not.
    let form = matches!(parameter["in"].as_str(), Some("query" | "cookie"));
    out.entry("style").or_insert(json!(if form { "form" } else { "simple" }));
    let explode = parameter.get("explode").filter(|_| form).cloned();
    out.insert("explode".to_owned(), explode.unwrap_or(Value::Bool(form)));
    Value::Object(out)
}

fn normalised_body(body: &Value) -> Value {
    let mut out = plain(body);
    out.entry("required").or_insert(Value::Bool(false));
    out.insert("content".to_owned(), normalised_content(&body["content"]));
    Value::Object(out)
}

fn normalised_reply(spec: &Spec, reply: &Value) -> Value {
    let mut out = plain(reply);
    out.insert("content".to_owned(), normalised_content(&reply["content"]));
    let headers = entries(&reply["headers"]).map(|(name, header)| {
        let header = spec.resolve(header);
        let mut out = plain(header);
        out.entry("required").or_insert(Value::Bool(false));
        out.insert("schema".to_owned(), normalised_schema(spec.resolve(&header["schema"])));
        // Names of headers are the same in every case.
        (name.to_ascii_lowercase(), Value::Object(out))
    });
    out.insert("headers".to_owned(), headers.collect());
    Value::Object(out)
}

fn normalised_content(content: &Value) -> Value {
    entries(content).map(|(kind, media)| (kind.to_owned(), normalised_schema(&media["schema"]))).collect()
}

fn normalised_schema(schema: &Value) -> Value {
    let mut out = plain(schema);
    for (key, value) in &mut out {
        match key.as_str() {
            "properties" => {
                // As a list, because the code keeps the document's order of keys.
                let each = entries(value).map(|(name, schema)| json!([name, normalised_schema(schema)]));
                *value = each.collect();
            }
            "items" | "not" | "additionalProperties" if value.is_object() => *value = normalised_schema(value),
            "allOf" | "oneOf" | "anyOf" => {
                *value = value.as_array().into_iter().flatten().map(normalised_schema).collect();
            }
            "required" => {
                let mut names: Vec<_> = value.as_array().into_iter().flatten().cloned().collect();
                names.sort_by_key(Value::to_string);
                *value = Value::Array(names);
            }
            // 1 and 1.0 are one number.
            "minimum" | "maximum" | "multipleOf" => *value = json!(value.as_f64()),
            _ => {}
        }
    }
    // The code says of a `oneOf` of objects that it is an object.
    if out.contains_key("oneOf") && out.get("type") == Some(&json!("object")) {
        out.shift_remove("type");
    }
    // The code writes what stands beside a reference into its `allOf`, or repeats it there.
    if let Some(Value::Array(mut all)) = out.remove("allOf") {
        let says_more =
            |schema: &Value| entries(schema).any(|(key, _)| !matches!(key, "default" | "description" | "nullable"));
        for schema in all.extract_if(.., |schema| !says_more(schema)) {
            out.extend(entries(&schema).map(|(key, value)| (key.to_owned(), value.clone())));
        }
        out.insert("allOf".to_owned(), Value::Array(all));
    }
    // An `allOf` of one reference and nothing beside it is the reference.
    if let Some([one]) = out.get("allOf").and_then(Value::as_array).map(Vec::as_slice)
        && out.len() == 1
    {
        return one.clone();
    }
    Value::Object(out)
}

/// Where two values differ, by JSON pointer.
pub fn different(authored: &Value, emitted: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", authored, emitted, &mut found);
    found
}

fn compare(at: &str, authored: &Value, emitted: &Value, found: &mut Vec<String>) {
    match (authored, emitted) {
        (Value::Object(one), Value::Object(other)) => {
            let missing = Value::Null;
            let more = other.keys().filter(|key| !one.contains_key(*key));
            for key in one.keys().chain(more) {
                let pair = (one.get(key).unwrap_or(&missing), other.get(key).unwrap_or(&missing));
                compare(&format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), pair.0, pair.1, found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (place, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&format!("{at}/{place}"), one, other, found);
            }
        }
        _ if authored == emitted => {}
        _ => found.push(format!("{at}: {authored} and {emitted}")),
    }
}
