//! A document without an envelope: every status has a body of its own, or none.

use std::sync::Arc;

use gatehouse_api::runtime::{Context, HttpCode, Refusal, WithHeaders};
use gatehouse_client::wire::Caller;
use serde_json::{Value, json};

use crate::{
    client,
    generated::plain::{
        client::{self as wire, credentials},
        server::{
            self, CheckDoorError, CheckDoorHeaders, CheckDoorTooManyRequestsHeaders, Credential, Door, Fault, Reason,
            Routes, Wait,
        },
    },
    transport::{send, serve},
};

pub struct Doors;

impl server::Plain for Doors {
    type Caller = String;

    async fn authenticate(&self, _cx: &Context, credential: Credential) -> Result<String, Fault> {
        let Credential::Key(key) = credential;
        key.ok_or(Fault::new(HttpCode::UNAUTHORIZED))
    }

    async fn check_door(
        &self,
        _cx: &Context,
        caller: String,
        door: i32,
    ) -> Result<WithHeaders<(), CheckDoorHeaders>, CheckDoorError> {
        match door {
            1 => Ok(WithHeaders { body: (), headers: CheckDoorHeaders { x_auth_user: caller, x_left: Some(3) } }),
            2 => Err(CheckDoorError::Forbidden(Reason { reason: "not yours".to_owned() })),
            3 => {
                let headers = CheckDoorTooManyRequestsHeaders { retry_after: 60 };
                Err(CheckDoorError::TooManyRequests(WithHeaders { body: Wait { seconds: 60 }, headers }))
            }
            _ => Err(Refusal::Fault.into()),
        }
    }

    async fn build_door(&self, _cx: &Context, body: Door) -> Result<Door, Refusal> {
        Ok(body)
    }

    async fn list_doors(&self, _cx: &Context) -> Result<Vec<Door>, Refusal> {
        Err(Refusal::Busy)
    }
}

#[tokio::test]
async fn successes_have_their_own_status_body_and_headers() {
    let url = serve(Routes::new(Arc::new(Doors))).await;
    let client = client!(plain, &url, Caller::new().with(credentials::key("ann")));
    let open = client.check_door(1).await.unwrap();
    assert_eq!(open.status(), 204);
    let headers = wire::CheckDoorHeaders::try_from(open.headers()).unwrap();
    assert_eq!((headers.x_auth_user.as_deref(), headers.x_left), (Some("ann"), Some(3)));
    let built = client.build_door(&wire::types::Door { name: "north".to_owned() }).await.unwrap();
    assert_eq!((built.status().as_u16(), built.name.as_str()), (201, "north"));
}

#[tokio::test]
async fn failures_have_a_schema_each() {
    let url = serve(Routes::new(Arc::new(Doors))).await;
    let client = client!(plain, &url, Caller::new().with(credentials::key("ann")));
    let failure = |error| match error {
        wire::Error::ErrorResponse(reply) => reply,
        other => panic!("{other:?}"),
    };
    let forbidden = failure(client.check_door(2).await.unwrap_err());
    let status = forbidden.status().as_u16();
    let reason = wire::CheckDoorError::read(status, forbidden.into_inner()).unwrap();
    assert!(matches!(reason, wire::CheckDoorError::Status403(reason) if reason.reason == "not yours"));
    let limited = failure(client.check_door(3).await.unwrap_err());
    assert_eq!(wire::CheckDoorHeaders::try_from(limited.headers()).unwrap().retry_after, Some(60));
    let wait = wire::CheckDoorError::read(429, limited.into_inner()).unwrap();
    assert!(matches!(wait, wire::CheckDoorError::Status429(wait) if wait.seconds == 60));
}

#[tokio::test]
async fn what_never_reached_an_operation_has_its_status_and_no_body() {
    let url = serve(Routes::new(Arc::new(Doors))).await;
    let http = reqwest::Client::new();
    let get = |path: &str| http.get(format!("{url}/plain/{path}"));
    let bare = |status: u16| (status, Value::Null);
    assert_eq!(send(get("check/1")).await, bare(401));
    assert_eq!(send(get("check/x").header("x-key", "ann")).await, bare(400));
    assert_eq!(send(get("check/-1").header("x-key", "ann")).await, bare(400));
    assert_eq!(send(get("check/4").header("x-key", "ann")).await, bare(500));
    assert_eq!(send(get("doors/names")).await, bare(503));
    assert_eq!(send(get("doors")).await, bare(405));
    assert_eq!(send(get("nowhere")).await, bare(404));
    let post = || http.post(format!("{url}/plain/doors"));
    assert_eq!(send(post().json(&json!({ "name": "" }))).await, bare(400));
    assert_eq!(send(post().body("{").header("content-type", "application/json")).await, bare(400));
    assert_eq!(send(post().body("door").header("content-type", "text/plain")).await, bare(415));
    let reply = post().json(&json!({ "name": 5 })).send().await.unwrap();
    assert!(reply.headers().get("content-type").is_none(), "no body, no type of it");
}
