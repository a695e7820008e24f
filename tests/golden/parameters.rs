//! Parameters of the path, the query and headers.

use std::sync::Arc;

use gatehouse_api::runtime::Context;
use serde_json::{Value, json};

use crate::{
    client,
    generated::parameters::{
        client::types::State as WireState,
        server::{Asked, Fault, Parameters, Routes, State},
    },
    transport::{send, serve},
};

pub struct Echo;

impl Parameters for Echo {
    async fn find_tools(
        &self,
        _cx: &Context,
        shelf: i64,
        name: String,
        size: i32,
        state: Option<State>,
        mark: Option<Vec<String>>,
        sharp: bool,
        like: Option<String>,
        x_lang: String,
        x_depth: Option<i32>,
    ) -> Result<Asked, Fault> {
        let marks = mark.unwrap_or_default();
        Ok(Asked { shelf, name, size, state, marks, sharp, like, lang: x_lang, depth: x_depth })
    }
}

async fn ask(url: &str, path_and_query: &str) -> (u16, Value) {
    send(reqwest::Client::new().get(format!("{url}/parameters/{path_and_query}"))).await
}

fn refused() -> (u16, Value) {
    (200, json!({ "code": 1, "msg": "refused", "data": null }))
}

#[tokio::test]
async fn the_client_sends_what_the_handler_gets() {
    let url = serve(Routes::new(Arc::new(Echo))).await;
    let client = client!(parameters, &url);
    let marks = vec!["a b".to_owned(), "c&d".to_owned()];
    let all = client.find_tools(
        -7,
        "a/b ü%",
        Some("abc"),
        Some(&marks),
        true,
        Some(100),
        Some(WireState::Here),
        Some(-5),
        Some("zh"),
    );
    let asked = all.await.unwrap().into_inner().data.unwrap();
    let expected = json!({
        "shelf": -7, "name": "a/b ü%", "size": 100, "state": "here", "marks": ["a b", "c&d"], "sharp": true, "like": "abc",
        "lang": "zh", "depth": -5
    });
    assert_eq!(serde_json::to_value(asked).unwrap(), expected);

    let least = client.find_tools(1, "ab", None, None, false, None, None, None, None);
    let asked = least.await.unwrap().into_inner().data.unwrap();
    let expected = json!({ "shelf": 1, "name": "ab", "size": 20, "marks": [], "sharp": false, "lang": "en" });
    assert_eq!(serde_json::to_value(asked).unwrap(), expected, "defaults are the document's");
}

#[tokio::test]
async fn every_constraint_of_a_parameter_holds() {
    let url = serve(Routes::new(Arc::new(Echo))).await;
    for bad in [
        "x/tools/ab?sharp=true",
        "9223372036854775808/tools/ab?sharp=true",
        "1/tools/a?sharp=true",
        "1/tools/ab",
        "1/tools/ab?sharp=yes",
        "1/tools/ab?sharp=true&sharp=false",
        "1/tools/ab?sharp=true&size=0",
        "1/tools/ab?sharp=true&size=101",
        "1/tools/ab?sharp=true&size=",
        "1/tools/ab?sharp=true&size=1&size=2",
        "1/tools/ab?sharp=true&state=gone",
        "1/tools/ab?sharp=true&mark=a&mark=b&mark=c",
        "1/tools/ab?sharp=true&like=ABC",
        "1/tools/ab?sharp=true&like=abcd",
        "1/tools/ab?sharp=true&like=%ff",
    ] {
        assert_eq!(ask(&url, bad).await, refused(), "{bad}");
    }
    for bad in ["1", "-6", "x", "\u{e9}"] {
        let request = reqwest::Client::new().get(format!("{url}/parameters/1/tools/ab?sharp=true"));
        assert_eq!(send(request.header("X-Depth", bad)).await, refused(), "{bad}");
    }
    let twice = reqwest::Client::new().get(format!("{url}/parameters/1/tools/ab?sharp=true"));
    assert_eq!(send(twice.header("X-Depth", "-1").header("X-Depth", "-2")).await, refused());
    assert_eq!(ask(&url, "1/tools/ab?sharp=true&size=100&unknown=1").await.1["data"]["size"], 100);
}
