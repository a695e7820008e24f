//! What the API's document prints: clients in Python and JavaScript, and calls of curl.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Output,
};

use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, DEMO_APP, DEMO_SECRET, Fixture},
    must,
    optional::is_there,
};
use serde_json::{Value, json};
use tokio::process::Command;

const TOKEN: &str = "/go-api/external/service/auth/token";
const APP: &str = "/go-api/external/service/auth/app";

/// A program that reaches the server without a proxy in between, whatever the machine is set up for.
fn program(name: impl Into<OsString>) -> Command {
    let mut command = Command::new(name.into());
    command.kill_on_drop(true).env("NO_PROXY", "*").env("no_proxy", "*");
    command
}

async fn run(command: &mut Command) -> Output {
    must("the end of the program", command.output()).await.expect("the program starts")
}

/// Whether a program is there and ends well.
async fn succeeds(command: &mut Command) -> bool {
    let outcome = must("the end of the program", command.output()).await;
    outcome.is_ok_and(|output| output.status.success())
}

/// Python with `requests`: `GATEHOUSE_TEST_PYTHON`, or `python3`.
fn python() -> Command {
    program(std::env::var_os("GATEHOUSE_TEST_PYTHON").unwrap_or_else(|| "python3".into()))
}

/// Node.js with `axios`: from the modules in `GATEHOUSE_TEST_NODE_PATH`, or from wherever Node.js looks.
fn node() -> Command {
    let mut node = program("node");
    if let Some(modules) = std::env::var_os("GATEHOUSE_TEST_NODE_PATH") {
        node.env("NODE_PATH", modules);
    }
    node
}

fn client(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys/clients").join(file)
}

/// What a program printed, which ended well.
fn printed(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// The journey of both clients, and what they saw on it.
async fn journey(program: &mut Command, file: &str) {
    let server = Fixture::start().await;
    let output = run(program.arg(client(file)).args([&server.base_url(), DEMO_APP, DEMO_SECRET])).await;
    let seen = printed(&output);
    let codes = ["created", "taken", "nameless", "forged"].map(|step| seen[step]["code"].as_i64());
    assert_eq!(codes, [Some(0), Some(10005), Some(400), Some(10001)], "{seen:#}");
    assert_eq!(seen["created"]["msg"], "ok");
    assert!(seen["taken"]["data"].is_null());
    assert_eq!(seen["refused"], "Authentication failed");

    let caller = server.core.tokens.verify(seen["token"].as_str().expect("a token")).await.unwrap();
    assert_eq!(caller.app.app_id.as_str(), seen["created"]["data"]["app_id"]);
    assert!(caller.app.name.starts_with("我的应用 by "), "{}", caller.app.name);
    assert_eq!(caller.app.description.as_deref(), Some("应用描述"));
}

/// The journey of a user through both documents that have users, and what the clients saw on it.
async fn journey_of_a_user(program: &mut Command, file: &str) {
    let server = Fixture::start().await;
    let output = run(program.arg(client(file)).args([&server.base_url(), ADMIN, ADMIN_PASSWORD])).await;
    let seen = printed(&output);
    let codes = ["login", "refreshed", "product", "refused"].map(|step| seen[step]["code"].as_i64());
    assert_eq!(codes, [Some(0), Some(0), Some(0), Some(10006)], "{seen:#}");
    let codes = ["entered", "created", "listed", "deleted", "left", "gone"];
    let codes = codes.map(|step| seen[step]["header"]["code"].as_i64());
    assert_eq!(codes, [Some(0), Some(0), Some(0), Some(0), Some(0), Some(1001)], "{seen:#}");
    assert_eq!(seen["listed"]["data"]["list"][0]["project_secret"], seen["created"]["data"]["project_secret"]);
    assert_eq!(seen["listed"]["data"]["list"][0]["project_name"], "我的ChatGPT项目");
    assert_eq!(seen["gone"]["data"], Value::Null);
}

#[tokio::test]
async fn the_client_in_python() {
    if is_there("python", succeeds(python().args(["-c", "import requests"])).await) {
        journey(&mut python(), "go_api.py").await;
        journey_of_a_user(&mut python(), "users.py").await;
    }
}

#[tokio::test]
async fn the_client_in_javascript() {
    if is_there("node", succeeds(node().args(["-e", "require('axios')"])).await) {
        journey(&mut node(), "go_api.js").await;
        journey_of_a_user(&mut node(), "users.js").await;
    }
}

/// `curl`, silent but for errors, with these arguments; none where it is missing.
async fn curl(server: &Fixture, path: &str, arguments: &[&str]) -> Option<Output> {
    if !is_there("curl", succeeds(program("curl").arg("--version")).await) {
        return None;
    }
    let url = format!("{}{path}", server.base_url());
    Some(run(program("curl").args(["--silent", "--show-error"]).args(arguments).arg(url)).await)
}

/// What a call of curl is answered with, without the trace id, whose form is checked.
async fn called(server: &Fixture, path: &str, arguments: &[&str]) -> Option<Value> {
    let mut reply = printed(&curl(server, path, arguments).await?);
    let trace = reply["trace"]["id"].as_str().expect("a trace id");
    assert!((1..=64).contains(&trace.len()), "{trace}");
    assert_eq!(reply["trace"]["desc"], "");
    reply["trace"] = Value::Null;
    Some(reply)
}

#[tokio::test]
async fn curl_obtains_a_token_by_either_form() {
    let server = Fixture::start().await;
    let (id, secret) = (format!("app_id={DEMO_APP}"), format!("app_secret={DEMO_SECRET}"));
    for form in ["-d", "-F"] {
        let arguments = ["-X", "POST", form, &id, form, &secret];
        let Some(reply) = called(&server, TOKEN, &arguments).await else { return };
        let token = reply["data"]["token"].as_str().expect("a token").to_owned();
        assert_eq!(
            reply,
            json!({"code": 0, "msg": "ok", "trace": null, "data": {"token": token, "expires_in": 604_800}})
        );
        server.core.tokens.verify(&token).await.unwrap();
    }
    let Some(reply) = called(&server, TOKEN, &["-X", "POST", "-d", "app_id=your_app_id", "-d", "app_secret=x"]).await
    else {
        return;
    };
    let message = "Application does not exist or account info error";
    assert_eq!(reply, json!({"code": 10004, "msg": message, "trace": null, "data": null}));
}

#[tokio::test]
async fn curl_creates_an_application_and_lists_it() {
    let server = Fixture::start().await;
    let bearer = format!("Authorization: Bearer {}", server.token().await);
    // As the document prints it, line breaks and all.
    let body = "{\n\"app_name\": \"我的应用\",\n\"description\": \"应用描述\",\n\"redirect_uri\": \"https://example.com/callback\"\n}";
    let arguments = ["-X", "POST", "-H", &bearer, "-H", "Content-Type: application/json", "-d", body];
    let Some(reply) = called(&server, APP, &arguments).await else { return };
    assert_eq!((&reply["code"], &reply["msg"]), (&json!(0), &json!("ok")));
    let id = reply["data"]["app_id"].as_str().expect("an id").to_owned();
    assert_eq!(reply["data"]["app_secret"].as_str().map(str::len), Some(32));

    let page = format!("{APP}?page=1&size=20");
    let Some(reply) = called(&server, &page, &["-H", &bearer]).await else { return };
    assert_eq!(reply["data"]["items"][0]["app_id"], json!(id));
    assert_eq!(reply["data"]["pagination"], json!({"page": 1, "size": 20, "total": 1, "total_pages": 1}));
}

#[tokio::test]
async fn curl_checks_the_service_and_reads_the_headers() {
    let server = Fixture::start().await;
    for path in ["/go-api/external/service/ping", "/go-api/internal/service/ping", "/go-api/v1/external/service/ping"] {
        let Some(reply) = called(&server, path, &[]).await else { return };
        assert_eq!(reply, json!({"code": 0, "msg": "ok", "trace": null, "data": null}), "{path}");
    }
    let trace = "afeade2f5957-tcdtjo-gdmaj";
    let header = format!("X-Trace-ID: {trace}");
    let Some(output) = curl(&server, "/go-api/external/service/ping", &["-i", "-H", &header]).await else { return };
    let shown = String::from_utf8(output.stdout).unwrap().to_lowercase();
    let (head, body) = shown.split_once("\r\n\r\n").expect("a head and a body");
    for line in [
        "http/1.1 200 ok",
        "x-ratelimit-limit: 1000",
        "x-ratelimit-remaining: 996",
        "x-ratelimit-reset: 1767326645",
        &format!("x-trace-id: {trace}"),
    ] {
        assert!(head.lines().any(|shown| shown == line), "no `{line}` in\n{head}");
    }
    assert!(body.contains(trace), "{body}");
}

#[tokio::test]
async fn curl_without_a_token_is_unauthorized_in_the_language_that_it_asks_for() {
    let server = Fixture::start().await;
    let json = ["-X", "POST", "-H", "Content-Type: application/json", "-d", "{\"app_name\": \"x\"}"];
    let Some(reply) = called(&server, APP, &json).await else { return };
    assert_eq!(reply, json!({"code": 10001, "msg": "Unauthorized", "trace": null, "data": null}));
    let Some(reply) = called(&server, APP, &[json.as_slice(), &["-H", "lang: zh"]].concat()).await else { return };
    assert_eq!(reply, json!({"code": 10001, "msg": "未授权", "trace": null, "data": null}));
}
