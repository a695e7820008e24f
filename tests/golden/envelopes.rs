//! Envelopes: every role, and how a failure says nothing where a success has data.

use std::sync::Arc;

use gatehouse_api::runtime::{Context, Listed, Null, WithOption};
use gatehouse_client::wire::{Caller, envelope::Envelope as _};
use serde_json::{Value, json};

use crate::{
    client,
    generated::{
        counted::{
            client::{self as counted_client, credentials},
            server as counted,
        },
        optioned::{client::ErrorCode as OptionedCode, server as optioned},
        timed::{client::types as timed_types, server as timed},
    },
    transport::{AT_MILLIS, TRACE, send, serve},
};

pub struct Handler;

impl counted::Counted for Handler {
    type Caller = ();

    async fn authenticate(&self, _cx: &Context, credential: counted::Credential) -> Result<(), counted::Fault> {
        let counted::Credential::Token(token) = credential;
        match token.as_deref() {
            Some("good") => Ok(()),
            Some(_) => Err(counted::Fault::new(counted::ErrorCode::Invalid)),
            None => Err(counted::Fault::new(counted::ErrorCode::Unauthorized).with_status(401)),
        }
    }

    async fn list_tools(
        &self,
        _cx: &Context,
        _caller: (),
        body: counted::Which,
    ) -> Result<Listed<counted::Tools>, counted::Fault> {
        match body.page_no {
            0 => Ok(Listed { data: counted::Tools { list: vec!["saw".to_owned()] }, total: 21, count: 1 }),
            1 => Err(counted::Fault::new(counted::ErrorCode::Unauthorized).with_status(401)),
            _ => Err(counted::Fault::new(counted::ErrorCode::Internal).with_status(500)),
        }
    }

    async fn who_is_here(&self, _cx: &Context) -> Result<counted::Person, counted::Fault> {
        Ok(counted::Person { name: "ann".to_owned(), rights: vec!["lend".to_owned(), "mend".to_owned()] })
    }

    async fn forget_all(&self, _cx: &Context, _body: counted::Silence) -> Result<Null, counted::Fault> {
        Ok(Null)
    }
}

#[tokio::test]
async fn a_list_is_counted_and_one_thing_is_one() {
    let url = serve(counted::Routes::new(Arc::new(Handler))).await;
    let client = client!(counted, &url, Caller::new().with(credentials::token("good")));
    let page = client.list_tools(&counted_client::types::Which { page_no: 0 }).await.unwrap().into_inner();
    let expected =
        json!({ "header": { "code": 0, "message": "OK", "total": 21, "count": 1 }, "data": { "list": ["saw"] } });
    assert_eq!(serde_json::to_value(page).unwrap(), expected);
    let person = client.who_is_here().await.unwrap().into_inner();
    let expected = json!({
        "header": { "code": 0, "message": "OK", "total": 1, "count": 1 },
        "data": { "name": "ann", "rights": ["lend", "mend"] },
    });
    assert_eq!(serde_json::to_value(person).unwrap(), expected, "a list among other things is not counted");
    let nothing = client.forget_all(&counted_client::types::Silence {}).await.unwrap().into_inner();
    let expected = json!({ "header": { "code": 0, "message": "OK", "total": 1, "count": 1 }, "data": {} });
    assert_eq!(serde_json::to_value(nothing).unwrap(), expected);
}

#[tokio::test]
async fn a_failure_says_nothing_in_the_way_of_its_status() {
    let url = serve(counted::Routes::new(Arc::new(Handler))).await;
    let post = |page: Value, token: Option<&str>| {
        let request = reqwest::Client::new().post(format!("{url}/counted/list")).json(&page);
        match token {
            Some(token) => request.header("authorization", token),
            None => request,
        }
    };
    let failure = |code: i32, message: &str, data: Value| json!({ "header": { "code": code, "message": message, "total": 0, "count": 0 }, "data": data });
    let page = |number: i32| json!({ "page_no": number });
    let cases = [
        (post(page(0), None), 401, failure(1001, "unauthorized", Value::Null)),
        (post(page(1), Some("good")), 401, failure(1001, "unauthorized", Value::Null)),
        (post(page(0), Some("bad")), 200, failure(1003, "invalid params", json!({}))),
        (post(page(-1), Some("good")), 200, failure(1003, "invalid params", json!({}))),
        (post(page(2), Some("good")), 500, failure(500, "internal", json!({}))),
    ];
    for (request, status, body) in cases {
        assert_eq!(send(request).await, (status, body));
    }
    let malformed = post(page(0), Some("good")).body("{");
    assert_eq!(send(malformed).await, (200, failure(1004, "bad json", json!({}))));
}

#[tokio::test]
async fn what_a_request_says_beside_is_ignored() {
    let url = serve(counted::Routes::new(Arc::new(Handler))).await;
    let forget = |body: &'static str| {
        let request = reqwest::Client::new().post(format!("{url}/counted/forget"));
        request.header("content-type", "application/json").body(body)
    };
    let codes = [("{}", 0), (r#"{"why":["so"]}"#, 0), ("[]", 1003), ("null", 1003), ("", 1004), ("{", 1004)];
    for (body, code) in codes {
        let (status, reply) = send(forget(body)).await;
        assert_eq!((status, &reply["header"]["code"]), (200, &json!(code)), "{body:?}");
    }
}

#[tokio::test]
async fn an_opened_envelope_has_the_data_itself_or_nothing() {
    let url = serve(counted::Routes::new(Arc::new(Handler))).await;
    let client = client!(counted, &url, Caller::new().with(credentials::token("good")));
    let page = |page_no| counted_client::types::Which { page_no };
    let opened = client.list_tools(&page(0)).await.unwrap().into_inner().open();
    assert_eq!((opened.code, opened.data.map(|data| data.list)), (0, Some(vec!["saw".to_owned()])));

    let stranger = client!(counted, &url, Caller::new().with(credentials::token("bad")));
    let opened = stranger.list_tools(&page(0)).await.unwrap().into_inner().open();
    assert_eq!((opened.code, opened.data.map(|data| data.list)), (1003, None));

    let Err(counted_client::Error::ErrorResponse(reply)) = client.list_tools(&page(1)).await else {
        panic!("a stranger is refused by status")
    };
    let failure = counted_client::ListToolsError::read(reply.status().as_u16(), reply.into_inner()).unwrap();
    let opened = failure.open();
    assert_eq!((opened.code, opened.message.as_deref()), (1001, Some("unauthorized")));
}

#[test]
fn an_empty_object_is_nothing_else() {
    for text in [r#"{"list":[1]}"#, r#"{"other":1}"#, "null"] {
        assert!(serde_json::from_str::<counted_client::types::ToolsOrNothing>(text).is_err(), "{text}");
        assert!(serde_json::from_str::<counted::ToolsOrNothing>(text).is_err(), "{text}");
    }
    let nothing = serde_json::from_str("{}").unwrap();
    assert!(matches!(nothing, counted_client::types::ToolsOrNothing::Empty(_)));
}

impl timed::Timed for Handler {
    async fn log_in(&self, _cx: &Context, body: timed::Login) -> Result<timed::Token, timed::Fault> {
        match body.username.as_str() {
            "admin" => Ok(timed::Token { access_token: "token".to_owned() }),
            _ => Err(timed::Fault::new(timed::ErrorCode::Params).with_message("another text").with_detail("a secret")),
        }
    }
}

#[tokio::test]
async fn a_message_is_there_on_failure_and_a_result_on_success() {
    let url = serve(timed::Routes::new(Arc::new(Handler))).await;
    let client = client!(timed, &url);
    let good = client.log_in(&timed_types::Login { username: "admin".to_owned() }).await.unwrap().into_inner();
    let trace = json!({ "id": TRACE, "desc": "" });
    let expected = json!({
        "code": 200, "success": true, "t": AT_MILLIS, "trace": trace, "result": { "access_token": "token" }
    });
    assert_eq!(serde_json::to_value(good).unwrap(), expected);
    let bad = client.log_in(&timed_types::Login { username: "x".to_owned() }).await.unwrap().into_inner();
    let expected = json!({ "code": 1104, "success": false, "t": AT_MILLIS, "msg": "another text", "trace": trace });
    assert_eq!(serde_json::to_value(bad).unwrap(), expected);
    let nowhere = send(reqwest::Client::new().get(format!("{url}/timed/nowhere"))).await;
    let msg = "url path is invalid";
    assert_eq!(nowhere, (404, json!({ "code": 1108, "success": false, "t": AT_MILLIS, "msg": msg, "trace": trace })));
}

impl optioned::Optioned for Handler {
    async fn list_configs(&self, _cx: &Context) -> Result<WithOption<Vec<String>, Option<i64>>, optioned::Fault> {
        Ok(WithOption { data: vec!["a".to_owned()], option: Some(21) })
    }

    async fn get_status(&self, _cx: &Context) -> Result<Null, optioned::Fault> {
        Err(optioned::Fault::new(optioned::ErrorCode::Invalid))
    }
}

#[tokio::test]
async fn one_more_thing_stands_beside_the_data() {
    let url = serve(optioned::Routes::new(Arc::new(Handler))).await;
    let client = client!(optioned, &url);
    let list = client.list_configs().await.unwrap().into_inner();
    let expected = json!({ "success": true, "code": 200, "message": "请求成功", "data": ["a"], "option": 21 });
    assert_eq!(serde_json::to_value(list).unwrap(), expected, "the first language is the document's");
    let status = send(reqwest::Client::new().get(format!("{url}/optioned/status")).header("lang", "en")).await;
    let expected = json!({ "success": false, "code": 430, "message": "invalid", "data": null, "option": null });
    assert_eq!(status, (200, expected));
}

#[test]
fn codes_of_one_number_are_told_apart_by_their_message() {
    assert_eq!(OptionedCode::from((400, "failed")), OptionedCode::Failed);
    assert_eq!(OptionedCode::from((400, "not there")), OptionedCode::NotThere);
    assert_eq!(OptionedCode::from((400, "不存在")), OptionedCode::NotThere);
    assert_eq!(OptionedCode::from((400, "another text")), OptionedCode::Failed);
    assert_eq!(OptionedCode::from((401, "not there")), OptionedCode::Unknown(401));
    assert_eq!(OptionedCode::NotThere.number(), 400);
}
