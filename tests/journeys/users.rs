//! What the documents of `edge_gateway` and `coeus_gateway` print, sent by curl as it is printed: against the demo on one
//! port, and on the ports that those documents name.

use std::path::Path;

use contract_tests::{optional::is_there, wire::Request};
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
    assert_eq!(
        reply["result"]["expire"].as_i64().map(|expire| expire - reply["t"].as_i64().unwrap() / 1000),
        Some(7200)
    );

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

/// The calls of coeus_gateway at this address: register, log in, make a project, list it, delete it, log out.
async fn coeus_gateway(base: &str, data: &Path, user: &str) {
    let call = async |path: &str, token: &str, body: Value| {
        let line = format!(
            "curl --silent -X POST '{base}/api/v1/{path}' -H 'Content-Type: application/json' \
             -H 'Authorization: {token}' -d '{body}'"
        );
        printed(&line).await
    };
    let ok = json!({ "code": 0, "message": "OK", "total": 1, "count": 1 });
    let email = format!("{user}@126.com");
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
    let made = call("project/create", token, project).await;
    assert_eq!(made["header"], ok);
    let list = call("project/list", token, json!({ "page_no": 0, "page_size": 20 })).await;
    assert_eq!(list["header"], ok);
    assert_eq!(list["data"]["list"][0]["project_secret"], made["data"]["project_secret"]);
    let deleted = call("project/delete", token, json!({ "id": list["data"]["list"][0]["id"] })).await;
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
    coeus_gateway(&server.base_url(), &installation.directory().join("data"), "lory").await;

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
    coeus_gateway("http://127.77.31.11:8082", &installation.directory().join("data"), "lory").await;
    server.stop().await;
}

#[tokio::test]
async fn a_project_outlives_the_key_that_it_was_made_under() {
    let installation = Installation::new();
    let server = installation.serve(&["--demo"]).await;
    let call = async |server: &Running, path: &str, token: &str, body: Value| {
        Request::post(path).header("Authorization", token).json(&body).send(server.address).await.reply.json()
    };
    let token = async |server: &Running| {
        let login = json!({ "user_name": "admin", "password": "e10adc3949ba59abbe56e057f20f883e" });
        let reply = call(server, "/api/v1/login", "", login).await;
        reply["data"]["auth_token"].as_str().expect("a token").to_owned()
    };
    let secret = async |server: &Running| {
        let list = call(server, "/api/v1/project/list", &token(server).await, json!({})).await;
        list["data"]["list"][0]["project_secret"].clone()
    };
    let before = token(&server).await;
    let new = json!({ "project_type": 1, "project_name": "Kept" });
    let made = call(&server, "/api/v1/project/create", &before, new).await["data"]["project_secret"].clone();

    let keys = installation.print(&["keys", "list"]).await;
    let former = keys.lines().nth(1).and_then(|row| row.split_whitespace().next()).expect("a key").to_owned();
    installation.print(&["keys", "rotate"]).await;
    installation.print(&["keys", "retire", &former, "--force"]).await;
    server.signal("HUP").await;
    server.logged("the keys were read again").await;
    assert_eq!(secret(&server).await, made);
    let refused = call(&server, "/api/v1/project/list", &before, json!({})).await;
    assert_eq!(refused["header"]["code"], 1001, "its key is gone");
    server.stop().await;

    let server = installation.serve(&["--demo"]).await;
    assert_eq!(secret(&server).await, made);
    server.stop().await;
}
