//! The round trip: the authored document becomes code, the code emits a document, and the two say the same.

use contract_tests::{
    fixture,
    meaning::{differences, different},
    spec::{self, Spec, entries},
};
use serde_json::Value;

#[tokio::test]
async fn every_document_comes_back() {
    let mounted = fixture::mounted().await;
    assert_eq!(mounted.len(), spec::all().len(), "every document is mounted");
    for (document, authored) in spec::all() {
        let mount = mounted.iter().find(|mount| mount.document().dialect == document.dialect);
        let emitted = mount.expect("the document is mounted").emitted();
        let emitted =
            Spec::new(document.dialect, serde_json::from_str(&emitted).expect("the emitted document is JSON"));
        let differences = differences(authored, &emitted);
        assert!(differences.is_empty(), "{}, authored and emitted:\n{}", document.dialect, differences.join("\n"));
    }
}

#[test]
fn json_says_what_yaml_says() {
    for (document, authored) in spec::all() {
        let yaml: Value = serde_saphyr::from_str(document.yaml).expect("the document is YAML");
        let differences = different(&yaml, &authored.json);
        assert!(differences.is_empty(), "{}, YAML and JSON:\n{}", document.dialect, differences.join("\n"));
        let [yaml, json] = [&yaml, &authored.json].map(Value::to_string);
        assert!(yaml == json, "{}: the order of keys differs", document.dialect);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Changes one place of the document and tells what then differs.
    fn after(pointer: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
        let (_, authored) = spec::all().iter().find(|(document, _)| document.dialect == "go_api").unwrap();
        let mut changed = authored.json.clone();
        change(changed.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere")));
        differences(authored, &Spec::new("changed", changed))
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
