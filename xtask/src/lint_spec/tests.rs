//! Each rule of the lint, made to fail.

use serde_json::{Value, json};

use super::lint;

fn sound() -> Value {
    json!({
        "x-dialect": { "languages": ["en"] },
        "x-envelope": { "roles": { "code": "code", "msg": "message" } },
        "x-error-codes": [{ "code": 0, "en": "ok" }],
        "paths": { "/tools": { "get": {
            "operationId": "listTools",
            "summary": "List the tools",
            "description": "Every tool.",
            "security": [{ "key": [] }],
            "parameters": [{
                "name": "page", "in": "query", "description": "The page.", "example": 1,
                "schema": { "type": "integer", "format": "int32" },
            }],
            "responses": { "200": {
                "description": "The tools.",
                "headers": { "X-Total": { "description": "How many.", "example": 1, "schema": { "type": "integer", "format": "int64" } } },
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Reply" },
                    "examples": { "ok": { "value": { "code": 0, "msg": "ok" } } },
                } },
            } },
        } } },
        "components": { "schemas": { "Reply": {
            "type": "object", "description": "The reply.", "required": ["code", "msg"],
            "properties": {
                "code": { "type": "integer", "format": "int32", "description": "The code." },
                "msg": { "type": "string", "description": "What it means." },
            },
        } } },
    })
}

/// What is said of the sound document with one place changed.
fn said(pointer: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = sound();
    change(document.pointer_mut(pointer).unwrap());
    lint("x.yaml", &document).iter().map(ToString::to_string).collect()
}

const OPERATION: &str = "/paths/~1tools/get";

#[test]
fn a_sound_document_has_nothing_to_mend() {
    assert!(said("", |_| {}).is_empty(), "{:?}", said("", |_| {}));
}

#[test]
fn operations_have_an_id_of_their_own_and_texts() {
    assert_eq!(
        said(OPERATION, |operation| *operation = {
            let mut changed = operation.clone();
            changed.as_object_mut().unwrap().remove("operationId");
            changed
        }),
        ["x.yaml: #/paths/~1tools/get: an operation has an operationId"]
    );
    assert_eq!(
        said(OPERATION, |operation| operation["summary"] = json!(" ")),
        ["x.yaml: #/paths/~1tools/get: `summary` is missing"]
    );
    let twice = said("/paths", |paths| paths["/more"] = paths["/tools"].clone());
    assert_eq!(twice, ["x.yaml: #/paths/~1more/get: the operationId `listTools` is that of #/paths/~1tools/get, too"]);
}

#[test]
fn paths_end_without_a_slash() {
    let found = said("/paths", |paths| *paths = json!({ "/tools/": paths["/tools"] }));
    assert_eq!(found, ["x.yaml: #/paths/~1tools~1: a path ends without a slash"]);
}

#[test]
fn security_is_one_scheme_at_a_time() {
    let found = said(OPERATION, |operation| operation["security"] = json!([{ "a": [], "b": [] }]));
    assert_eq!(
        found,
        ["x.yaml: #/paths/~1tools/get/security/0: two schemes at once are not asked for; list alternatives"]
    );
}

#[test]
fn no_reply_is_a_default() {
    let found = said(OPERATION, |operation| {
        operation["responses"] = json!({ "default": { "description": "Any." }, "200": operation["responses"]["200"] })
    });
    assert_eq!(
        found,
        ["x.yaml: #/paths/~1tools/get/responses/default: every status of a reply is named; there is no `default`"]
    );
}

#[test]
fn integers_say_their_width() {
    let found = said("/components/schemas/Reply/properties/code", |schema| {
        *schema = json!({ "type": "integer", "description": "." })
    });
    assert_eq!(
        found,
        ["x.yaml: #/components/schemas/Reply/properties/code: an integer says whether it is int32 or int64"]
    );
}

#[test]
fn enums_and_objects_have_names() {
    let at = "/components/schemas/Reply/properties/msg";
    let found = said(at, |schema| *schema = json!({ "type": "string", "enum": ["ok"], "description": "." }));
    assert_eq!(
        found,
        ["x.yaml: #/components/schemas/Reply/properties/msg: an enum is a component, so that it has a name"]
    );
    let found = said("/components/schemas/Reply/properties", |all| {
        all["more"] = json!({ "type": "object", "description": "." })
    });
    assert_eq!(
        found,
        ["x.yaml: #/components/schemas/Reply/properties/more: an object is a component, so that it has a name"]
    );
}

#[test]
fn names_differ_by_more_than_case() {
    let found = said("/components/schemas", |all| all["reply"] = all["Reply"].clone());
    assert_eq!(found, ["x.yaml: #/components/schemas/reply: the name differs from `Reply` by case only"]);
}

#[test]
fn descriptions_are_there() {
    let found = said("/components/schemas/Reply/properties/msg", |schema| *schema = json!({ "type": "string" }));
    assert_eq!(found, ["x.yaml: #/components/schemas/Reply/properties/msg: `description` is missing"]);
}

#[test]
fn examples_are_there_and_match() {
    let at = "/paths/~1tools/get/parameters/0";
    assert_eq!(said(at, |parameter| parameter["example"] = json!("one")).len(), 1);
    let removed = said(at, |parameter| {
        parameter.as_object_mut().unwrap().remove("example");
    });
    assert_eq!(removed, ["x.yaml: #/paths/~1tools/get/parameters/0: `example` is missing"]);
    let named = said("/components/schemas/Reply/properties", |all| {
        all["description"] = json!({ "type": "string", "description": ".", "maxLength": 1 });
    });
    assert!(named.is_empty(), "{named:?}");
    let body = "/paths/~1tools/get/responses/200/content/application~1json";
    let described = said("", |document| {
        document["components"]["schemas"]["Reply"]["properties"]["description"] =
            json!({ "type": "string", "description": "." });
        document.pointer_mut(&format!("{body}/examples/ok/value")).unwrap()["description"] = json!(7);
    });
    assert!(described.iter().any(|found| found.contains("does not match its schema")), "{described:?}");
    let found = said(body, |body| body["examples"]["ok"]["value"] = json!({ "code": 0 }));
    assert!(found[0].contains("the example does not match its schema"), "{found:?}");
}

#[test]
fn codes_in_examples_are_those_of_the_table() {
    let body = "/paths/~1tools/get/responses/200/content/application~1json/examples";
    let unknown = said(body, |all| all["bad"] = json!({ "value": { "code": 7, "msg": "no" } }));
    assert_eq!(unknown.len(), 1);
    assert!(unknown[0].ends_with("the code 7 is not in x-error-codes"));
    let message = said(body, |all| all["ok"] = json!({ "value": { "code": 0, "msg": "fine" } }));
    assert!(message[0].ends_with(r#"the message of code 0 is "ok""#), "{message:?}");
}
