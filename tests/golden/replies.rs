//! Replies: alternatives, headers of the handler and of the transport, facts of operations.

use std::sync::Arc;

use gatehouse_api::runtime::{Context, Null, RateLimit, WithHeaders};
use gatehouse_client::wire::header::HeaderError;
use serde_json::json;

use crate::{
    client,
    generated::{
        headers::{client as headers_client, server as headers},
        limits::server as limits,
        one_of::{client::types as one_of_types, server as one_of},
    },
    transport::{TRACE, send, serve},
};

pub struct Things;

impl one_of::OneOf for Things {
    async fn get_thing(&self, _cx: &Context, id: i32) -> Result<one_of::Thing, one_of::Fault> {
        match id {
            1 => Ok(one_of::Thing::Tool(one_of::Tool { edge: "sharp".to_owned() })),
            2 => Ok(one_of::Thing::Person(one_of::Person { mood: "sharp, too".to_owned() })),
            _ => Err(one_of::Fault::new(one_of::ErrorCode::Stranger)),
        }
    }
}

#[tokio::test]
async fn alternatives_are_told_apart_by_their_shape() {
    let url = serve(one_of::Routes::new(Arc::new(Things))).await;
    let client = client!(one_of, &url);
    let tool = client.get_thing(1).await.unwrap().into_inner().data.unwrap();
    assert!(matches!(tool, one_of_types::Thing::Tool(tool) if tool.edge == "sharp"));
    let person = client.get_thing(2).await.unwrap().into_inner().data.unwrap();
    assert!(matches!(person, one_of_types::Thing::Person(person) if person.mood == "sharp, too"));
    let nobody = client.get_thing(3).await.unwrap().into_inner();
    assert_eq!((nobody.code, nobody.msg.as_str(), nobody.data.is_none()), (4, "who are you", true));
}

pub struct Pages(headers::TurnPageHeaders);

impl Pages {
    /// Pages without headers.
    pub fn bare() -> Self {
        Self(headers::TurnPageHeaders { x_next_page: None, x_is_last: None, x_mark: None })
    }
}

impl headers::Headers for Pages {
    async fn turn_page(
        &self,
        _cx: &Context,
    ) -> Result<WithHeaders<headers::Page, headers::TurnPageHeaders>, headers::Fault> {
        Ok(WithHeaders { body: headers::Page { text: "page".to_owned() }, headers: self.0.clone() })
    }
}

#[tokio::test]
async fn headers_are_typed_on_both_sides() {
    let sent = headers::TurnPageHeaders { x_next_page: Some(7), x_is_last: Some(false), x_mark: None };
    let url = serve(headers::Routes::new(Arc::new(Pages(sent)))).await;
    let reply = client!(headers, &url).turn_page().await.unwrap();
    let got: Result<headers_client::TurnPageHeaders, HeaderError> = reply.headers().try_into();
    let got = got.unwrap();
    assert_eq!(got.x_trace_id.as_deref(), Some(TRACE));
    assert_eq!((got.x_next_page, got.x_is_last, got.x_mark), (Some(7), Some(false), None));
}

#[tokio::test]
async fn a_value_that_cannot_be_a_header_is_a_fault() {
    let sent = headers::TurnPageHeaders { x_next_page: None, x_is_last: None, x_mark: Some("a\nb".to_owned()) };
    let url = serve(headers::Routes::new(Arc::new(Pages(sent)))).await;
    let reply = send(reqwest::Client::new().get(format!("{url}/headers/page"))).await;
    assert_eq!(reply, (500, json!({ "code": 3, "msg": "broken", "data": null })));
}

pub struct Nothing;

impl limits::Limits for Nothing {
    async fn limited_as_all(&self, _cx: &Context) -> Result<Null, limits::Fault> {
        Ok(Null)
    }

    async fn limited_alone(&self, _cx: &Context) -> Result<Null, limits::Fault> {
        Ok(Null)
    }

    async fn unlimited(&self, _cx: &Context) -> Result<Null, limits::Fault> {
        Ok(Null)
    }
}

#[tokio::test]
async fn limits_are_facts_of_their_operations() {
    let all = RateLimit { scope: "client-ip", gap: 0, cycle: 3600, max: 1000, setting: Some("limits.max") };
    let own = RateLimit { scope: "device", gap: 3, cycle: 86_400, max: 200, setting: None };
    let limits: Vec<_> = limits::OPERATIONS.iter().map(|facts| (facts.id, facts.rate_limit)).collect();
    assert_eq!(limits, [("limitedAsAll", Some(all)), ("limitedAlone", Some(own)), ("unlimited", None)]);
    let url = serve(limits::Routes::new(Arc::new(Nothing))).await;
    let client = client!(limits, &url);
    assert_eq!(client.limited_as_all().await.unwrap().code, 0);
    assert_eq!(client.limited_alone().await.unwrap().code, 0);
    assert_eq!(client.unlimited().await.unwrap().code, 0);
}
