//! `openSocket`: the handshake, the frames, and every way in which a socket ends.

use std::time::Duration;

use contract_tests::{
    fixture::{DEMO_APP, DEMO_SECRET, Fixture},
    logs::Logs,
    must,
    socket::{KEY, Socket},
    transcript,
    wire::{Exchange, Request},
};
use gatehouse_server::domain::event::{Event, Topic};
use serde_json::json;

use super::{PING, app_request, create, example_app};

/// A handshake at this target.
fn handshake(target: &str) -> Request {
    Request::get(target)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", KEY)
}

/// A socket of the demo application, which has been greeted.
async fn open(server: &Fixture) -> Socket {
    let token = server.token().await;
    open_with(server, &token).await
}

async fn open_with(server: &Fixture, token: &str) -> Socket {
    let mut socket = Socket::open(server.address(), &format!("/ws?token={token}")).await;
    assert_eq!(socket.receive().await["type"], "hello");
    socket
}

async fn refused(target: &str) -> Exchange {
    Fixture::start().await.send(handshake(target)).await
}

#[tokio::test]
async fn hello() {
    transcript!(open(&Fixture::start().await).await);
}

#[tokio::test]
async fn subscribe_and_unsubscribe() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    socket.ask(r#"{"type":"subscribe","topics":["token.revoked","app.created"]}"#).await;
    socket.ask(r#"{"type":"subscribe","topics":["app.created","limit.reached"]}"#).await;
    socket.ask(r#"{"type":"unsubscribe","topics":["token.revoked","app.disabled"]}"#).await;
    socket.ask(r#"{"type":"subscribe","topics":[]}"#).await;
    transcript!(socket);
}

#[tokio::test]
async fn ping() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    socket.ask(r#"{"type":"ping","id":"7"}"#).await;
    socket.ask(r#"{"type":"ping","id":{"any":[1,null]},"unknown":true}"#).await;
    socket.ask(r#"{"type":"ping"}"#).await;
    transcript!(socket);
}

#[tokio::test]
async fn bad_messages_leave_the_socket_open() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    for bad in [
        "hello",
        "",
        "[]",
        "{}",
        r#"{"type":"publish"}"#,
        r#"{"type":"subscribe"}"#,
        r#"{"type":"subscribe","topics":"app.created"}"#,
        r#"{"type":"subscribe","topics":["app.deleted"]}"#,
        r#"{"type":"subscribe","topics":["app.created","app.deleted"]}"#,
        r#"{"type":"subscribe","topics":[{"app.created":null}]}"#,
        r#"["subscribe",["app.created"]]"#,
    ] {
        assert_eq!(socket.ask(bad).await["code"], 400, "{bad}");
    }
    socket.send_binary(b"\x00\xff").await;
    socket.receive().await;
    assert_eq!(socket.ask(r#"{"type":"subscribe","topics":[]}"#).await["topics"], json!([]), "nothing was half done");
    transcript!(socket);
}

#[tokio::test]
async fn bad_message_in_chinese() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let mut socket = Socket::open_in(server.address(), &format!("/ws?token={token}"), "zh").await;
    socket.receive().await;
    socket.ask("你好").await;
    transcript!(socket);
}

#[tokio::test]
async fn app_created() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let mut socket = open_with(&server, &token).await;
    socket.ask(r#"{"type":"subscribe","topics":["app.created"]}"#).await;
    server.send(app_request(&token, &example_app())).await;
    socket.receive().await;
    transcript!(socket);
}

#[tokio::test]
async fn only_what_was_subscribed_to() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let mut socket = open_with(&server, &token).await;
    create(&server, &token, "Before").await;
    socket.ask(r#"{"type":"subscribe","topics":["app.created","limit.reached"]}"#).await;
    create(&server, &token, "Between").await;
    assert_eq!(socket.receive().await["data"]["app_name"], "Between");
    socket.ask(r#"{"type":"unsubscribe","topics":["app.created"]}"#).await;
    create(&server, &token, "After").await;
    // Frames come in order: had there been an event, it would come before the answer.
    assert_eq!(socket.ask(r#"{"type":"ping","id":1}"#).await["type"], "pong");
}

#[tokio::test]
async fn only_own_events() {
    let server = Fixture::start().await;
    let demo = server.token().await;
    let (app_id, secret) = create(&server, &demo, "Other").await;
    let other = server.token_of(&app_id, &secret).await;
    let (mut of_demo, mut of_other) = (open_with(&server, &demo).await, open_with(&server, &other).await);
    let everything = r#"{"type":"subscribe","topics":["app.created","app.disabled","token.revoked","limit.reached"]}"#;
    of_demo.ask(everything).await;
    of_other.ask(everything).await;
    create(&server, &other, "Of the other").await;
    assert_eq!(of_other.receive().await["data"]["app_name"], "Of the other");
    assert_eq!(of_demo.ask(r#"{"type":"ping"}"#).await["type"], "pong");
    create(&server, &demo, "Of the demo").await;
    assert_eq!(of_demo.receive().await["data"]["app_name"], "Of the demo");
    assert_eq!(of_other.ask(r#"{"type":"ping"}"#).await["type"], "pong");
}

#[tokio::test]
async fn every_socket_of_an_app_gets_its_events() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let mut sockets = [open_with(&server, &token).await, open(&server).await];
    for socket in &mut sockets {
        socket.ask(r#"{"type":"subscribe","topics":["app.created"]}"#).await;
    }
    create(&server, &token, "Shared").await;
    let [one, other] = &mut sockets;
    assert_eq!(one.receive().await, other.receive().await);
}

#[tokio::test]
async fn limit_reached() {
    let server = Fixture::with(|config| config.go_api.rate_limit = 1).await;
    let token = server.token().await;
    let mut socket = open_with(&server, &token).await;
    socket.ask(r#"{"type":"subscribe","topics":["limit.reached"]}"#).await;
    for _ in 0..3 {
        server.send(Request::get(PING).bearer(&token)).await;
    }
    socket.receive().await;
    // Told once a window, not at every refusal.
    socket.ask(r#"{"type":"ping"}"#).await;
    transcript!(socket);
}

#[tokio::test]
async fn token_revoked() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    socket.ask(r#"{"type":"subscribe","topics":["token.revoked"]}"#).await;
    server.revoke_tokens(DEMO_APP).await;
    socket.receive().await;
    assert_eq!(socket.closed().await.code, 4401);
    transcript!(socket);
}

#[tokio::test]
async fn app_disabled() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    socket.ask(r#"{"type":"subscribe","topics":["app.disabled"]}"#).await;
    server.change_app(DEMO_APP, &json!({ "enabled": false })).await;
    socket.receive().await;
    assert_eq!(socket.closed().await.code, 4401);
    transcript!(socket);
}

#[tokio::test]
async fn token_expires() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    server.clock.advance(Duration::from_secs(604_799));
    socket.ask(r#"{"type":"ping"}"#).await;
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(socket.closed().await.code, 4401);
    transcript!(socket);
}

#[tokio::test]
async fn too_slow() {
    let server = Fixture::with(|config| config.limits.socket_queue = 2).await;
    let app = server.core.apps.authenticate(DEMO_APP, DEMO_SECRET).await.unwrap();
    let mut socket = open(&server).await;
    socket.ask(r#"{"type":"subscribe","topics":["app.created"]}"#).await;
    // The socket's task cannot run before this one waits, so that the third event finds two in the queue.
    for number in 0..3 {
        let event = Event {
            id: format!("{number:032x}"),
            topic: Topic::AppCreated,
            at: contract_tests::fixture::START,
            data: json!({ "app_id": "go-api-x", "app_name": "x" }),
        };
        server.core.events.publish(app.id, event);
    }
    assert_eq!(socket.closed().await.code, 4408);
    transcript!(socket);
}

#[tokio::test]
async fn too_many() {
    let server = Fixture::with(|config| config.limits.sockets_per_app = 1).await;
    let first = open(&server).await;
    let token = server.token().await;
    let mut second = Socket::open(server.address(), &format!("/ws?token={token}")).await;
    assert_eq!(second.closed().await.code, 4429);
    transcript!(second);
    drop(first);
}

#[tokio::test]
async fn one_less_makes_room_and_others_have_their_own() {
    let server = Fixture::with(|config| config.limits.sockets_per_app = 1).await;
    let token = server.token().await;
    let (app_id, secret) = create(&server, &token, "Other").await;
    let mut first = open_with(&server, &token).await;
    open_with(&server, &server.token_of(&app_id, &secret).await).await;
    let app = server.core.apps.authenticate(DEMO_APP, DEMO_SECRET).await.unwrap();
    first.close().await;
    while server.core.events.live(app.id) > 0 {
        tokio::task::yield_now().await;
    }
    open_with(&server, &token).await;
}

#[tokio::test]
async fn largest_frame() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    socket.send_raw_text(&[b'x'; 64 * 1024]).await;
    socket.receive().await;
    transcript!(socket);
}

#[tokio::test]
async fn frame_too_large() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    socket.send_raw_text(&[b'x'; 64 * 1024 + 1]).await;
    assert_eq!(socket.closed().await.code, 1009);
    transcript!(socket);
}

#[tokio::test]
async fn text_that_is_not_utf8() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    socket.send_raw_text(b"\xff\xfe").await;
    assert_eq!(socket.closed().await.code, 1007);
    transcript!(socket);
}

#[tokio::test]
async fn shutdown() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    server.begin_shutdown();
    assert_eq!(socket.closed().await.code, 1001);
    transcript!(socket);
}

#[tokio::test]
async fn the_server_pings_every_30_seconds() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    // Time now passes only while everybody waits, and then as far as the next timer.
    tokio::time::pause();
    let before = tokio::time::Instant::now();
    // The server began to count when the socket was open, which is a moment before.
    let tens = || (before.elapsed().as_secs_f64() / 10.0).round();
    socket.pinged().await;
    assert_eq!(tens(), 3.0, "{:?}", before.elapsed());
    socket.pinged().await;
    assert_eq!(tens(), 6.0, "{:?}", before.elapsed());
}

#[tokio::test]
async fn no_token() {
    transcript!(refused("/ws").await);
}

#[tokio::test]
async fn no_token_in_chinese() {
    transcript!(Fixture::start().await.send(handshake("/ws").header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn empty_token() {
    transcript!(refused("/ws?token=").await);
}

#[tokio::test]
async fn bad_token() {
    transcript!(refused("/ws?token=forged").await);
}

#[tokio::test]
async fn bad_token_without_a_handshake() {
    transcript!(Fixture::start().await.send(Request::get("/ws?token=forged")).await);
}

#[tokio::test]
async fn token_in_the_header_instead() {
    let server = Fixture::start().await;
    let token = server.token().await;
    transcript!(server.send(handshake("/ws").bearer(&token)).await);
}

#[tokio::test]
async fn expired_token() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.clock.advance(Duration::from_secs(604_800));
    transcript!(server.send(handshake(&format!("/ws?token={token}"))).await);
}

#[tokio::test]
async fn revoked_token_in_chinese() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.revoke_tokens(DEMO_APP).await;
    transcript!(server.send(handshake(&format!("/ws?token={token}")).header("lang", "zh")).await);
}

#[tokio::test]
async fn no_handshake() {
    let server = Fixture::start().await;
    let token = server.token().await;
    transcript!(server.send(Request::get(format!("/ws?token={token}"))).await);
}

#[tokio::test]
async fn handshake_by_head() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let request = Request::new("HEAD", format!("/ws?token={token}"))
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", KEY);
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn handshake_of_another_version() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let request = Request::get(format!("/ws?token={token}"))
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "8")
        .header("Sec-WebSocket-Key", KEY);
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn handshake_without_a_key_in_chinese() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let request = Request::get(format!("/ws?token={token}"))
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("lang", "zh");
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let token = server.token().await;
    server.change_app(DEMO_APP, &json!({ "enabled": true })).await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(handshake(&format!("/ws?token={token}"))).await);
}

#[tokio::test]
async fn handshake_with_a_key_of_another_length() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let request = Request::get(format!("/ws?token={token}"))
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "c2hvcnQ=");
    transcript!(server.send(request).await);
}

/// A store that does not answer says nothing about the token, so that the socket does not close as if it did.
#[tokio::test]
async fn store_gone_while_open() {
    let server = Fixture::start().await;
    let mut socket = open(&server).await;
    server.change_app(DEMO_APP, &json!({ "enabled": true })).await;
    server.store.clone().close().await.unwrap();
    assert_eq!(socket.closed().await.code, 1011);
    transcript!(socket);
}

#[tokio::test]
async fn the_token_never_reaches_a_log() {
    let logs = Logs::capture();
    let server = Fixture::start().await;
    let token = server.token().await;
    let mut socket = open_with(&server, &token).await;
    socket.ask(r#"{"type":"subscribe","topics":["app.created"]}"#).await;
    socket.ask(&format!("token {token}")).await;
    server.revoke_tokens(DEMO_APP).await;
    must("the end", socket.closed()).await;
    server.send(handshake(&format!("/ws?token={token}"))).await;
    let text = logs.text();
    assert!(text.contains("openSocket"), "the handshake is logged:\n{text}");
    let (_, signature) = token.rsplit_once('.').unwrap();
    assert!(!text.contains(signature), "the token is in the log:\n{text}");
}
