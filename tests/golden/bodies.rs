//! Bodies: what a schema says holds in every encoding.

use std::sync::Arc;

use gatehouse_api::runtime::Context;
use serde_json::{Value, json};

use crate::{
    client,
    generated::{
        defaults::{client::types as default_types, server as defaults},
        delete_body::{client::types as delete_types, server as delete},
        forms::{client::types as form_types, server as forms},
        schemas::{client::types as schema_types, server as schemas},
    },
    transport::{BODY_LIMIT, send, serve},
};

pub struct Echo;

impl schemas::Schemas for Echo {
    async fn keep_tool(&self, _cx: &Context, body: schemas::Tool) -> Result<schemas::Tool, schemas::Fault> {
        Ok(body)
    }

    async fn keep_tools(&self, _cx: &Context, body: Vec<schemas::Part>) -> Result<Vec<schemas::Part>, schemas::Fault> {
        Ok(body)
    }
}

impl forms::Forms for Echo {
    async fn lend_anyhow(&self, _cx: &Context, body: forms::Loan) -> Result<forms::Loan, forms::Fault> {
        Ok(body)
    }

    async fn lend_by_form(&self, _cx: &Context, body: forms::Loan) -> Result<forms::Loan, forms::Fault> {
        Ok(body)
    }

    async fn lend_by_multipart(&self, _cx: &Context, body: forms::Loan) -> Result<forms::Loan, forms::Fault> {
        Ok(body)
    }
}

impl defaults::Defaults for Echo {
    async fn read_page(&self, _cx: &Context, body: defaults::Wanted) -> Result<defaults::Page, defaults::Fault> {
        let defaults::Wanted { page, size, since, word, whole, order } = body;
        Ok(defaults::Page { page, size, since, word, whole, order })
    }
}

impl delete::DeleteBody for Echo {
    async fn delete_one(&self, _cx: &Context, body: String) -> Result<delete::Gone, delete::Fault> {
        Ok(delete::Gone { ids: vec![body] })
    }

    async fn delete_many(&self, _cx: &Context, body: delete::Gone) -> Result<delete::Gone, delete::Fault> {
        Ok(body)
    }
}

fn refused() -> (u16, Value) {
    (200, json!({ "code": 1, "msg": "refused", "data": null }))
}

fn tool() -> Value {
    json!({
        "id": 1, "name": "saw", "state": "3rd floor", "parts": [{ "name": "blade", "weight": 0.5 }], "tags": ["old"],
        "note": null, "sharp": true, "shelf": 95, "owner": null, "price": -1.5
    })
}

/// The tool with one property changed; `None` takes it away.
fn with(name: &str, value: Option<Value>) -> Value {
    let mut tool = tool();
    let properties = tool.as_object_mut().unwrap();
    match value {
        Some(value) => properties.insert(name.to_owned(), value),
        None => properties.remove(name),
    };
    tool
}

#[tokio::test]
async fn objects_come_back_as_they_went() {
    let url = serve(schemas::Routes::new(Arc::new(Echo))).await;
    let client = client!(schemas, &url);
    let sent: schema_types::Tool = serde_json::from_value(tool()).unwrap();
    let reply = client.keep_tool(&sent).await.unwrap().into_inner();
    assert_eq!((reply.code, reply.msg.as_str()), (0, "done"));
    assert_eq!(serde_json::to_value(reply.data).unwrap(), serde_json::to_value(sent).unwrap());

    let parts = vec![schema_types::Part { name: "grip".to_owned(), weight: None }];
    let reply = client.keep_tools(&parts).await.unwrap().into_inner();
    assert_eq!(reply.data.unwrap()[0].name, "grip");
}

#[tokio::test]
async fn keys_keep_the_order_of_the_document() {
    let url = serve(schemas::Routes::new(Arc::new(Echo))).await;
    let request = reqwest::Client::new().post(format!("{url}/schemas/tools")).json(&tool());
    let text = request.send().await.unwrap().text().await.unwrap();
    let expected = r#"{"code":0,"msg":"done","data":{"id":1,"name":"saw","state":"3rd floor","parts":[{"name":"blade","weight":0.5}],"tags":["old"],"note":null,"sharp":true,"shelf":95,"price":-1.5}}"#;
    assert_eq!(text, expected, "a property that may be missing or null is missing where it is null");
}

#[tokio::test]
async fn every_constraint_of_a_schema_holds() {
    let url = serve(schemas::Routes::new(Arc::new(Echo))).await;
    let part = |name: &str| json!({ "name": name });
    let bad = [
        ("id", Some(json!(0))),
        ("id", Some(json!("1"))),
        ("id", Some(json!(1.0))),
        ("id", None),
        ("name", Some(json!(""))),
        ("name", Some(json!("toolong"))),
        ("name", Some(json!("SAW"))),
        ("name", Some(json!(5))),
        ("name", Some(json!(true))),
        ("name", Some(Value::Null)),
        ("state", Some(json!("gone"))),
        ("state", Some(json!({ "lent": null }))),
        ("parts", Some(json!([]))),
        ("parts", Some(json!([part("a"), part("b"), part("c")]))),
        ("parts", Some(json!([part("")]))),
        ("parts", Some(json!([{ "name": "a", "weight": 0.6 }]))),
        ("parts", Some(json!([{ "name": "a", "weight": null }]))),
        ("parts", Some(json!([{ "name": "a", "weight": 1e300 }]))),
        ("parts", Some(json!([["a", 0.1]]))),
        ("tags", Some(json!(["long"]))),
        ("tags", Some(json!("old"))),
        ("tags", Some(json!(["a", "b", "a"]))),
        ("parts", Some(json!([{ "name": "a", "weight": 0 }]))),
        ("note", None),
        ("sharp", Some(json!("true"))),
        ("shelf", Some(json!(7))),
        ("shelf", Some(json!(105))),
        ("shelf", Some(Value::Null)),
        ("shelf", Some(json!(4_294_967_300_i64))),
        ("owner", Some(json!("many"))),
        ("spare", Some(part("toolong"))),
        ("price", Some(json!(-1.6))),
        ("price", Some(json!(100))),
        ("price", Some(Value::Null)),
    ];
    for (name, value) in bad {
        let tool = with(name, value);
        let request = reqwest::Client::new().post(format!("{url}/schemas/tools")).json(&tool);
        assert_eq!(send(request).await, refused(), "{tool}");
    }
    let good = [
        ("name", Some(json!("abcde"))),
        ("note", Some(json!("a note"))),
        ("shelf", None),
        ("owner", Some(json!("授权者"))),
        ("spare", Some(Value::Null)),
        ("price", Some(json!(99))),
        ("unknown", Some(json!([1]))),
    ];
    for (name, value) in good {
        let tool = with(name, value);
        let request = reqwest::Client::new().post(format!("{url}/schemas/tools")).json(&tool);
        assert_eq!(send(request).await.1["code"], 0, "{tool}");
    }
}

#[tokio::test]
async fn what_is_no_body_of_the_operation_is_refused_before_it() {
    let url = serve(schemas::Routes::new(Arc::new(Echo))).await;
    let post = || reqwest::Client::new().post(format!("{url}/schemas/tools"));
    let json = |body: &'static [u8]| post().header("content-type", "application/json").body(body);
    for bad in
        [b"{".as_slice(), b"", b"[1] 2", b"\xff", br#"{"name": 5, bad"#, b"null", b"[]", br#"{"unknown":"\xff"}"#]
    {
        assert_eq!(send(json(bad)).await, refused(), "{}", bad.escape_ascii());
    }
    let transport = |status: u16| (status, json!({ "code": 2, "msg": "not here", "data": null }));
    assert_eq!(send(post().body("x=1").header("content-type", "text/plain")).await, transport(415));
    assert_eq!(send(post().form(&[("name", "saw")])).await, transport(415));
    assert_eq!(send(post().json(&"x".repeat(BODY_LIMIT))).await, transport(413));
    assert_eq!(send(reqwest::Client::new().get(format!("{url}/schemas/tools"))).await, transport(405));
    assert_eq!(send(reqwest::Client::new().get(format!("{url}/schemas/none"))).await, transport(404));
    let chinese = (200, json!({ "code": 1, "msg": "拒绝", "data": null }));
    assert_eq!(send(json(b"{").header("lang", "zh")).await, chinese);
}

#[tokio::test]
async fn every_client_method_of_a_form_is_understood() {
    let url = serve(forms::Routes::new(Arc::new(Echo))).await;
    let client = client!(forms, &url);
    let loan = json!({
        "tool": "a&b", "days": 30, "fee": 0.5, "insured": true, "kind": "guest", "note": "ü=+", "mark": -9_007_199_254_740_993_i64
    });
    let sent: form_types::Loan = serde_json::from_value(loan.clone()).unwrap();
    let replies = [
        client.lend_anyhow(&sent).await.unwrap(),
        client.lend_anyhow_form(&sent).await.unwrap(),
        client.lend_anyhow_multipart(&sent).await.unwrap(),
        client.lend_by_form(&sent).await.unwrap(),
        client.lend_by_multipart(&sent).await.unwrap(),
    ];
    for reply in replies {
        assert_eq!(serde_json::to_value(reply.into_inner().data).unwrap(), loan);
    }
}

#[tokio::test]
async fn the_same_value_is_refused_in_every_encoding() {
    let url = serve(forms::Routes::new(Arc::new(Echo))).await;
    // The value as JSON, and as the fields of a form.
    type Case = (Value, &'static [(&'static str, &'static str)], bool);
    let cases: [Case; 14] = [
        (json!({ "tool": "saw", "days": 1 }), &[("tool", "saw"), ("days", "1")], true),
        (json!({ "tool": "saw", "days": 1, "x": 1 }), &[("tool", "saw"), ("days", "1"), ("x", "1")], true),
        (json!({ "tool": "saw" }), &[("tool", "saw")], false),
        (json!({ "tool": "", "days": 1 }), &[("tool", ""), ("days", "1")], false),
        (json!({ "tool": "sawed", "days": 1 }), &[("tool", "sawed"), ("days", "1")], false),
        (json!({ "tool": "axe", "days": 1 }), &[("tool", "axe"), ("days", "1")], false),
        (json!({ "tool": "saw", "days": 0 }), &[("tool", "saw"), ("days", "0")], false),
        (json!({ "tool": "saw", "days": "many" }), &[("tool", "saw"), ("days", "many")], false),
        (json!({ "tool": "saw", "days": 1.5 }), &[("tool", "saw"), ("days", "1.5")], false),
        (json!({ "tool": "saw", "days": 1, "fee": -1 }), &[("tool", "saw"), ("days", "1"), ("fee", "-1")], false),
        (json!({ "tool": "saw", "days": 1, "fee": "NaN" }), &[("tool", "saw"), ("days", "1"), ("fee", "NaN")], false),
        (json!({ "tool": "saw", "days": 1, "kind": "x" }), &[("tool", "saw"), ("days", "1"), ("kind", "x")], false),
        (json!({ "tool": "saw", "days": 1, "insured": 1 }), &[("tool", "saw"), ("days", "1"), ("insured", "1")], false),
        (
            json!({ "tool": "saw", "days": 1, "note": "long" }),
            &[("tool", "saw"), ("days", "1"), ("note", "long")],
            false,
        ),
    ];
    for (value, fields, is_good) in cases {
        let http = reqwest::Client::new();
        let mut multipart = reqwest::multipart::Form::new();
        for (name, text) in fields {
            multipart = multipart.text(name.to_string(), text.to_string());
        }
        let as_json = send(http.post(format!("{url}/forms/any")).json(&value)).await;
        let as_form = send(http.post(format!("{url}/forms/any")).form(fields)).await;
        let as_multipart = send(http.post(format!("{url}/forms/any")).multipart(multipart)).await;
        assert_eq!(as_json, as_form, "{value}");
        assert_eq!(as_json, as_multipart, "{value}");
        if is_good {
            assert_eq!(as_json.1["data"]["tool"], "saw");
        } else {
            assert_eq!(as_json, refused(), "{value}");
        }
    }
}

#[tokio::test]
async fn a_field_that_stands_there_twice_is_refused() {
    let url = serve(forms::Routes::new(Arc::new(Echo))).await;
    let post = reqwest::Client::new().post(format!("{url}/forms/url"));
    assert_eq!(send(post.form(&[("tool", "a"), ("tool", "b"), ("days", "1")])).await, refused());
    let post = reqwest::Client::new().post(format!("{url}/forms/any"));
    let twice = r#"{"tool":"a","tool":"b","days":1}"#;
    assert_eq!(send(post.body(twice).header("content-type", "application/json")).await, refused());
}

#[tokio::test]
async fn delete_has_a_body() {
    let url = serve(delete::Routes::new(Arc::new(Echo))).await;
    let client = client!(delete_body, &url);
    let one = client.delete_one("a \"b\"").await.unwrap().into_inner();
    assert_eq!(one.data.unwrap().ids, ["a \"b\""]);
    let both = delete_types::Gone { ids: vec!["a".to_owned(), "b".to_owned()] };
    let both = client.delete_many(&both).await.unwrap().into_inner();
    assert_eq!(both.data.unwrap().ids, ["a", "b"]);
    let delete = || reqwest::Client::new().delete(format!("{url}/delete-body/one"));
    for bad in ["5", "[\"a\"]", "null", "{}"] {
        let request = delete().header("content-type", "application/json").body(bad);
        assert_eq!(send(request).await, refused(), "{bad}");
    }
    assert_eq!(send(delete()).await, refused(), "no body at all");
}

#[tokio::test]
async fn a_missing_property_stands_for_its_default_in_every_encoding() {
    let url = serve(defaults::Routes::new(Arc::new(Echo))).await;
    let page = |page: i32, whole: bool, order: &str| {
        let data = json!({ "page": page, "size": 20, "since": -7, "word": "any", "whole": whole, "order": order });
        (200, json!({ "code": 0, "msg": "done", "data": data }))
    };
    let post = || reqwest::Client::new().post(format!("{url}/defaults/pages"));
    let said = [("page", "3"), ("whole", "false"), ("order", "oldest")];
    assert_eq!(send(post().json(&json!({}))).await, page(0, true, "newest"));
    assert_eq!(
        send(post().json(&json!({ "page": 3, "whole": false, "order": "oldest" }))).await,
        page(3, false, "oldest")
    );
    assert_eq!(send(post().form(&[("unknown", "1")])).await, page(0, true, "newest"));
    assert_eq!(send(post().form(&said)).await, page(3, false, "oldest"));
    let form = |fields: &[(&'static str, &'static str)]| {
        fields.iter().fold(reqwest::multipart::Form::new(), |form, (name, text)| form.text(*name, *text))
    };
    assert_eq!(send(post().multipart(form(&[("unknown", "1")]))).await, page(0, true, "newest"));
    assert_eq!(send(post().multipart(form(&said))).await, page(3, false, "oldest"));
    for bad in [json!({ "page": null }), json!({ "page": -1 }), json!({ "size": 101 }), json!({ "order": "any" })] {
        assert_eq!(send(post().json(&bad)).await, refused(), "{bad}");
    }
}

#[tokio::test]
async fn a_client_may_leave_out_what_has_a_default() {
    let url = serve(defaults::Routes::new(Arc::new(Echo))).await;
    let client = client!(defaults, &url);
    let wanted: default_types::Wanted = serde_json::from_value(json!({ "page": 2 })).unwrap();
    for reply in [client.read_page(&wanted).await, client.read_page_form(&wanted).await] {
        let page = reply.unwrap().into_inner().data.unwrap();
        assert_eq!((page.page, page.size, page.word.as_str()), (2, 20, "any"));
    }
    let wrong: default_types::Wanted = serde_json::from_value(json!({ "size": 101 })).unwrap();
    assert!(client.read_page(&wrong).await.is_err(), "it is checked before it is sent");
}
