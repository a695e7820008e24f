//! Changes of configs on every database: each with its record or not at all, and many at once.

use contract_tests::{
    fixture::Fixture,
    must,
    wire::{Exchange, Request},
};
use serde_json::{Value, json};

use super::{
    configs::{
        CONFIGS, LOGS, USERS, body, body_with, create, create_request, delete_request, manager, samples,
        update_request, with,
    },
    data_of,
};

/// Sends all of them at once and gives the exchanges.
async fn all_at_once(server: &Fixture, requests: Vec<Request>) -> Vec<Exchange> {
    let sending: Vec<_> = requests.into_iter().map(|request| tokio::spawn(request.send(server.address()))).collect();
    let mut exchanges = Vec::new();
    for exchange in sending {
        exchanges.push(must("a reply", exchange).await.unwrap());
    }
    exchanges
}

async fn logs(server: &Fixture, token: &str) -> Vec<Value> {
    let list = data_of(&server.send(with(Request::get(LOGS).query("size", "100"), token)).await);
    let mut logs = Vec::new();
    for log in list.as_array().unwrap() {
        let id = log["id"].as_str().unwrap();
        logs.push(data_of(&server.send(with(Request::get(format!("{LOGS}/{id}")), token)).await));
    }
    logs
}

#[tokio::test]
async fn a_config_lives_and_every_change_is_recorded() {
    for server in Fixture::on_every_database().await {
        let (backend, token) = (server.backend(), manager(&server).await);
        let id = create(&server, &token, &body()).await;
        let changed = body_with(json!({ "id": id, "authCode": "getUser", "message": "慢点 🚀" }));
        data_of(&server.send(update_request(&token, &changed)).await);
        let detail = data_of(&server.send(with(Request::get(format!("{CONFIGS}/{id}")), &token)).await);
        assert_eq!((&detail["authCode"], &detail["message"]), (&json!("getUser"), &json!("慢点 🚀")), "{backend:?}");
        let list = server.send(with(Request::get(CONFIGS).query("keyword", "getUser"), &token)).await.reply.json();
        assert_eq!((&list["option"], &list["data"][0]["id"]), (&json!(1), &json!(id)), "{backend:?}");
        data_of(&server.send(delete_request(&token, &id)).await);
        assert_eq!(server.send(delete_request(&token, &id)).await.reply.code(), 400, "{backend:?}");

        let logs = logs(&server, &token).await;
        let kinds: Vec<_> = logs.iter().map(|log| log["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["DELETE", "UPDATE", "INSERT"], "{backend:?}");
        assert_eq!(logs[2]["content"]["authCode"], Value::Null, "{backend:?}");
        let change = &logs[1]["content"];
        assert_eq!(change["before"], logs[2]["content"], "{backend:?}");
        assert_eq!((&change["after"]["authCode"], &change["after"]), (&json!("getUser"), &logs[0]["content"]));
        let admin = super::admin(&server).await;
        for log in &logs {
            assert_eq!((&log["creator"], &log["creatorId"]), (&json!(admin.name), &json!(admin.uid)), "{backend:?}");
            assert_eq!((&log["businessId"], &log["business"]), (&json!(id), &json!("接口配置管理")), "{backend:?}");
        }
    }
}

#[tokio::test]
async fn a_change_that_cannot_be_recorded_is_not_made() {
    for server in Fixture::on_every_database().await {
        let (backend, token) = (server.backend(), manager(&server).await);
        samples(&server).await;
        let recorded = server.count("interface_log").await;
        server.execute("ALTER TABLE interface_log RENAME TO gone").await;
        let new = body_with(json!({ "url": "/new" }));
        let changed = body_with(json!({ "id": USERS, "url": "/changed" }));
        for request in [create_request(&token, &new), update_request(&token, &changed), delete_request(&token, USERS)] {
            let reply = server.send(request).await.reply;
            assert_eq!((reply.status, reply.code()), (500, 500), "{backend:?}");
        }
        server.execute("ALTER TABLE gone RENAME TO interface_log").await;
        assert_eq!(server.count("interface_config WHERE url IN ('/new', '/changed')").await, 0, "{backend:?}");
        assert_eq!(server.count(&format!("interface_config WHERE uid = '{USERS}'")).await, 1, "{backend:?}");
        assert_eq!(server.count("interface_log").await, recorded, "{backend:?}");
    }
}

#[tokio::test]
async fn what_is_refused_is_not_recorded() {
    for server in Fixture::on_every_database().await {
        let (backend, token) = (server.backend(), manager(&server).await);
        samples(&server).await;
        let recorded = server.count("interface_log").await;
        let taken = body_with(json!({ "id": super::configs::SMS }));
        for request in [
            create_request(&token, &body()),
            update_request(&token, &taken),
            update_request(&token, &body_with(json!({ "id": super::configs::NOBODY, "url": "/new" }))),
            delete_request(&token, super::configs::NOBODY),
        ] {
            assert_eq!(server.send(request).await.reply.code(), 400, "{backend:?}");
        }
        assert_eq!(server.count("interface_log").await, recorded, "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_20_additions_of_one_interface_one_is_made() {
    for server in Fixture::on_every_database().await {
        let token = manager(&server).await;
        let exchanges = all_at_once(&server, vec![create_request(&token, &body()); 20]).await;
        let made = exchanges.iter().filter(|exchange| exchange.reply.code() == 200).count();
        let taken = exchanges.iter().filter(|exchange| exchange.reply.json()["message"] == "接口配置已存在").count();
        assert_eq!((made, taken), (1, 19), "{:?}", server.backend());
        assert_eq!(server.count("interface_log").await, 1, "{:?}", server.backend());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_at_once_tell_of_each_other() {
    for server in Fixture::on_every_database().await {
        let token = manager(&server).await;
        let id = create(&server, &token, &body_with(json!({ "remark": "start" }))).await;
        let changes = (0..20)
            .map(|n| update_request(&token, &body_with(json!({ "id": id, "remark": format!("{n}") }))))
            .collect();
        for exchange in all_at_once(&server, changes).await {
            assert_eq!(exchange.reply.code(), 200, "{exchange}");
        }
        let logs = logs(&server, &token).await;
        let mut before: Vec<_> = logs[..20].iter().map(|log| log["content"]["before"]["remark"].to_string()).collect();
        before.sort();
        before.dedup();
        assert_eq!(before.len(), 20, "{:?}: no change was lost", server.backend());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_20_deletions_one_succeeds() {
    for server in Fixture::on_every_database().await {
        let token = manager(&server).await;
        let id = create(&server, &token, &body()).await;
        let exchanges = all_at_once(&server, vec![delete_request(&token, &id); 20]).await;
        let deleted = exchanges.iter().filter(|exchange| exchange.reply.code() == 200).count();
        assert_eq!(deleted, 1, "{:?}", server.backend());
        assert_eq!(server.count("interface_log WHERE kind = 'DELETE'").await, 1, "{:?}", server.backend());
    }
}
