//! `gatehouse serve`: the demo, restarts, keys that change while it runs, and how it ends.

use contract_tests::{
    fixture::{DEMO_APP, DEMO_SECRET},
    must,
    optional::is_there,
    socket::{Closed, Socket},
    wire::Request,
};
use futures_util::{StreamExt, future::join_all};
use gatehouse_client::go_api::{NewApp, Session, events::Event};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
};

use crate::{
    direct,
    program::{Installation, Running},
    settings_at,
};

const TOKEN: &str = "/go-api/external/service/auth/token";
const APP: &str = "/go-api/external/service/auth/app";

fn session_of(server: &Running, app_id: &str, app_secret: &str) -> Session {
    settings_at(server.base_url()).app_id(app_id).app_secret(app_secret).build().unwrap()
}

fn demo_session(server: &Running) -> Session {
    session_of(server, DEMO_APP, DEMO_SECRET)
}

/// The code of the reply to a list with this token.
async fn list_with(server: &Running, token: &str) -> i64 {
    Request::get(APP).bearer(token).send(server.address).await.reply.code()
}

#[tokio::test]
async fn the_demo_says_what_to_do_and_it_works() {
    let installation = Installation::new();
    let server = installation.serve(&["--demo"]).await;
    let word = |line: String| line.split_whitespace().last().unwrap_or_default().to_owned();
    let (app_id, secret) = (word(server.said("application ").await), word(server.said("secret ").await));
    assert_eq!((app_id.as_str(), secret.as_str()), (DEMO_APP, DEMO_SECRET));
    session_of(&server, &app_id, &secret).create_app(&NewApp::new("By the demo")).await.unwrap();

    let page = direct().get(word(server.said("Swagger UI").await)).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("swagger-ui"));

    let printed = format!("{}\n{}", server.said("curl ").await, server.said(" -d ").await);
    if is_there("curl", Command::new("curl").arg("--version").output().await.is_ok()) {
        let output = Command::new("sh").args(["-c", &printed]).env("NO_PROXY", "*").output().await.unwrap();
        let reply: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(reply["code"], 0, "{printed}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_demo_is_for_loopback_alone() {
    let installation = Installation::new();
    let said = installation.refuse(&["serve", "--demo", "--listen", "0.0.0.0:0"]).await;
    assert!(said.contains("0.0.0.0:0 is not loopback"), "{said}");
    let said = installation.refuse(&["serve", "--demo", "--listen", "127.0.0.1:0", "--listen", "[::]:0"]).await;
    assert!(said.contains("[::]:0 is not loopback"), "{said}");

    // Nor does its data go public later.
    installation.serve(&["--demo"]).await.stop().await;
    let said = installation.refuse(&["serve", "--listen", "0.0.0.0:0"]).await;
    assert!(said.contains("whose secret is public"), "{said}");
}

#[tokio::test]
async fn a_second_start_finds_data_and_tokens_of_the_first() {
    let installation = Installation::new();
    let server = installation.serve(&["--demo"]).await;
    let session = demo_session(&server);
    let created = session.create_app(&NewApp::new("Kept")).await.unwrap();
    let token = session.token().await.unwrap();
    server.stop().await;

    let server = installation.serve(&["--demo"]).await;
    assert_eq!(list_with(&server, token.expose()).await, 0);
    let page = demo_session(&server).apps().page(1).await.unwrap();
    assert_eq!(page.items.iter().map(|app| app.app_id.as_str()).collect::<Vec<_>>(), [created.app_id.as_str()]);
    session_of(&server, &created.app_id, &created.app_secret).token().await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_realm_that_is_applied_beside_it_reaches_sockets_and_tokens() {
    let installation = Installation::new();
    let server = installation.serve(&["--demo"]).await;
    let token = demo_session(&server).token().await.unwrap();
    let mut socket = Socket::open(server.address, &format!("/ws?token={}", token.expose())).await;
    assert_eq!(socket.receive().await["type"], "hello");
    socket.ask(r#"{"type":"subscribe","topics":["app.disabled","token.revoked"]}"#).await;
    let disabled =
        format!("apps: [{{ id: {DEMO_APP}, name: Demo, enabled: false, secret: \"another secret of it\" }}]");
    std::fs::write(installation.directory().join("realm.yaml"), disabled).unwrap();
    installation.print(&["apply", "realm.yaml"]).await;
    for topic in ["token.revoked", "app.disabled"] {
        let event = socket.receive().await;
        assert_eq!((&event["topic"], &event["data"]), (&json!(topic), &json!({ "app_id": DEMO_APP })));
    }
    assert_eq!(socket.closed().await.code, 4401);
    assert_eq!(list_with(&server, token.expose()).await, 10002);
    server.logged("a realm that was applied is in effect").await;
    server.stop().await;
}

#[tokio::test]
async fn an_empty_store_says_how_to_begin() {
    let installation = Installation::new();
    let server = installation.serve(&[]).await;
    let hint = server.logged("gatehouse bootstrap").await;
    assert_eq!(serde_json::from_str::<Value>(&hint).unwrap()["level"], "WARN");
    let said: Value = serde_json::from_str(&installation.print(&["bootstrap", "--json"]).await).unwrap();
    let text = |key: &str| said["application"][key].as_str().expect("a text").to_owned();
    assert_eq!(text("app_name"), "First application");

    let admin = |key: &str| said["administrator"][key].as_str().expect("a text").to_owned();
    let login = json!({ "username": admin("user_name"), "password": admin("password") });
    let exchange = Request::post("/v1.0/openapi/auth/login").json(&login).send(server.address).await;
    assert_eq!(exchange.reply.code(), 0, "{exchange}");

    // The server need not be started again for that.
    let session = session_of(&server, &text("app_id"), &text("app_secret"));
    session.create_app(&NewApp::new("The second one")).await.unwrap();
    let log = server.stop().await;
    assert!(!log.contains(&text("app_secret")) && !log.contains(&admin("password")), "{log}");

    let said = installation.refuse(&["bootstrap", "--json"]).await;
    assert!(said.contains("has an application already"), "{said}");
    let log = installation.serve(&[]).await.stop().await;
    assert!(!log.contains("bootstrap"), "{log}");
}

#[tokio::test]
async fn sigterm_lets_a_request_finish_and_sockets_go() {
    let installation = Installation::new();
    let server = installation.serve(&["--demo"]).await;
    let token = demo_session(&server).token().await.unwrap();
    let mut socket = Socket::open(server.address, &format!("/ws?token={}", token.expose())).await;
    socket.receive().await;

    let body = format!("app_id={DEMO_APP}&app_secret={DEMO_SECRET}");
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        server.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body: the request is in flight.
    let mut go_on = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    must("the interim reply", stream.read_exact(&mut go_on)).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");

    server.signal("TERM").await;
    assert_eq!(socket.closed().await, Closed { code: 1001, reason: "the server shuts down".to_owned() });
    drop(socket);
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut reply = String::new();
    must("the reply", stream.read_to_string(&mut reply)).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains("\"code\":0"), "{reply}");
    let (status, log) = server.end().await;
    assert!(status.success() && log.contains("shutting down"), "{log}");
    assert!(!log.contains("still in flight"), "{log}");
}

#[tokio::test]
async fn sigterm_lets_logins_finish_that_wait_for_each_other() {
    let installation = Installation::new().setting("GATEHOUSE_LIMITS__SHUTDOWN_GRACE", "60");
    let server = installation.serve(&["--demo"]).await;
    // More than are hashed at once, whatever the machine.
    let mut logins = Vec::new();
    for _ in 0..12 {
        logins.push(Login::begin(&server).await);
    }
    server.signal("TERM").await;
    server.logged("shutting down").await;
    let replies = join_all(logins.into_iter().map(Login::finish)).await;
    for reply in &replies {
        assert_eq!(reply["header"]["code"], 0, "{reply}");
    }
    let (status, log) = server.end().await;
    assert!(status.success() && !log.contains("still in flight"), "{log}");

    // What they were told is true of the next start as well.
    let server = installation.serve(&["--demo"]).await;
    for reply in &replies {
        let token = reply["data"]["auth_token"].as_str().expect("a token");
        let list = Request::post("/api/v1/project/list").bearer(token).json(&json!({})).send(server.address).await;
        assert_eq!(list.reply.json()["header"]["code"], 0, "{list}");
    }
    server.stop().await;
}

/// A login whose body the server waits for.
struct Login {
    stream: TcpStream,
    body: String,
}

impl Login {
    async fn begin(server: &Running) -> Self {
        let body = json!({ "user_name": "admin", "password": "e10adc3949ba59abbe56e057f20f883e" }).to_string();
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!(
            "POST /api/v1/login HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Expect: 100-continue\r\n\r\n",
            server.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut go_on = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        must("the interim reply", stream.read_exact(&mut go_on)).await.unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self { stream, body }
    }

    async fn finish(mut self) -> Value {
        self.stream.write_all(self.body.as_bytes()).await.unwrap();
        let mut reply = String::new();
        must("the reply", self.stream.read_to_string(&mut reply)).await.unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
        serde_json::from_str(body).unwrap()
    }
}

#[tokio::test]
async fn a_stream_of_events_lives_through_a_restart() {
    let installation = Installation::new();
    let server = installation.serve(&["--demo"]).await;
    let address = server.address.to_string();
    let session = demo_session(&server);
    let mut events = session.events().connect().await.unwrap();
    let restart = async {
        server.stop().await;
        installation.serve_at(&address, &["--demo"]).await
    };
    let (server, event) = tokio::join!(restart, must("the new connection", events.next()));
    assert_eq!(event.unwrap().unwrap(), Event::Reconnected);
    session.create_app(&NewApp::new("After the restart")).await.unwrap();
    let event = must("the event", events.next()).await.unwrap().unwrap();
    assert!(matches!(&event, Event::AppCreated { app_name, .. } if app_name == "After the restart"), "{event:?}");
    drop(events);
    server.stop().await;
}

#[tokio::test]
async fn a_rotated_key_overlaps_with_the_former_one() {
    let installation = Installation::new();
    let server = installation.serve(&["--demo"]).await;
    let keys = async || {
        let listed = installation.print(&["keys", "list"]).await;
        let rows = listed.lines().skip(1).map(|line| line.split_whitespace().map(str::to_owned).collect());
        rows.collect::<Vec<Vec<String>>>()
    };
    let before = keys().await;
    let [only] = before.as_slice() else { panic!("one key, but {before:?}") };
    assert_eq!(only[1], "active");
    let former = only[0].clone();
    let token = demo_session(&server).token().await.unwrap();

    let said = installation.print(&["keys", "rotate"]).await;
    assert!(said.contains("is the active key") && said.contains(&format!("{former} still verifies")), "{said}");
    server.signal("HUP").await;
    let reloaded: Value = serde_json::from_str(&server.logged("the keys were read again").await).unwrap();
    let states: Vec<_> = keys().await.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let active = reloaded["active"].as_str().expect("an id").to_owned();
    assert_eq!(states, [(active.clone(), "active".to_owned()), (former.clone(), "verifying".to_owned())]);

    // The demo's secrets depend on the former key until they are next used.
    let said = installation.refuse(&["keys", "retire", &former]).await;
    assert!(said.contains("3 stored secret(s) still depend"), "{said}");
    server.use_other_secrets().await;
    let said = installation.refuse(&["keys", "retire", &former]).await;
    assert!(said.contains("1 stored secret(s) still depend"), "{said}");
    assert_eq!(list_with(&server, token.expose()).await, 0);
    let new = demo_session(&server).token().await.unwrap();
    installation.print(&["keys", "retire", &former]).await;
    server.signal("HUP").await;
    server.logged_again("the keys were read again", 2).await;
    assert_eq!(list_with(&server, token.expose()).await, 10001);
    assert_eq!(list_with(&server, new.expose()).await, 0);
    let said = installation.refuse(&["keys", "retire", &active]).await;
    assert!(said.contains("is the active one"), "{said}");
    server.stop().await;
}

#[tokio::test]
async fn the_log_has_a_line_for_each_request_and_no_secret() {
    let installation = Installation::new().setting("GATEHOUSE_DEBUG", "true");
    let server = installation.serve(&["--demo"]).await;
    let session = demo_session(&server);
    let token = session.token().await.unwrap();
    let created = session.create_app(&NewApp::new("Logged")).await.unwrap();
    let mut socket = Socket::open(server.address, &format!("/ws?token={}", token.expose())).await;
    socket.receive().await;
    let by_query = format!("{APP}?token={}", token.expose());
    let wrong = Request::post(TOKEN).form(&[("app_id", DEMO_APP), ("app_secret", "hunter2hunter2")]);
    for request in [Request::get(by_query).bearer("forged.forged.forged"), wrong] {
        request.header("X-Trace-ID", "journey-1").send(server.address).await;
    }
    drop(socket);
    let log = server.stop().await;
    for secret in [token.expose(), DEMO_SECRET, &created.app_secret, "hunter2", "forged"] {
        assert!(!log.contains(secret), "`{secret}` is in\n{log}");
    }
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let traced: Vec<_> = lines.iter().filter(|line| line["trace"] == "journey-1").collect();
    let seen: Vec<_> = traced.iter().map(|line| (line["operation"].as_str(), line["code"].as_i64())).collect();
    assert_eq!(seen, [(Some("listApps"), Some(10001)), (Some("issueToken"), Some(10004))], "{log}");
}
