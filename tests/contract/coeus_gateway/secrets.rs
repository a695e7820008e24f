//! Secrets: where they are kept, and where they must not be.

use contract_tests::{fixture::Fixture, logs::Logs, wire::Request};
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::json;

use super::{
    ADDRESS, CREATE_PROJECT, DIGEST, LORY, REGISTER, code, code_of, list_request, login_request, logout_request,
    project_request, registration, token_of, token_of_admin,
};

#[tokio::test]
async fn a_secret_of_a_project_is_shown_in_the_list_and_encrypted_in_the_store() {
    for server in Fixture::on_every_database().await {
        let token = token_of_admin(&server).await;
        let created = server.send(project_request(&token, "Sealed")).await.reply.json()["data"].take();
        let list = server.send(list_request(&token, &json!({}))).await.reply.json();
        let listed = &list["data"]["list"][0];
        for field in ["project_key", "project_secret"] {
            assert_eq!(listed[field], created[field], "{:?}", server.backend());
        }
        let (key, secret) = (created["project_key"].as_str().unwrap(), created["project_secret"].as_str().unwrap());
        let row = row(&server, &format!("SELECT * FROM project WHERE project_key = '{key}'")).await;
        assert!(!row.iter().any(|(_, value)| value.contains(secret)), "{row:?}");
        assert!(column(&row, "secret_sealed").len() > 48, "{row:?}");
    }
}

/// A sealed value is bound to its row: copied to another one it opens nothing.
#[tokio::test]
async fn a_secret_copied_to_another_project_is_a_fault() {
    let server = Fixture::start().await;
    let token = token_of_admin(&server).await;
    for name in ["One", "Two"] {
        assert_eq!(code_of(&server.send(project_request(&token, name)).await.reply), 0);
    }
    server.execute("UPDATE project SET secret_sealed = (SELECT secret_sealed FROM project WHERE name = 'One')").await;
    let reply = server.send(list_request(&token, &json!({}))).await.reply;
    assert_eq!((reply.status, code_of(&reply)), (500, 500));
}

#[tokio::test]
async fn a_password_is_kept_hashed_and_sealed_only() {
    for server in Fixture::on_every_database().await {
        let code = code(&server, LORY, ADDRESS).await;
        assert_eq!(code_of(&server.send(registration(LORY, ADDRESS, &code)).await.reply), 0);
        let row = row(&server, "SELECT * FROM user_account WHERE id = 2").await;
        assert!(!row.iter().any(|(_, value)| value.to_lowercase().contains(DIGEST)), "{row:?}");
        assert!(column(&row, "password_hash").starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{row:?}");
        assert!(column(&row, "password_sealed").len() > 32, "{row:?}");
    }
}

#[tokio::test]
async fn unknown_fields_set_no_column() {
    for server in Fixture::on_every_database().await {
        let code = code(&server, LORY, ADDRESS).await;
        let body = json!({
            "user_name": LORY, "password": DIGEST, "email": ADDRESS, "reg_code": code, "id": 4711, "uid": "mine",
            "name": "mine", "account": "mine", "phone": "13800138000", "banned": true, "is_admin": true, "builtin": true,
            "password_hash": "mine", "tokens_valid_from": 9_999_999_999_999_i64, "created_at": 5,
        });
        assert_eq!(code_of(&server.send(Request::post(REGISTER).json(&body)).await.reply), 0);
        let user = row(&server, "SELECT * FROM user_account WHERE account = 'lory'").await;
        let is = |name: &str, value: &str| assert_eq!(column(&user, name), value, "{name} on {:?}", server.backend());
        is("id", "2");
        is("name", LORY);
        is("phone", "");
        for flag in ["banned", "is_admin", "builtin"] {
            is(flag, "0");
        }
        is("created_at", "1767323045000");

        let token = token_of(&server, LORY).await;
        let body = json!({
            "project_type": 1, "project_name": "Bold", "id": 4711, "user_id": 1, "project_key": "mine", "deleted_at": 5,
            "secret_sealed": "mine", "pool_id": 7, "request_total": -5, "request_today": -5, "created_at": 5,
        });
        let created = server.send(Request::post(CREATE_PROJECT).bearer(&token).json(&body)).await.reply;
        assert_eq!(code_of(&created), 0);
        let project = row(&server, "SELECT * FROM project").await;
        let is =
            |name: &str, value: &str| assert_eq!(column(&project, name), value, "{name} on {:?}", server.backend());
        for (name, value) in [("id", "1"), ("user_id", "2"), ("pool_id", ""), ("deleted_at", "")] {
            is(name, value);
        }
        for (name, value) in [("request_total", "0"), ("request_today", "0"), ("created_at", "1767323045000")] {
            is(name, value);
        }
    }
}

#[tokio::test]
async fn no_secret_and_no_token_reaches_the_log() {
    let logs = Logs::capture();
    let server = Fixture::with(|config| config.debug = true).await;
    let code = code(&server, LORY, ADDRESS).await;
    server.send(registration(LORY, ADDRESS, &code)).await;
    server.send(login_request(LORY, "00000000000000000000000000000000")).await;
    let token = token_of(&server, LORY).await;
    let created = server.send(project_request(&token, "Logged")).await.reply.json();
    server.send(list_request(&token, &json!({}))).await;
    server.execute("ALTER TABLE project RENAME TO gone").await;
    server.send(list_request(&token, &json!({}))).await;
    server.send(logout_request(&token)).await;
    server.send(logout_request(&token)).await;
    let text = logs.text();
    assert!(text.contains("an operation failed"), "the fault is in the log:\n{text}");
    let (_, signature) = token.rsplit_once('.').unwrap();
    let secret = created["data"]["project_secret"].as_str().unwrap();
    for (what, value) in [("password", DIGEST), ("token", signature), ("project's secret", secret)] {
        assert!(!text.contains(value), "a {what} is in the log:\n{text}");
    }
}

/// The one row of a query, every column as text; truth is 1, and null is empty.
async fn row(server: &Fixture, query: &str) -> Vec<(String, String)> {
    let connection = Database::connect(server.database_url()).await.unwrap();
    let asked = Statement::from_string(connection.get_database_backend(), query);
    let row = connection.query_one_raw(asked).await.unwrap().expect("the row is stored");
    let text = |name: &String| {
        let number = row.try_get::<Option<i64>>("", name).ok().flatten().map(|number| number.to_string());
        let small = || row.try_get::<Option<i32>>("", name).ok().flatten().map(|number| number.to_string());
        let truth = || row.try_get::<bool>("", name).ok().map(|truth| u8::from(truth).to_string());
        let text = || row.try_get::<Option<String>>("", name).ok().flatten();
        number.or_else(small).or_else(truth).or_else(text).unwrap_or_default()
    };
    let columns = row.column_names().iter().map(|name| (name.clone(), text(name))).collect();
    connection.close().await.unwrap();
    columns
}

/// A column of a row.
fn column<'a>(row: &'a [(String, String)], name: &str) -> &'a str {
    row.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).expect("the column is there")
}
