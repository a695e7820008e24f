//! `coeus_gateway`: one exchange a test, named operation and case.

mod broken;
mod create_project;
mod databases;
mod delete_project;
mod envelope;
mod list_projects;
mod login;
mod logout;
mod mails;
mod races;
mod refused_tokens;
mod register;
mod restart;
mod secrets;
mod send_auth_code;
mod tokens;

use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, Fixture},
    wire::{Exchange, Reply, Request},
};
use gatehouse_server::domain::{
    origin::Origin,
    password::Digest,
    user::{Handle, NewUser, User},
};
use serde_json::{Value, json};

use crate::Dialect;

/// What the tests about every document need to know.
pub const DIALECT: Dialect = Dialect {
    name: "coeus_gateway",
    credential: |server, _scheme| Box::pin(async move { ("token", token_of_admin(server).await) }),
    prepare: |server, operation| {
        Box::pin(async move {
            match operation {
                "register" => vec![("reg_code", code(server, LORY, ADDRESS).await.into())],
                "deleteProject" => vec![("id", project(server).await)],
                _ => Vec::new(),
            }
        })
    },
};

const AUTH_CODE: &str = "/api/v1/auth-code";
const REGISTER: &str = "/api/v1/register";
const LOGIN: &str = "/api/v1/login";
const LIST_PROJECTS: &str = "/api/v1/project/list";
const CREATE_PROJECT: &str = "/api/v1/project/create";
const DELETE_PROJECT: &str = "/api/v1/project/delete";
const LOGOUT: &str = "/api/v1/platform/logout";

/// The digest of the administrator's password.
const DIGEST: &str = "e10adc3949ba59abbe56e057f20f883e";

/// Somebody who registers.
const LORY: &str = "lory";

/// The address of [`LORY`].
const ADDRESS: &str = "civet148@126.com";

/// The code in the envelope of a reply.
fn code_of(reply: &Reply) -> i64 {
    reply.json()["header"]["code"].as_i64().expect("the envelope has a code")
}

/// A request for a registration code.
fn auth_code_request(user_name: &str, email: &str) -> Request {
    Request::post(AUTH_CODE).json(&json!({ "user_name": user_name, "email": email }))
}

/// Asks for a registration code and reads the mail.
async fn code(server: &Fixture, user_name: &str, email: &str) -> String {
    let exchange = server.send(auth_code_request(user_name, email)).await;
    assert_eq!(code_of(&exchange.reply), 0, "{exchange}");
    server.mailed_code()
}

/// Another code than this one.
fn other_code(code: &str) -> String {
    code.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect()
}

/// A registration with the digest of the administrator's password.
fn registration(user_name: &str, email: &str, code: &str) -> Request {
    let body = json!({ "user_name": user_name, "password": DIGEST, "email": email, "reg_code": code });
    Request::post(REGISTER).json(&body)
}

/// A login with this password's digest, or what stands in its place.
fn login_request(user_name: &str, password: &str) -> Request {
    Request::post(LOGIN).json(&json!({ "user_name": user_name, "password": password }))
}

/// A request for a new project.
fn project_request(token: &str, name: &str) -> Request {
    Request::post(CREATE_PROJECT).bearer(token).json(&json!({ "project_type": 1, "project_name": name }))
}

/// A request for a list of projects.
fn list_request(token: &str, page: &Value) -> Request {
    Request::post(LIST_PROJECTS).bearer(token).json(page)
}

/// A request to delete a project.
fn delete_request(token: &str, id: &Value) -> Request {
    Request::post(DELETE_PROJECT).bearer(token).json(&json!({ "id": id }))
}

/// A request to end a token's session.
fn logout_request(token: &str) -> Request {
    Request::post(LOGOUT).bearer(token).json(&json!({}))
}

/// A user to be made, of whom only the name is known.
fn new_user(account: &str) -> NewUser {
    NewUser::new(Handle::account(account).expect("a name"))
}

/// Adds a user whose password is the administrator's.
async fn add(server: &Fixture, user: NewUser) -> User {
    let digest = Digest::of(ADMIN_PASSWORD);
    server.core.users.create(&Origin::command("test"), user, digest).await.expect("the user is new")
}

/// A token of the administrator.
async fn token_of_admin(server: &Fixture) -> String {
    token_of(server, ADMIN).await
}

/// A token of a user whose password is the administrator's.
async fn token_of(server: &Fixture, user_name: &str) -> String {
    token_in(&server.send(login_request(user_name, DIGEST)).await)
}

/// The token that a login gave.
fn token_in(exchange: &Exchange) -> String {
    let reply = exchange.reply.json();
    reply["data"]["auth_token"].as_str().unwrap_or_else(|| panic!("no token: {exchange}")).to_owned()
}

/// Makes a project of the administrator and gives its id.
async fn project(server: &Fixture) -> Value {
    let token = token_of_admin(server).await;
    server.send(project_request(&token, "我的ChatGPT项目")).await;
    first_project(server, &token).await["id"].clone()
}

/// The first project of a token's user.
async fn first_project(server: &Fixture, token: &str) -> Value {
    let list = server.send(list_request(token, &json!({}))).await.reply.json();
    list["data"]["list"][0].clone()
}
