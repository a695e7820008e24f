//! Security: where a credential stands, and which of several counts.

use std::sync::Arc;

use gatehouse_api::runtime::Context;
use gatehouse_client::wire::Caller;
use serde_json::{Value, json};

use crate::{
    client,
    generated::security::{
        client::credentials,
        server::{self, Credential, ErrorCode, Fault, Routes},
    },
    transport::{send, serve},
};

pub struct Doors;

/// Everybody whose credential is `good`, by the name of the scheme.
impl server::Security for Doors {
    type Caller = &'static str;

    async fn authenticate(&self, _cx: &Context, credential: Credential) -> Result<&'static str, Fault> {
        let (name, secret) = match credential {
            Credential::Bearer(secret) => ("bearer", secret),
            Credential::Bare(secret) => ("bare", secret),
            Credential::Key(secret) => ("key", secret),
            Credential::Raw(secret) => ("raw", secret),
            Credential::InQuery(secret) => ("inQuery", secret),
        };
        match secret.as_deref() {
            Some("good") => Ok(name),
            _ => Err(Fault::new(ErrorCode::Stranger)),
        }
    }

    async fn call_bearer(&self, _cx: &Context, caller: &'static str) -> Result<server::Caller, Fault> {
        Ok(server::Caller { name: caller.to_owned() })
    }

    async fn call_bare(&self, _cx: &Context, caller: &'static str) -> Result<server::Caller, Fault> {
        Ok(server::Caller { name: caller.to_owned() })
    }

    async fn call_key(&self, _cx: &Context, caller: &'static str) -> Result<server::Caller, Fault> {
        Ok(server::Caller { name: caller.to_owned() })
    }

    async fn call_raw(&self, _cx: &Context, caller: &'static str) -> Result<server::Caller, Fault> {
        Ok(server::Caller { name: caller.to_owned() })
    }

    async fn call_query(&self, _cx: &Context, caller: &'static str) -> Result<server::Caller, Fault> {
        Ok(server::Caller { name: caller.to_owned() })
    }

    async fn call_either(&self, _cx: &Context, caller: &'static str) -> Result<server::Caller, Fault> {
        Ok(server::Caller { name: caller.to_owned() })
    }

    async fn call_anybody(&self, _cx: &Context, caller: Option<&'static str>) -> Result<server::Caller, Fault> {
        Ok(server::Caller { name: caller.unwrap_or("nobody").to_owned() })
    }
}

async fn get(url: &str, path: &str, headers: &[(&str, &str)]) -> Value {
    let mut request = reqwest::Client::new().get(format!("{url}/security/{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (status, body) = send(request).await;
    assert_eq!(status, 200);
    if body["code"] == 0 { body["data"]["name"].clone() } else { body["code"].clone() }
}

#[tokio::test]
async fn the_client_puts_each_credential_where_the_server_reads_it() {
    let url = serve(Routes::new(Arc::new(Doors))).await;
    macro_rules! name {
        ($call:ident, $($credential:expr),*) => {{
            let caller = Caller::new()$(.with($credential))*;
            client!(security, &url, caller).$call().await.unwrap().into_inner().data.unwrap().name
        }};
    }
    assert_eq!(name!(call_bearer, credentials::bearer("good")), "bearer");
    assert_eq!(name!(call_bare, credentials::bare("good")), "bare");
    assert_eq!(name!(call_key, credentials::key("good")), "key");
    assert_eq!(name!(call_raw, credentials::raw("good")), "raw");
    assert_eq!(name!(call_query, credentials::in_query("good")), "inQuery");
    assert_eq!(name!(call_either, credentials::key("good")), "key");
    assert_eq!(name!(call_either, credentials::in_query("good")), "inQuery");
    assert_eq!(name!(call_anybody, credentials::key("good")), "key");
    assert_eq!(name!(call_anybody,), "nobody");
}

#[tokio::test]
async fn a_credential_elsewhere_or_of_another_form_is_none() {
    let url = serve(Routes::new(Arc::new(Doors))).await;
    let stranger = json!(4);
    for (path, headers, expected) in [
        ("bearer", &[("authorization", "bEARER good")][..], json!("bearer")),
        ("bearer", &[("authorization", "good")], stranger.clone()),
        ("bearer", &[("authorization", "Basic good")], stranger.clone()),
        ("bearer", &[], stranger.clone()),
        ("bare", &[("authorization", "good")], json!("bare")),
        ("bare", &[("authorization", "Bearer good")], json!("bare")),
        ("raw", &[("authorization", "good")], json!("raw")),
        ("raw", &[("authorization", "Bearer good")], stranger.clone()),
        ("key", &[("x-token", "bad")], stranger.clone()),
        ("key", &[("authorization", "good")], stranger.clone()),
        ("query?token=good", &[], json!("inQuery")),
        ("query?token=", &[], stranger.clone()),
        ("query", &[("token", "good")], stranger.clone()),
        ("either", &[], stranger.clone()),
        ("either?token=good", &[("x-token", "bad")], stranger.clone()),
        ("either?token=bad", &[("x-token", "good")], json!("key")),
        ("anybody", &[("x-token", "bad")], stranger),
    ] {
        assert_eq!(get(&url, path, headers).await, expected, "{path} {headers:?}");
    }
}
