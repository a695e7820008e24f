//! The event stream against a server that closes, refuses and falls silent on demand.

use std::time::Duration;

use super::{LOGIN, SOCKET, builder, envelope, token};
use crate::server::{Answer, Peer, Server, reply, socket};
use futures_util::{SinkExt, StreamExt};
use gatehouse_client::RetryPolicy;
use gatehouse_client::go_api::events::{Event, Events, Topic};
use gatehouse_client::go_api::{Error, ErrorCode, Session};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Logins give the tokens t1, t2, …; sockets are up to `answer`, which gets their number.
async fn server(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |asked, before| match asked.path() {
        LOGIN => token(&format!("t{}", before + 1), 604_800),
        _ => answer(before),
    })
    .await
}

fn session(server: &Server) -> Session {
    builder(server).retry(RetryPolicy::default().base(Duration::from_millis(1))).build().unwrap()
}

async fn connect(server: &Server) -> Result<Events, Error> {
    session(server).events().connect().await
}

async fn send(peer: &mut Peer, message: &Value) {
    peer.send(Message::text(message.to_string())).await.unwrap();
}

async fn receive(peer: &mut Peer) -> Value {
    serde_json::from_str(peer.next().await.unwrap().unwrap().to_text().unwrap()).unwrap()
}

/// Greets, and acknowledges the subscription, which is returned.
async fn welcome(peer: &mut Peer) -> Value {
    let data = json!({ "app_id": "a", "expires_at": "2026-01-02T03:04:05Z" });
    send(peer, &json!({ "type": "hello", "trace": { "id": "t" }, "data": data })).await;
    let subscription = receive(peer).await;
    send(peer, &json!({ "type": "subscribed", "topics": subscription["topics"] })).await;
    subscription
}

fn created(number: usize) -> Value {
    json!({
        "type": "event", "topic": "app.created", "id": number.to_string(), "at": "2026-01-02T03:04:05Z",
        "data": { "app_id": format!("app-{number}"), "app_name": "n" },
    })
}

async fn close(peer: &mut Peer, code: u16, reason: &'static str) {
    let frame = CloseFrame { code: code.into(), reason: reason.into() };
    peer.send(Message::Close(Some(frame))).await.unwrap();
    while let Some(Ok(_)) = peer.next().await {}
}

/// Keeps the socket open until the client closes it.
async fn linger(mut peer: Peer) {
    while let Some(Ok(_)) = peer.next().await {}
}

fn is_created(event: Option<Result<Event, Error>>, number: usize) {
    match event {
        Some(Ok(Event::AppCreated { app_id, .. })) => assert_eq!(app_id, format!("app-{number}")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn events_are_typed() {
    let (told, mut subscription) = mpsc::unbounded_channel();
    let server = server(move |_| {
        let told = told.clone();
        socket(async move |mut peer| {
            told.send(welcome(&mut peer).await).unwrap();
            send(&mut peer, &created(1)).await;
            send(&mut peer, &json!({ "type": "pong", "id": null })).await;
            let limit = json!({ "limit": 1000, "reset": 5 });
            let event = json!({ "type": "event", "topic": "limit.reached", "id": "2", "at": "", "data": limit });
            send(&mut peer, &event).await;
            send(&mut peer, &json!({ "type": "event", "topic": "app.renamed", "id": "3", "at": "" })).await;
            linger(peer).await;
        })
    })
    .await;
    let topics = [Topic::LimitReached, Topic::AppCreated];
    let mut events = session(&server).events().topics(topics).connect().await.unwrap();
    let expected = json!({ "type": "subscribe", "topics": ["limit.reached", "app.created"] });
    assert_eq!(subscription.recv().await.unwrap(), expected);
    assert_eq!(server.asked(SOCKET)[0].target, "/ws?token=t1");
    is_created(events.next().await, 1);
    assert!(matches!(events.next().await, Some(Ok(Event::LimitReached { limit: 1000, reset: 5, .. }))));
    assert!(matches!(events.next().await, Some(Ok(Event::Unknown { topic, .. })) if topic == "app.renamed"));
}

#[tokio::test]
async fn a_broken_connection_is_replaced() {
    let server = server(|number| match number {
        1 => Answer::HangUp,
        2 => reply(502, "<html>bad gateway</html>"),
        number => socket(async move |mut peer| {
            welcome(&mut peer).await;
            send(&mut peer, &created(number)).await;
            if number == 3 {
                linger(peer).await;
            }
        }),
    })
    .await;
    let mut events = connect(&server).await.unwrap();
    is_created(events.next().await, 0);
    assert_eq!(events.next().await.unwrap().unwrap(), Event::Reconnected);
    is_created(events.next().await, 3);
    assert_eq!(server.asked(LOGIN).len(), 1);
}

#[tokio::test]
async fn an_ended_token_is_replaced() {
    let server = server(|number| {
        socket(async move |mut peer| {
            welcome(&mut peer).await;
            if number == 0 {
                close(&mut peer, 4401, "the token expired or was revoked").await;
            }
            send(&mut peer, &created(number)).await;
            linger(peer).await;
        })
    })
    .await;
    let mut events = connect(&server).await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap(), Event::Reconnected);
    is_created(events.next().await, 1);
    let targets: Vec<String> = server.asked(SOCKET).into_iter().map(|asked| asked.target).collect();
    assert_eq!(targets, ["/ws?token=t1", "/ws?token=t2"]);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let refused = |code: i32| envelope(401, code, "no", &Value::Null);
    let server = server(move |number| match number {
        0 => refused(10002),
        _ => socket(async |mut peer| {
            welcome(&mut peer).await;
            linger(peer).await;
        }),
    })
    .await;
    connect(&server).await.unwrap();
    assert_eq!((server.asked(LOGIN).len(), server.asked(SOCKET).len()), (2, 2));

    let server = self::server(move |_| refused(10001)).await;
    let error = connect(&server).await.unwrap_err();
    assert_eq!((error.code(), error.status()), (Some(ErrorCode::Unauthorized), Some(401)));
    assert_eq!(server.asked(SOCKET).len(), 1);
}

#[tokio::test]
async fn a_slow_reader_is_told_and_goes_on() {
    let server = server(|number| {
        socket(async move |mut peer| {
            welcome(&mut peer).await;
            if number == 0 {
                close(&mut peer, 4408, "the consumer is too slow").await;
            }
            send(&mut peer, &created(number)).await;
            linger(peer).await;
        })
    })
    .await;
    let mut events = connect(&server).await.unwrap();
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the socket was closed with 4408: the consumer is too slow");
    assert!(error.is_retryable());
    assert_eq!(events.next().await.unwrap().unwrap(), Event::Reconnected);
    is_created(events.next().await, 1);
}

#[tokio::test]
async fn too_many_sockets_end_the_stream() {
    let server = server(|_| {
        socket(async |mut peer| {
            welcome(&mut peer).await;
            close(&mut peer, 4429, "too many sockets").await;
        })
    })
    .await;
    let mut events = connect(&server).await.unwrap();
    assert!(matches!(events.next().await, Some(Err(Error::Closed { code: 4429, .. }))));
    assert!(events.next().await.is_none());
    assert_eq!(server.asked(SOCKET).len(), 1);
}

#[tokio::test]
async fn too_many_sockets_are_told_while_connecting() {
    let server = server(|_| socket(async |mut peer| close(&mut peer, 4429, "too many sockets").await)).await;
    assert!(matches!(connect(&server).await, Err(Error::Closed { code: 4429, .. })));
}

#[tokio::test]
async fn a_message_that_the_server_refuses_leaves_the_stream() {
    let server = server(|_| {
        socket(async |mut peer| {
            welcome(&mut peer).await;
            send(&mut peer, &json!({ "type": "error", "code": 400, "msg": "Request parameter error" })).await;
            peer.send(Message::text("no json")).await.unwrap();
            send(&mut peer, &created(1)).await;
            linger(peer).await;
        })
    })
    .await;
    let mut events = connect(&server).await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap_err().code(), Some(ErrorCode::InvalidParameter));
    assert!(matches!(events.next().await, Some(Err(Error::Decode { .. }))));
    is_created(events.next().await, 1);
}

#[tokio::test]
async fn pings_are_answered_and_dropping_closes() {
    let (told, mut heard) = mpsc::unbounded_channel();
    let server = server(move |_| {
        let told = told.clone();
        socket(async move |mut peer| {
            welcome(&mut peer).await;
            peer.send(Message::Ping("there?".into())).await.unwrap();
            told.send(format!("{:?}", peer.next().await.unwrap().unwrap())).unwrap();
            send(&mut peer, &created(1)).await;
            let end = peer.next().await;
            told.send(if matches!(end, Some(Ok(_))) { "more".to_owned() } else { "gone".to_owned() }).unwrap();
        })
    })
    .await;
    let mut events = connect(&server).await.unwrap();
    is_created(events.next().await, 1);
    assert!(heard.recv().await.unwrap().starts_with("Pong"));
    drop(events);
    assert_eq!(heard.recv().await.unwrap(), "gone");
}

#[tokio::test]
async fn what_comes_before_the_acknowledgement_is_kept() {
    let server = server(|_| {
        socket(async |mut peer| {
            send(&mut peer, &created(1)).await;
            welcome(&mut peer).await;
            linger(peer).await;
        })
    })
    .await;
    is_created(connect(&server).await.unwrap().next().await, 1);
}

#[tokio::test]
async fn a_handshake_that_nobody_read_is_refused() {
    let server = server(|_| {
        reply(101, "").with("Upgrade", "websocket").with("Sec-WebSocket-Accept", "bm90IHRoZSBrZXkgYXQgYWxs")
    })
    .await;
    assert!(matches!(connect(&server).await, Err(Error::Decode { .. } | Error::Transport(_))));
}
