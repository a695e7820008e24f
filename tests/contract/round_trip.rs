//! The round trip: the authored document becomes code, the code emits a document, and the two say the same.
//!
//! Both are first brought to one form: references to replies, headers and parameters are resolved, defaults are written
//! out, and what [`LEFT_OUT`] names is taken away. What then differs is a difference in meaning.

use contract_tests::{
    fixture,
    spec::{self, Spec, entries},
};
use serde_json::{Map, Value, json};

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

#[tokio::test]
async fn every_document_comes_back() {
    let mounted = fixture::mounted().await;
    assert_eq!(mounted.len(), spec::all().len(), "every document is mounted");
    for (document, authored) in spec::all() {
        let mount = mounted.iter().find(|mount| mount.document().dialect == document.dialect);
        let emitted = mount.expect("the document is mounted").emitted();
        let emitted =
            Spec::new(document.dialect, serde_json::from_str(&emitted).expect("the emitted document is JSON"));
        let differences = differences(&normalised(authored), &normalised(&emitted));
        assert!(differences.is_empty(), "{}, authored and emitted:\n{}", document.dialect, differences.join("\n"));
    }
}

#[test]
fn json_says_what_yaml_says() {
    for (document, authored) in spec::all() {
        let yaml: Value = serde_saphyr::from_str(document.yaml).expect("the document is YAML");
        let differences = differences(&yaml, &authored.json);
        assert!(differences.is_empty(), "{}, YAML and JSON:\n{}", document.dialect, differences.join("\n"));
        let [yaml, json] = [&yaml, &authored.json].map(Value::to_string);
        assert!(yaml == json, "{}: the order of keys differs", document.dialect);
    }
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
    // The code repeats `nullable` within the `allOf` that carries it.
    if out.get("nullable") == Some(&Value::Bool(true))
        && let Some(Value::Array(all)) = out.get_mut("allOf")
    {
        all.retain(|schema| *schema != json!({ "nullable": true }));
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
fn differences(authored: &Value, emitted: &Value) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes one place of the document and tells what then differs.
    fn after(pointer: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
        let (_, authored) = &spec::all()[0];
        let mut changed = authored.json.clone();
        change(changed.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere")));
        differences(&normalised(authored), &normalised(&Spec::new("changed", changed)))
    }

    #[test]
    fn a_document_is_like_itself() {
        assert_eq!(after("", |_| {}), [] as [String; 0]);
    }

    #[test]
    fn every_seeded_difference_is_found() {
        const APP: &str = "/paths/~1go-api~1external~1service~1auth~1app";
        let at = |rest: &str| format!("{APP}{rest}");
        for (pointer, value) in [
            (at("/get/operationId"), json!("listAllApps")),
            (at("/get/description"), json!("Something else.")),
            (at("/get/security"), json!([])),
            (at("/get/tags"), json!(["health"])),
            (at("/get/parameters/0/name"), json!("seite")),
            (at("/get/parameters/0/in"), json!("header")),
            (at("/get/parameters/1/schema/maximum"), json!(1000)),
            (at("/get/parameters/1/schema/default"), json!(10)),
            (at("/get/responses/200/content/application~1json/schema/$ref"), json!("#/components/schemas/PingReply")),
            (at("/post/requestBody/required"), json!(false)),
            (at("/post/requestBody/content"), json!({ "text/plain": { "schema": { "type": "string" } } })),
            ("/components/responses/TooLarge/description".to_owned(), json!("Too much.")),
            ("/components/headers/X-Trace-ID/required".to_owned(), json!(false)),
            ("/components/headers/X-RateLimit-Limit/schema/type".to_owned(), json!("string")),
            ("/components/schemas/NewApp/required".to_owned(), json!([])),
            ("/components/schemas/NewApp/properties/app_name/maxLength".to_owned(), json!(51)),
            ("/components/schemas/NewApp/properties/description/nullable".to_owned(), json!(false)),
            ("/components/schemas/AppStatus/enum".to_owned(), json!(["enabled"])),
            ("/components/schemas/TokenReply/properties/data/nullable".to_owned(), json!(false)),
            ("/components/schemas/AppList/properties/items/items".to_owned(), json!({ "type": "string" })),
            ("/components/securitySchemes/bearerAuth/scheme".to_owned(), json!("basic")),
            ("/tags/0/description".to_owned(), json!("Other things.")),
        ] {
            assert!(!after(&pointer, |place| *place = value).is_empty(), "a change at {pointer} is not found");
        }
    }

    #[test]
    fn a_lost_reply_header_schema_or_operation_is_found() {
        for (pointer, key) in [
            ("/paths/~1ws/get/responses", "401"),
            ("/components/responses/TooManyRequests/headers", "Retry-After"),
            ("/components/schemas", "Pagination"),
            ("/components/schemas/App/properties", "status"),
            ("/paths", "/ws"),
        ] {
            let lose = |place: &mut Value| drop(place.as_object_mut().and_then(|object| object.shift_remove(key)));
            assert!(!after(pointer, lose).is_empty(), "the loss of {key} is not found");
        }
    }

    #[test]
    fn the_order_of_properties_counts() {
        let reverse = |place: &mut Value| {
            let properties: Vec<_> = entries(place).map(|(name, schema)| (name.to_owned(), schema.clone())).collect();
            *place = properties.into_iter().rev().collect();
        };
        assert!(!after("/components/schemas/App/properties", reverse).is_empty());
    }
}
