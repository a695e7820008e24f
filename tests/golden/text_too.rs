//! Truth values that may be written as texts.

use std::sync::Arc;

use gatehouse_api::runtime::Context;
use serde_json::{Value, json};

use crate::{
    client,
    generated::text_too::{client::types, server},
    transport::{send, serve},
};

pub struct Echo;

impl server::TextToo for Echo {
    async fn replace(&self, _cx: &Context, body: server::Wish) -> Result<server::Outcome, server::Fault> {
        Ok(server::Outcome { replaced: body.is_replace.into() })
    }
}

#[tokio::test]
async fn a_truth_value_and_its_text_are_one_and_nothing_else_is() {
    let url = serve(server::Routes::new(Arc::new(Echo))).await;
    let answer = async |wish: Value| {
        let request = reqwest::Client::new().post(format!("{url}/text-too/replace")).json(&wish);
        let (_, reply) = send(request).await;
        (reply["code"].clone(), reply["data"]["replaced"].clone())
    };
    for (written, meant) in [
        (json!(true), json!(true)),
        (json!("true"), json!(true)),
        (json!(false), json!(false)),
        (json!("false"), json!(false)),
        (Value::Null, Value::Null),
    ] {
        assert_eq!(answer(json!({ "isReplace": written })).await, (json!(0), meant), "{written}");
    }
    assert_eq!(answer(json!({})).await, (json!(0), Value::Null));
    for bad in [json!("TRUE"), json!("yes"), json!(""), json!("null"), json!(1), json!(0), json!([]), json!({})] {
        assert_eq!(answer(json!({ "isReplace": bad })).await, (json!(1), Value::Null), "{bad}");
    }
}

#[tokio::test]
async fn the_client_sends_a_truth_value() {
    let url = serve(server::Routes::new(Arc::new(Echo))).await;
    let client = client!(text_too, &url);
    let wish = types::Wish { is_replace: Some(true) };
    assert_eq!(serde_json::to_value(&wish).unwrap(), json!({ "isReplace": true }));
    assert_eq!(client.replace(&wish).await.unwrap().into_inner().data.unwrap().replaced, Some(true));
}
