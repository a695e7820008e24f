//! The operations one after the other, on every database.

use std::time::Duration;

use contract_tests::{
    fixture::{ADMIN_PASSWORD, Fixture},
    wire::Request,
};
use gatehouse_server::domain::project::Pool;
use serde_json::{Value, json};

use super::{
    ADDRESS, DIGEST, LORY, code, code_of, delete_request, list_request, login_request, logout_request, project_request,
    registration, token_of, token_of_admin,
};

#[tokio::test]
async fn a_user_registers_and_keeps_projects() {
    for server in Fixture::on_every_database().await {
        let backend = server.backend();
        let code = code(&server, LORY, ADDRESS).await;
        let registered = server.send(registration(LORY, ADDRESS, &code)).await.reply.json();
        let nothing = json!({ "header": { "code": 0, "message": "OK", "total": 1, "count": 1 }, "data": {} });
        assert_eq!(registered, nothing, "{backend:?}");

        let login = server.send(login_request(ADDRESS, DIGEST)).await.reply.json();
        assert_eq!((&login["data"]["user_name"], &login["data"]["role"]), (&json!(LORY), &json!("")), "{backend:?}");
        let token = login["data"]["auth_token"].as_str().unwrap();
        let mut created = Vec::new();
        for name in ["我的ChatGPT项目 🚀", "Second", "Third"] {
            let reply = server.send(project_request(token, name)).await.reply.json();
            assert_eq!(reply["header"], nothing["header"], "{backend:?}");
            created.push((name, reply["data"].clone()));
            server.clock.advance(Duration::from_secs(1));
        }
        let list = server.send(list_request(token, &json!({ "page_size": 2 }))).await.reply.json();
        assert_eq!(list["header"], json!({ "code": 0, "message": "OK", "total": 3, "count": 2 }), "{backend:?}");
        for ((name, credentials), project) in created.iter().zip(list["data"]["list"].as_array().unwrap()) {
            assert_eq!(project["project_name"], *name, "{backend:?}");
            for field in ["project_key", "project_secret"] {
                assert_eq!(project[field], credentials[field], "{backend:?}");
            }
        }
        let first = &list["data"]["list"][0];
        assert_eq!((&first["deleted"], &first["created_time"]), (&json!(false), &json!("2026-01-02 03:04:05")));
        let unserved = (&first["end_points"], &first["pool_id"], &first["pool_name"], &first["request_max"]);
        assert_eq!(unserved, (&json!([]), &json!(0), &json!(""), &json!(30)), "{backend:?}");

        assert_eq!(server.send(delete_request(token, &first["id"])).await.reply.json(), nothing, "{backend:?}");
        let list = server.send(list_request(token, &json!({}))).await.reply.json();
        assert_eq!(list["header"], json!({ "code": 0, "message": "OK", "total": 2, "count": 2 }), "{backend:?}");
        assert_eq!(server.send(logout_request(token)).await.reply.json(), nothing, "{backend:?}");
        assert_eq!(server.send(list_request(token, &json!({}))).await.reply.status, 401, "{backend:?}");
    }
}

#[tokio::test]
async fn a_user_who_registered_logs_in_at_edge_gateway_at_once() {
    for server in Fixture::on_every_database().await {
        let code = code(&server, LORY, ADDRESS).await;
        assert_eq!(code_of(&server.send(registration(LORY, ADDRESS, &code)).await.reply), 0);
        for username in [LORY, ADDRESS, "ＬＯＲＹ"] {
            let login = json!({ "username": username, "password": ADMIN_PASSWORD });
            let reply = server.send(Request::post("/v1.0/openapi/auth/login").json(&login)).await.reply.json();
            assert_eq!(reply["success"], true, "{username} on {:?}: {reply}", server.backend());
        }
    }
}

#[tokio::test]
async fn pools_serve_projects() {
    for server in Fixture::on_every_database().await {
        let pool = Pool {
            id: 7,
            name: "香港".to_owned(),
            project_type: Some(1),
            end_points: vec!["https://api.hobbychain.org//rpc".to_owned()],
            request_max: 500,
        };
        server.core.projects.provision_pool(pool).await.unwrap();
        let token = token_of_admin(&server).await;
        server.send(project_request(&token, "Served")).await;
        let list = server.send(list_request(&token, &json!({}))).await.reply.json();
        let project = &list["data"]["list"][0];
        let served = (&project["end_points"], &project["pool_id"], &project["pool_name"], &project["request_max"]);
        let expected = (json!(["https://api.hobbychain.org//rpc"]), json!(7), json!("香港"), json!(500));
        assert_eq!(served, (&expected.0, &expected.1, &expected.2, &expected.3), "{:?}", server.backend());
    }
}

#[tokio::test]
async fn pages_list_everything_once() {
    for server in Fixture::on_every_database().await {
        let token = token_of_admin(&server).await;
        let names: Vec<_> = (0..7).map(|number| format!("Project {number}")).collect();
        for name in &names {
            assert_eq!(code_of(&server.send(project_request(&token, name)).await.reply), 0);
        }
        let mut listed = Vec::new();
        for (page, count) in [(0, 3), (1, 3), (2, 1), (3, 0)] {
            let request = list_request(&token, &json!({ "page_no": page, "page_size": 3 }));
            let reply = server.send(request).await.reply.json();
            assert_eq!((&reply["header"]["total"], &reply["header"]["count"]), (&json!(7), &json!(count)));
            let projects = reply["data"]["list"].as_array().unwrap();
            listed.extend(projects.iter().map(|project| project["project_name"].as_str().unwrap().to_owned()));
        }
        assert_eq!(listed, names, "{:?}", server.backend());
        let far = list_request(&token, &json!({ "page_no": i32::MAX, "page_size": 100 }));
        let far = server.send(far).await.reply.json();
        assert_eq!((&far["header"]["total"], &far["data"]["list"]), (&json!(7), &Value::Array(Vec::new())));
    }
}

#[tokio::test]
async fn what_happens_is_recorded() {
    for server in Fixture::on_every_database().await {
        let code = code(&server, LORY, ADDRESS).await;
        server.send(registration(LORY, ADDRESS, &code)).await;
        server.send(login_request(LORY, "0".repeat(32).as_str())).await;
        let token = token_of(&server, LORY).await;
        server.send(project_request(&token, "Gone")).await;
        let list = server.send(list_request(&token, &json!({}))).await.reply.json();
        server.send(delete_request(&token, &list["data"]["list"][0]["id"])).await;
        let last = server.send(logout_request(&token)).await;
        server.core.users.ban(2).await.unwrap();
        server.send(login_request(LORY, DIGEST)).await;

        let events = server.store.audit_events_of(2).await.unwrap();
        let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
        let expected = [
            "user.registered",
            "login.failed",
            "login.succeeded",
            "project.deleted",
            "session.logged_out",
            "login.banned",
        ];
        assert_eq!(kinds, expected, "{:?}", server.backend());
        for event in &events {
            assert_eq!((event.dialect.as_str(), event.client.as_str()), ("coeus_gateway", "127.0.0.1"));
        }
        assert_eq!(events[4].trace, last.reply.header("x-trace-id"));
    }
}
