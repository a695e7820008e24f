//! The other commands, and settings: what they print, and what they refuse.

use contract_tests::wire::Request;
use gatehouse_api::DOCUMENTS;
use gatehouse_server::domain::password::Digest;
use serde_json::{Value, json};

use crate::program::Installation;

#[tokio::test]
async fn migrations_go_up_and_down() {
    let installation = Installation::new();
    let status = async || {
        let printed = installation.print(&["migrate", "status"]).await;
        printed.lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let pending = status().await;
    assert!(!pending.is_empty() && pending.iter().all(|state| state == "pending"), "{pending:?}");
    let said = installation.refuse(&["migrate", "down"]).await;
    assert!(
        said.contains("no database") && !installation.directory().join("data").exists(),
        "looking made one: {said}"
    );
    let up = installation.print(&["migrate", "up"]).await;
    assert_eq!(up.lines().count(), pending.len(), "{up}");
    assert!(status().await.iter().all(|state| state == "applied"));
    assert_eq!(installation.print(&["migrate", "up"]).await, "nothing to do\n");
    let down = installation.print(&["migrate", "down"]).await;
    assert!(down.starts_with("taken back"), "{down}");
    assert_eq!(status().await.last().map(String::as_str), Some("pending"));
}

#[tokio::test]
async fn bootstrap_prints_for_people_too() {
    let installation = Installation::new();
    let printed = installation.print(&["bootstrap", "--name", "Mine"]).await;
    let rows: Vec<(&str, &str)> = printed.lines().filter_map(|line| line.split_once(char::is_whitespace)).collect();
    let [("user_name", user), ("password", password), ("app_id", id), ("app_secret", secret)] = rows.as_slice() else {
        panic!("not a user and an application: {printed}")
    };
    assert!(user.trim() == "admin" && password.trim().len() == 24, "{printed}");
    assert!(id.trim().starts_with("go-api-") && secret.trim().len() == 32, "{printed}");

    // What is shown is good at both documents that have users, and is not shown again.
    let server = installation.serve(&[]).await;
    let login = json!({ "username": user.trim(), "password": password.trim() });
    let exchange = Request::post("/v1.0/openapi/auth/login").json(&login).send(server.address).await;
    assert_eq!(exchange.reply.code(), 0, "{exchange}");
    let digest = Digest::of(password.trim());
    let login = json!({ "user_name": user.trim(), "password": digest.expose() });
    let exchange = Request::post("/api/v1/login").json(&login).send(server.address).await;
    let reply = exchange.reply.json();
    assert_eq!((&reply["header"]["code"], &reply["data"]["role"]), (&json!(0), &json!("admin")), "{exchange}");
    server.stop().await;
    let said = installation.refuse(&["bootstrap"]).await;
    assert!(said.contains("has an application already"), "{said}");
}

/// A realm file shows what it would do, does it once, and tells what is wrong with it and where.
#[tokio::test]
async fn a_realm_is_shown_applied_and_refused() {
    let installation = Installation::new().setting("SHOP_SECRET", "0123456789abcdef");
    let write = |text: &str| std::fs::write(installation.directory().join("realm.yaml"), text).unwrap();
    write("apps: [{ id: shop, name: Shop, secret: { env: SHOP_SECRET } }]\nusers: [{ account: lory, admin: true }]\n");
    let said = installation.refuse(&["apply", "realm.yaml", "--dry-run"]).await;
    assert!(said.contains("no database") && !installation.directory().join("data").exists(), "{said}");
    installation.print(&["migrate", "up"]).await;

    let shown = installation.print(&["apply", "realm.yaml", "--dry-run"]).await;
    assert!(shown.contains("+ app shop") && shown.ends_with("2 created, 0 changed, 0 removed; nothing was changed\n"));
    assert!(!installation.directory().join("data/keys").exists(), "no key file was made");
    let done = installation.print(&["apply", "realm.yaml"]).await;
    assert!(!done.contains("0123456789abcdef"), "{done}");
    let password = done.lines().find_map(|line| line.strip_prefix("password of user lory: ")).expect("it is shown");
    let again = installation.print(&["apply", "realm.yaml", "--prune"]).await;
    assert_eq!(again, "0 created, 0 changed, 0 removed\n");

    write("apps:\n  - id: shop\n    nmae: Shop\n");
    let said = installation.refuse(&["apply", "realm.yaml"]).await;
    assert!(said.contains("realm.yaml:3:5: unknown field `nmae`"), "{said}");
    write("roles:\n  - id: \"00000000000000000000000000000001\"\n    name: R\n    users: [nobody]\n");
    let said = installation.refuse(&["apply", "realm.yaml"]).await;
    assert!(said.contains("realm.yaml:4:13: there is no user `nobody`"), "{said}");

    let server = installation.serve(&[]).await;
    let login = json!({ "username": "lory", "password": password });
    let exchange = Request::post("/v1.0/openapi/auth/login").json(&login).send(server.address).await;
    assert_eq!(exchange.reply.code(), 0, "{exchange}");
    let form = [("app_id", "shop"), ("app_secret", "0123456789abcdef")];
    let exchange = Request::post("/go-api/external/service/auth/token").form(&form).send(server.address).await;
    assert_eq!(exchange.reply.code(), 0, "{exchange}");
    server.stop().await;
}

/// Nothing is made where there is nothing yet, wherever the database is said to be.
#[tokio::test]
async fn a_dry_run_makes_no_database() {
    let installation = Installation::new().setting("GATEHOUSE_DATABASE_URL", "sqlite:there.db?mode=rwc");
    std::fs::write(installation.directory().join("realm.yaml"), "apps: []\n").unwrap();
    let said = installation.refuse(&["apply", "realm.yaml", "--dry-run"]).await;
    assert!(said.contains("no database where `database_url` says"), "{said}");
    std::fs::write(installation.directory().join("there.db"), "").unwrap();
    let said = installation.refuse(&["apply", "realm.yaml", "--dry-run"]).await;
    assert!(said.contains("was not applied to this database"), "{said}");
    let there: Vec<_> =
        std::fs::read_dir(installation.directory()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(there.len(), 2, "{there:?}");
    assert_eq!(std::fs::metadata(installation.directory().join("there.db")).unwrap().len(), 0);
}

#[tokio::test]
async fn documents_are_printed_as_they_were_written() {
    let installation = Installation::new();
    for document in DOCUMENTS {
        let yaml = installation.print(&["openapi", document.dialect]).await;
        assert_eq!(yaml.trim_end(), document.yaml.trim_end());
        let json = installation.print(&["openapi", document.dialect, "--format", "json"]).await;
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json, serde_json::from_str::<Value>(document.json).unwrap());
        assert_eq!(json["x-dialect"]["name"], document.dialect);
    }
    let said = installation.refuse(&["openapi", "no_api"]).await;
    assert!(said.contains("`no_api`") && said.contains("go_api"), "{said}");
}

#[tokio::test]
async fn a_healthcheck_knows_a_server_that_runs_from_one_that_does_not() {
    let installation = Installation::new();
    let server = installation.serve(&[]).await;
    let asking = Installation::new().setting("GATEHOUSE_LISTEN", server.address.to_string());
    assert_eq!(asking.print(&["healthcheck"]).await, "alive\n");
    let address = server.address;
    server.stop().await;
    let said = asking.refuse(&["healthcheck"]).await;
    assert!(said.contains(&address.to_string()), "{said}");
}

#[tokio::test]
async fn an_unknown_setting_is_named_wherever_it_stands() {
    let variable = Installation::new().setting("GATEHOUSE_GO_API__RATE_LIMITS", "5");
    let said = variable.refuse(&["serve"]).await;
    assert!(said.contains("GATEHOUSE_GO_API__RATE_LIMITS"), "{said}");

    let file = Installation::new();
    std::fs::write(file.directory().join("gatehouse.toml"), "debug = true\n\n[go_api]\nrate_limits = 5\n").unwrap();
    let said = file.refuse(&["serve", "--config", "gatehouse.toml"]).await;
    assert!(said.contains("rate_limits") && said.contains("line 4"), "{said}");

    let said = Installation::new().refuse(&["serve", "--rate-limit", "5"]).await;
    assert!(said.contains("--rate-limit"), "{said}");

    let value = Installation::new().setting("GATEHOUSE_GO_API__RATE_LIMIT", "many");
    let said = value.refuse(&["serve"]).await;
    assert!(said.contains("GATEHOUSE_GO_API__RATE_LIMIT") && said.contains("whole number"), "{said}");
}

#[tokio::test]
async fn flags_win_over_the_environment_and_that_over_the_file() {
    let installation = Installation::new()
        .setting("GATEHOUSE_CONFIG", "gatehouse.toml")
        .setting("GATEHOUSE_GO_API__RATE_LIMIT", "7")
        .setting("GATEHOUSE_DATA_DIR", "of-the-environment");
    let file = "data_dir = \"of-the-file\"\n\n[go_api]\nrate_limit = 5\ninternal_networks = [\"192.0.2.1\"]\n";
    std::fs::write(installation.directory().join("gatehouse.toml"), file).unwrap();
    let server = installation.serve(&["--data-dir", "of-the-flag"]).await;
    let ping = Request::get("/go-api/external/service/ping").send(server.address).await;
    assert_eq!(ping.reply.header("x-ratelimit-limit"), "7");
    // Only the file says that loopback is no internal network.
    assert_eq!(Request::get("/go-api/internal/service/ping").send(server.address).await.reply.status, 404);
    server.stop().await;
    let there = |name: &str| installation.directory().join(name).exists();
    assert!(there("of-the-flag") && !there("of-the-environment") && !there("of-the-file") && !there("data"));
}

#[tokio::test]
async fn operators_can_have_a_listener_of_their_own() {
    let installation = Installation::new().setting("GATEHOUSE_OPS__LISTEN", "127.0.0.1:0");
    let server = installation.serve(&[]).await;
    let reply = Request::get("/healthz").send(server.address).await.reply;
    assert_eq!(reply.status, 404);
    let log = server.stop().await;
    let listening: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"))
        .filter(|line| line["message"] == "listening")
        .collect();
    assert_eq!(listening.len(), 2, "{log}");
}
