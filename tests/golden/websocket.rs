//! A WebSocket: what is refused before it opens, and frames both ways.

use std::sync::Arc;

use contract_tests::must;
use futures_util::{SinkExt as _, StreamExt as _};
use gatehouse_api::runtime::{Context, OnSocket, SocketFrame};
use gatehouse_client::wire::Caller;
use serde_json::json;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use crate::{
    client,
    generated::websocket::{
        client::credentials,
        server::{self, Credential, ErrorCode, Fault, Routes},
    },
    transport::{send, serve},
};

pub struct Echo;

impl server::Websocket for Echo {
    type Caller = ();

    async fn authenticate(&self, _cx: &Context, credential: Credential) -> Result<(), Fault> {
        let Credential::Token(token) = credential;
        match token.as_deref() {
            Some("good") => Ok(()),
            _ => Err(Fault::new(ErrorCode::Stranger).with_status(401)),
        }
    }

    async fn open_echo(&self, _cx: &Context, _caller: ()) -> Result<OnSocket, Fault> {
        Ok(OnSocket::new(1024, async |mut socket| {
            while let Some(Ok(frame)) = socket.receive().await {
                let answer = match frame {
                    SocketFrame::Text(text) if text == "bye" => SocketFrame::Close(4000, text),
                    SocketFrame::Text(text) => SocketFrame::Text(text),
                    _ => continue,
                };
                if socket.send(answer).await.is_err() {
                    break;
                }
            }
        }))
    }
}

#[tokio::test]
async fn the_client_opens_a_socket_and_hears_itself() {
    let url = serve(Routes::new(Arc::new(Echo))).await;
    let client = client!(websocket, &url, Caller::new().with(credentials::token("good")));
    let upgraded = must("the upgrade", client.open_echo()).await.unwrap().into_inner();
    let mut socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await;
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(must("the echo", socket.next()).await.unwrap().unwrap(), Message::text("hello"));
    socket.send(Message::text("bye")).await.unwrap();
    let Message::Close(Some(close)) = must("the close", socket.next()).await.unwrap().unwrap() else {
        panic!("no close");
    };
    assert_eq!((u16::from(close.code), close.reason.as_str()), (4000, "bye"));
}

#[tokio::test]
async fn strangers_and_what_is_no_handshake_get_the_envelope() {
    let url = serve(Routes::new(Arc::new(Echo))).await;
    let get = |query: &str| reqwest::Client::new().get(format!("{url}/websocket/echo{query}"));
    let stranger = json!({ "code": 4, "msg": "who are you", "data": null });
    assert_eq!(send(get("")).await, (401, stranger.clone()));
    assert_eq!(send(get("?token=bad")).await, (401, stranger));
    let no_handshake = json!({ "code": 1, "msg": "refused", "data": null });
    assert_eq!(send(get("?token=good")).await, (400, no_handshake));
}
