//! `coeus_gateway`: one exchange a test, named operation and case.

use contract_tests::{
    fixture::{ADMIN, Fixture},
    wire::Request,
};
use serde_json::{Value, json};

use crate::Dialect;

/// What the tests about every document need to know.
pub const DIALECT: Dialect = Dialect {
    name: "coeus_gateway",
    credential: |server| Box::pin(token_of_admin(server)),
    prepare: |server, operation| {
        Box::pin(async move {
            match operation {
                "register" => vec![("reg_code", code(server, "lory", "civet148@126.com").await.into())],
                "deleteProject" => vec![("id", project(server).await)],
                _ => Vec::new(),
            }
        })
    },
};

const AUTH_CODE: &str = "/api/v1/auth-code";
const LOGIN: &str = "/api/v1/login";
const CREATE_PROJECT: &str = "/api/v1/project/create";
const LIST_PROJECTS: &str = "/api/v1/project/list";

/// The digest of the administrator's password.
const DIGEST: &str = "e10adc3949ba59abbe56e057f20f883e";

/// Asks for a registration code and reads the mail.
async fn code(server: &Fixture, user_name: &str, email: &str) -> String {
    let asked = Request::post(AUTH_CODE).json(&json!({ "user_name": user_name, "email": email }));
    let exchange = server.send(asked).await;
    assert_eq!(exchange.reply.json()["header"]["code"], 0, "{exchange}");
    server.mailed_code()
}

/// A token of the administrator.
async fn token_of_admin(server: &Fixture) -> String {
    token_of(server, ADMIN).await
}

/// A token of a user whose password is the administrator's.
async fn token_of(server: &Fixture, user_name: &str) -> String {
    let login = Request::post(LOGIN).json(&json!({ "user_name": user_name, "password": DIGEST }));
    let reply = server.send(login).await.reply.json();
    reply["data"]["auth_token"].as_str().expect("a token").to_owned()
}

/// Makes a project of the administrator and gives its id.
async fn project(server: &Fixture) -> Value {
    let token = token_of_admin(server).await;
    let create = json!({ "project_type": 1, "project_name": "我的ChatGPT项目" });
    server.send(Request::post(CREATE_PROJECT).bearer(&token).json(&create)).await;
    let list = server.send(Request::post(LIST_PROJECTS).bearer(&token).json(&json!({}))).await.reply.json();
    list["data"]["list"][0]["id"].clone()
}
