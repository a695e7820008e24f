//! What the documents of `edge_gateway` and `coeus_gateway` print, sent by curl as it is printed: against the demo on one
//! port, and on the ports that those documents name.

use std::path::Path;

use contract_tests::{
    fixture::{DEMO_APP, DEMO_SECRET},
    optional::is_there,
    wire::Request,
};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::program::{Installation, Running};

/// Runs a command line as it is printed, for this server.
async fn printed(line: &str) -> Value {
    let output = Command::new("sh").args(["-c", line]).env("NO_PROXY", "*").kill_on_drop(true).output().await.unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {line}"))
}

async fn curl_is_there() -> bool {
    is_there("curl", Command::new("curl").arg("--version").output().await.is_ok())
}

/// The calls of edge_gateway at this address.
async fn edge_gateway(base: &str) {
    let login = format!(
        "curl --silent --location '{base}/v1.0/openapi/auth/login' \\\n--header 'Content-Type: application/json' \\\n\
         --data '{{\n    \"username\":\"admin\",\n    \"password\":\"123456\"\n}}'"
    );
    let reply = printed(&login).await;
    assert_eq!((&reply["code"], &reply["success"]), (&json!(0), &json!(true)), "{reply}");
    assert!(reply["t"].as_i64() > Some(1_686_386_096_216) && reply.get("msg").is_none(), "{reply}");
    let text = |name: &str| reply["result"][name].as_str().expect("a token").to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    // The token is made after the request came in, which may have waited for other logins; but no longer than requests may.
    let life = reply["result"]["expire"].as_i64().unwrap() - reply["t"].as_i64().unwrap() / 1000;
    assert!((7200..=7230).contains(&life), "{reply}");

    let again = format!("curl --silent --location --request POST '{base}/v1.0/openapi/token/{refresh}'");
    let next = printed(&again).await;
    assert_eq!(next["code"], 0, "{next}");
    assert_ne!(next["result"]["refresh_token"], json!(refresh));

    let product = format!(
        "curl --silent '{base}/v1.0/openapi/createProduct' -H 'Content-Type: application/json' -H 'x-token: {access}'"
    );
    let made = printed(&product).await;
    assert_eq!(made["code"], 0, "{made}");
}

/// The calls of coeus_gateway at this address, with the names and numbers that it prints: the user is the second one of
/// the demo, and so is the project that is deleted the second one of this user.
async fn coeus_gateway(base: &str, data: &Path) {
    let (user, email) = ("lory", "civet148@126.com");
    let call = async |path: &str, token: &str, body: Value| {
        let line = format!(
            "curl --silent -X POST '{base}/api/v1/{path}' -H 'Content-Type: application/json' \
             -H 'Authorization: {token}' -d '{body}'"
        );
        printed(&line).await
    };
    let ok = json!({ "code": 0, "message": "OK", "total": 1, "count": 1 });
    let sent = call("auth-code", "", json!({ "user_name": user, "email": email })).await;
    assert_eq!(sent, json!({ "header": ok, "data": {} }));
    let code = crate::killed::code(&data.join("outbox"));
    assert_eq!(code.len(), 4);
    let password = "e10adc3949ba59abbe56e057f20f883e";
    let new = json!({ "user_name": user, "password": password, "email": email, "reg_code": code });
    assert_eq!(call("register", "", new).await, json!({ "header": ok, "data": {} }));

    let login = call("login", "", json!({ "user_name": user, "password": password })).await;
    assert_eq!((&login["header"], &login["data"]["user_name"]), (&ok, &json!(user)), "{login}");
    let token = login["data"]["auth_token"].as_str().expect("a token");
    let project = json!({ "project_type": 1, "project_name": "我的ChatGPT项目" });
    for id in 1..=2 {
        let made = call("project/create", token, project.clone()).await;
        assert_eq!(made["header"], ok);
        let list = call("project/list", token, json!({ "user_id": 2, "page_no": 0, "page_size": 20 })).await;
        assert_eq!(list["header"], json!({ "code": 0, "message": "OK", "total": id, "count": id }));
        let listed = &list["data"]["list"][id - 1];
        assert_eq!(listed["id"], id);
        for half in ["project_key", "project_secret"] {
            assert_eq!(listed[half], made["data"][half]);
        }
    }
    let deleted = call("project/delete", token, json!({ "id": 2 })).await;
    assert_eq!(deleted, json!({ "header": ok, "data": {} }));
    assert_eq!(call("platform/logout", token, json!({})).await, json!({ "header": ok, "data": {} }));
    assert_eq!(call("platform/logout", token, json!({})).await["header"]["code"], 1001);
}

#[tokio::test]
async fn the_printed_calls_work_on_one_port() {
    if !curl_is_there().await {
        return;
    }
    let installation = Installation::new();
    let server: Running = installation.serve(&["--demo"]).await;
    edge_gateway(&server.base_url()).await;
    coeus_gateway(&server.base_url(), &installation.directory().join("data")).await;

    // The same user, at once, through the other document.
    let login = format!(
        "curl --silent '{}/v1.0/openapi/auth/login' -H 'Content-Type: application/json' \
         -d '{{\"username\":\"lory\",\"password\":\"123456\"}}'",
        server.base_url()
    );
    assert_eq!(printed(&login).await["code"], 0);
    server.stop().await;
}

/// All of 127/8 is loopback on Linux, so that these ports are free on an address that nobody else uses.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_printed_calls_work_on_the_documented_ports() {
    if !curl_is_there().await {
        return;
    }
    let installation = Installation::new().setting("GATEHOUSE_DOCUMENTED_PORTS", "true");
    let server = installation.serve_at("127.77.31.11:0", &["--demo"]).await;
    edge_gateway("http://127.77.31.11:58081").await;
    coeus_gateway("http://127.77.31.11:8082", &installation.directory().join("data")).await;
    server.stop().await;
}

#[tokio::test]
async fn users_and_projects_outlive_the_key_that_they_were_made_under() {
    let installation = Installation::new();
    let server = installation.serve(&["--demo"]).await;
    let user = User::log_in(&server).await;
    let new = json!({ "project_type": 1, "project_name": "Kept" });
    let made = user.call(&server, "project/create", new).await["data"]["project_secret"].clone();
    let secret = async |user: &User, server: &Running| {
        user.call(server, "project/list", json!({})).await["data"]["list"][0]["project_secret"].clone()
    };

    let keys = installation.print(&["keys", "list"]).await;
    let former = keys.lines().nth(1).and_then(|row| row.split_whitespace().next()).expect("a key").to_owned();
    installation.print(&["keys", "rotate"]).await;
    server.signal("HUP").await;
    server.logged("the keys were read again").await;
    // Both keys verify, so that nobody has to log in again.
    assert_eq!(secret(&user, &server).await, made);
    assert_eq!(user.codes(&server).await, [0, 0]);

    // The demo's applications move to the new key with their next login, and then nothing depends on the former one.
    server.use_other_secrets().await;
    let login = [("app_id", DEMO_APP), ("app_secret", DEMO_SECRET)];
    let token = Request::post("/go-api/external/service/auth/token").form(&login).send(server.address).await;
    assert_eq!(token.reply.code(), 0, "{token}");
    let late = User::log_in(&server).await;
    installation.print(&["keys", "retire", &former]).await;
    server.signal("HUP").await;
    server.logged_again("the keys were read again", 2).await;
    assert_eq!(user.codes(&server).await, [10006, 1011]);
    assert_eq!(user.call(&server, "project/list", json!({})).await["header"]["code"], 1001);
    assert_eq!(secret(&late, &server).await, made);
    assert_eq!(late.codes(&server).await, [0, 0]);
    server.stop().await;

    let server = installation.serve(&["--demo"]).await;
    assert_eq!(secret(&late, &server).await, made);
    assert_eq!(secret(&User::log_in(&server).await, &server).await, made);
    server.stop().await;
}

/// The administrator of the demo with a login of each document.
struct User {
    access: String,
    refresh: String,
    auth_token: String,
}

impl User {
    async fn log_in(server: &Running) -> Self {
        let login = json!({ "username": "admin", "password": "123456" });
        let edge = Request::post("/v1.0/openapi/auth/login").json(&login).send(server.address).await.reply.json();
        let login = json!({ "user_name": "admin", "password": "e10adc3949ba59abbe56e057f20f883e" });
        let coeus = Request::post("/api/v1/login").json(&login).send(server.address).await.reply.json();
        let text = |value: &Value| value.as_str().expect("a token").to_owned();
        Self {
            access: text(&edge["result"]["access_token"]),
            refresh: text(&edge["result"]["refresh_token"]),
            auth_token: text(&coeus["data"]["auth_token"]),
        }
    }

    /// An operation of coeus_gateway.
    async fn call(&self, server: &Running, path: &str, body: Value) -> Value {
        let call = Request::post(format!("/api/v1/{path}")).header("Authorization", &self.auth_token).json(&body);
        call.send(server.address).await.reply.json()
    }

    /// The codes by which edge_gateway answers the access token and the refresh token.
    async fn codes(&self, server: &Running) -> [i64; 2] {
        let product = Request::get("/v1.0/openapi/createProduct").header("x-token", &self.access);
        let refresh = Request::post(format!("/v1.0/openapi/token/{}", self.refresh));
        [product.send(server.address).await.reply.code(), refresh.send(server.address).await.reply.code()]
    }
}
