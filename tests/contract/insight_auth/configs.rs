//! What the tests of interface configs share: who may manage them, and what can be wrong with every such call.

use contract_tests::{
    fixture::Fixture,
    wire::{Exchange, Request},
};
use gatehouse_server::{
    domain::config::{ConfigSpec, InterfaceConfig, Search},
    store::{ConfigFields, NewConfigLogRow, NewConfigRow},
};
use serde_json::{Value, json};

use super::{admin, bundle, data_of};

pub const CONFIGS: &str = "/base/auth/v1.0/configs";
pub const LOAD: &str = "/base/auth/v1.0/configs/load";
pub const LOGS: &str = "/base/auth/v1.0/configs/logs";

/// The configs of the document's samples.
pub const USERS: &str = "d7c405a9ce1d49dbab17f3d7a3e0fabf";
pub const SMS: &str = "c0592bb8dc3a11e9bc200242ac110004";
pub const OTHER: &str = "7179f5e4c7f84879bdfb70de0999b067";

/// The change of the document's sample.
pub const LOG: &str = "bc3e1a2256af4445a64420b92776411c";

/// An id that nothing has.
pub const NOBODY: &str = "00000000000000000000000000000bad";

/// Lets the administrator manage configs.
pub async fn permit(server: &Fixture) {
    if server.count("role").await > 0 {
        return;
    }
    let rights = "getConfigs,newConfig,editConfig,deleteConfig,getConfigLogs,loadConfigs";
    for statement in [
        "INSERT INTO role (id, uid, name) VALUES (1, 'role', '管理员')".to_owned(),
        "INSERT INTO role_user (role_id, user_id) VALUES (1, 1)".to_owned(),
        "INSERT INTO navigator (id, uid, app_id, kind, position, name) VALUES (1, 'module', 1, 2, 1, '接口')"
            .to_owned(),
        format!(
            "INSERT INTO nav_function (id, uid, navigator_id, kind, position, name, auth_codes) \
             VALUES (1, 'function', 1, 0, 1, '接口', '{rights}')"
        ),
        "INSERT INTO role_function (role_id, function_id, permit) VALUES (1, 1, TRUE)".to_owned(),
    ] {
        server.execute(&statement).await;
    }
}

/// A server, and the token of somebody who may manage configs.
pub async fn managed() -> (Fixture, String) {
    let server = Fixture::start().await;
    let token = manager(&server).await;
    (server, token)
}

/// The token of somebody who may manage configs.
pub async fn manager(server: &Fixture) -> String {
    permit(server).await;
    bundle(server).await.access
}

/// The request with this token.
pub fn with(request: Request, token: &str) -> Request {
    request.header("Authorization", token)
}

/// Sends a request as somebody who may manage configs, to a server that has the samples.
pub async fn send(request: Request) -> Exchange {
    let (server, token) = managed().await;
    samples(&server).await;
    server.send(with(request, &token)).await
}

/// The body of the document's sample for a config to add.
pub fn body() -> Value {
    json!({
        "name": "获取用户列表", "method": "GET", "url": "/base/user/v1.0/users", "authCode": null, "limitGap": 1,
        "limitCycle": null, "limitMax": null, "message": null, "remark": null, "verify": true, "limit": true,
    })
}

/// The same with other values.
pub fn body_with(changes: Value) -> Value {
    let mut body = body();
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// The same without a property.
pub fn body_without(name: &str) -> Value {
    let mut body = body();
    body.as_object_mut().expect("an object").remove(name);
    body
}

pub fn create_request(token: &str, body: &Value) -> Request {
    with(Request::post(CONFIGS).json(body), token)
}

pub fn update_request(token: &str, body: &Value) -> Request {
    with(Request::new("PUT", CONFIGS).json(body), token)
}

pub fn delete_request(token: &str, id: &str) -> Request {
    with(Request::new("DELETE", CONFIGS).json(&json!(id)), token)
}

/// Adds a config and gives its id.
pub async fn create(server: &Fixture, token: &str, body: &Value) -> String {
    let data = data_of(&server.send(create_request(token, body)).await);
    data.as_str().expect("an id").to_owned()
}

/// Adds the configs of the document's samples, and the change of its sample, where they are not there yet.
pub async fn samples(server: &Fixture) {
    for (id, name, url, at) in [
        (OTHER, "获取角色列表", "/base/user/v1.0/roles", 1_567_300_000),
        (SMS, "验证短信验证码", "/base/message/sms/v1.0/messages/codes/{key}/status", 1_569_076_850),
        (USERS, "获取用户列表", "/base/user/v1.0/users", 1_569_076_851),
    ] {
        if server.store.config_by_uid(id).await.expect("the store answers").is_some() {
            continue;
        }
        let fields = ConfigFields {
            name: name.to_owned(),
            method: "GET".to_owned(),
            url: url.to_owned(),
            auth_code: None,
            limit_gap: Some(1),
            limit_cycle: None,
            limit_max: None,
            message: None,
            remark: None,
            verify: id != SMS,
            limited: true,
        };
        let content = json!({
            "id": id, "name": name, "method": "GET", "url": url, "authCode": null, "limitGap": 1, "limitCycle": null,
            "limitMax": null, "message": null, "remark": null, "verify": id != SMS, "limit": true, "createdTime": null,
        });
        let log = NewConfigLogRow {
            uid: if id == USERS { LOG.to_owned() } else { id.to_owned() },
            kind: "INSERT".to_owned(),
            business: "接口配置管理".to_owned(),
            business_id: id.to_owned(),
            content: content.to_string(),
            creator: "系统管理员".to_owned(),
            creator_id: "0".repeat(32),
            created_at: at * 1000,
        };
        let row = NewConfigRow { uid: id.to_owned(), fields, created_at: at * 1000 };
        // Two tests about every document may bring one server here side by side; one of them is enough.
        let _there_already = server.store.insert_config(row, log).await;
    }
}

/// The config of one of our own operations.
pub async fn own(server: &Fixture, method: &str, url: &str) -> InterfaceConfig {
    let search = Search::new(Some(url.to_owned()), None, Some(100)).expect("a search");
    let found = server.core.configs.list(&search).await.expect("the store answers").items;
    found.into_iter().find(|config| config.spec.method == method && config.spec.url == url).expect("it was seeded")
}

/// Sets the limit of one of our own operations, in the domain.
pub async fn limit(server: &Fixture, method: &str, url: &str, change: impl FnOnce(ConfigSpec) -> ConfigSpec) {
    let config = own(server, method, url).await;
    let spec = change(ConfigSpec { limit: true, limit_gap: Some(60), ..config.spec });
    server.core.configs.update(&admin(server).await, &config.id, spec).await.expect("the rules are kept");
}

/// The tests of everything that is wrong with a call whoever sends it, in the module of an operation: the request without a
/// token, the operation's method and path, and the table without which it fails.
macro_rules! refusals {
    ($request:expr, $method:literal, $url:expr, $table:literal) => {
        #[tokio::test]
        async fn no_token() {
            contract_tests::transcript!(contract_tests::fixture::Fixture::start().await.send($request).await);
        }

        #[tokio::test]
        async fn no_token_in_english() {
            let server = contract_tests::fixture::Fixture::start().await;
            contract_tests::transcript!(server.send($request.header("Accept-Language", "en")).await);
        }

        #[tokio::test]
        async fn refresh_token() {
            let server = contract_tests::fixture::Fixture::start().await;
            let token = super::bundle(&server).await.refresh;
            contract_tests::transcript!(server.send(super::configs::with($request, &token)).await);
        }

        #[tokio::test]
        async fn expired() {
            let (server, token) = super::configs::managed().await;
            server.clock.advance(std::time::Duration::from_millis(7_200_000));
            contract_tests::transcript!(server.send(super::configs::with($request, &token)).await);
        }

        #[tokio::test]
        async fn logged_in_elsewhere() {
            let server = contract_tests::fixture::Fixture::start().await;
            server.make_exclusive(contract_tests::fixture::DEMO_APP).await;
            let token = super::configs::manager(&server).await;
            let _second = super::bundle(&server).await;
            contract_tests::transcript!(server.send(super::configs::with($request, &token)).await);
        }

        #[tokio::test]
        async fn forbidden() {
            let server = contract_tests::fixture::Fixture::start().await;
            let token = super::bundle(&server).await.access;
            contract_tests::transcript!(server.send(super::configs::with($request, &token)).await);
        }

        #[tokio::test]
        async fn forbidden_in_english() {
            let server = contract_tests::fixture::Fixture::start().await;
            let token = super::bundle(&server).await.access;
            let request = super::configs::with($request, &token).header("Accept-Language", "en");
            contract_tests::transcript!(server.send(request).await);
        }

        #[tokio::test]
        async fn denied() {
            let (server, token) = super::configs::managed().await;
            server.execute("UPDATE role_function SET permit = FALSE").await;
            contract_tests::transcript!(server.send(super::configs::with($request, &token)).await);
        }

        #[tokio::test]
        async fn limited() {
            let (server, token) = super::configs::managed().await;
            super::configs::limit(&server, $method, $url, |spec| spec).await;
            server.send(super::configs::with($request, &token)).await;
            contract_tests::transcript!(server.send(super::configs::with($request, &token)).await);
        }

        #[tokio::test]
        async fn limited_in_english() {
            let (server, token) = super::configs::managed().await;
            super::configs::limit(&server, $method, $url, |spec| spec).await;
            server.send(super::configs::with($request, &token)).await;
            let request = super::configs::with($request, &token).header("Accept-Language", "en");
            contract_tests::transcript!(server.send(request).await);
        }

        #[tokio::test]
        async fn store_gone() {
            let (server, token) = super::configs::managed().await;
            server.store.clone().close().await.unwrap();
            contract_tests::transcript!(server.send(super::configs::with($request, &token)).await);
        }

        #[tokio::test]
        async fn store_broken() {
            let (server, token) = super::configs::managed().await;
            super::configs::samples(&server).await;
            server.execute(concat!("ALTER TABLE ", $table, " RENAME TO gone")).await;
            contract_tests::transcript!(server.send(super::configs::with($request, &token)).await);
        }
    };
}

pub(super) use refusals;
