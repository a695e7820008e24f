//! Names that Rust would not take as they are.

use std::sync::Arc;

use gatehouse_api::runtime::Context;
use serde_json::json;

use crate::{
    client,
    generated::names::{
        client::types as wire,
        server::{Fault, Mode, Names, OddThing, Routes},
    },
    transport::serve,
};

pub struct Echo;

impl Names for Echo {
    async fn _2nd_use(
        &self,
        _cx: &Context,
        r#type: String,
        cx_parameter: i32,
        caller_parameter: Option<String>,
        x_caller: Option<String>,
        body: OddThing,
    ) -> Result<OddThing, Fault> {
        assert_eq!((r#type.as_str(), cx_parameter), ("a", 7));
        assert_eq!((caller_parameter.as_deref(), x_caller.as_deref()), (Some("b"), Some("c")));
        assert_eq!(body.r#fn, Some(Mode::SelfValue));
        Ok(body)
    }
}

#[tokio::test]
async fn names_on_the_wire_are_the_documents() {
    let url = serve(Routes::new(Arc::new(Echo))).await;
    let odd = json!({ "type": "t", "autoLoad": true, "2nd": "s", "kebab-case": "k", "fn": "self" });
    let sent: wire::OddThing = serde_json::from_value(odd.clone()).unwrap();
    let reply = client!(names, &url)._2nd_use("a", Some("b"), None, Some("c"), &sent).await.unwrap().into_inner();
    assert_eq!(serde_json::to_value(reply.data).unwrap(), odd);
}
