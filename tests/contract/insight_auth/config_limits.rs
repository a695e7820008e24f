//! The limits that configs set on our own operations, through the API and at once.

use std::time::Duration;

use contract_tests::{fixture::Fixture, must, transcript, wire::Request};
use gatehouse_server::domain::clock::Timestamp;
use serde_json::{Value, json};

use super::{
    CODES, STATUS, TOKENS, bundle, code_request,
    configs::{CONFIGS, body_with, limit, managed, manager, own, update_request, with},
    data_of, login_request, message_of, refresh_request, status, status_request,
};

/// What the API says of the config of our own operation, with other values.
async fn changed(server: &Fixture, method: &str, url: &str, changes: Value) -> Value {
    let id = own(server, method, url).await.id;
    let mut body =
        body_with(json!({ "id": id, "name": "own", "method": method, "url": url, "limitGap": null, "limit": true }));
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn codes() {
    let server = Fixture::start().await;
    server.send(code_request("admin")).await;
    transcript!(server.send(code_request("admin")).await);
}

#[tokio::test]
async fn codes_in_english() {
    let server = Fixture::start().await;
    server.send(code_request("admin")).await;
    transcript!(server.send(code_request("admin").header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn logins() {
    let server = Fixture::start().await;
    server.send(login_request("wrong")).await;
    transcript!(server.send(login_request("wrong")).await);
}

#[tokio::test]
async fn renewals() {
    let server = Fixture::start().await;
    let token = bundle(&server).await.refresh;
    server.send(refresh_request(&token)).await;
    transcript!(server.send(refresh_request(&token)).await);
}

#[tokio::test]
async fn message_of_the_config() {
    let (server, _) = managed().await;
    let message = Some("获取Code接口每24小时调用次数为360次,请合理使用".to_owned());
    limit(&server, "GET", CODES, |spec| gatehouse_server::domain::config::ConfigSpec { message, ..spec }).await;
    server.send(code_request("admin")).await;
    transcript!(server.send(code_request("admin").header("Accept-Language", "en")).await);
}

/// The document's own limits, which nobody typed in a second time.
#[tokio::test]
async fn the_document_s_limits_hold_from_the_start() {
    let server = Fixture::start().await;
    for (method, url, max) in [("GET", CODES, 200), ("POST", TOKENS, 200), ("PUT", TOKENS, 60)] {
        let spec = own(&server, method, url).await.spec;
        assert_eq!((spec.limit_gap, spec.limit_cycle, spec.limit_max), (Some(3), Some(86_400), Some(max)), "{url}");
        assert!(spec.limit, "{url}");
    }
    assert!(!own(&server, "GET", STATUS).await.spec.limit);
    let spec = own(&server, "PUT", CONFIGS).await.spec;
    assert_eq!((spec.auth_code.as_deref(), spec.verify, spec.limit), (Some("editConfig"), true, false));
    assert!(!own(&server, "GET", CODES).await.spec.verify);

    let mut admitted = 0;
    for _ in 0..205 {
        admitted += i32::from(server.send(code_request("admin")).await.reply.code() == 200);
        assert_eq!(server.send(code_request("admin")).await.reply.code(), 490, "within the gap");
        server.clock.advance(Duration::from_secs(3));
    }
    assert_eq!(admitted, 200);
    server.clock.advance(Duration::from_secs(86_400 - 205 * 3 - 1));
    assert_eq!(server.send(code_request("admin")).await.reply.code(), 490);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(server.send(code_request("admin")).await.reply.code(), 200);
}

#[tokio::test]
async fn a_device_is_an_address_and_a_user_agent() {
    let server = Fixture::start().await;
    let from = |name: &str| code_request("admin").header("User-Agent", name);
    assert_eq!(server.send(from("a")).await.reply.code(), 200);
    assert_eq!(server.send(from("b")).await.reply.code(), 200);
    assert_eq!(server.send(from("a")).await.reply.code(), 490);
    assert_eq!(server.send(code_request("admin")).await.reply.code(), 200, "no name is a name");
    let forged = from("a").header("X-Forwarded-For", "192.0.2.1");
    assert_eq!(server.send(forged).await.reply.code(), 490, "nobody trusted says so");
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_address_is_the_client_s() {
    let server = Fixture::with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await;
    let from = |ip: &str| code_request("admin").header("X-Forwarded-For", ip);
    assert_eq!(server.send(from("192.0.2.1")).await.reply.code(), 200);
    assert_eq!(server.send(from("192.0.2.2")).await.reply.code(), 200);
    assert_eq!(server.send(from("192.0.2.1")).await.reply.code(), 490);
    assert_eq!(server.send(from("2001:db8:1:2::1")).await.reply.code(), 200);
    assert_eq!(server.send(from("2001:db8:1:2::2")).await.reply.code(), 490);
}

#[tokio::test]
async fn a_changed_config_counts_for_the_next_call_on_every_database() {
    for server in Fixture::on_every_database().await {
        let token = manager(&server).await;
        assert_eq!([status(&server, &token).await, status(&server, &token).await], [200, 200]);
        for (changes, expected) in [
            (json!({ "limitGap": 60, "message": "慢点" }), [200, 490]),
            (json!({ "limitGap": 60, "limit": false }), [200, 200]),
            (json!({ "limitCycle": 60, "limitMax": 1 }), [200, 490]),
            (json!({ "limitCycle": 60, "limitMax": 2 }), [200, 490]),
            (json!({ "limit": false }), [200, 200]),
        ] {
            let body = changed(&server, "GET", STATUS, changes.clone()).await;
            data_of(&server.send(update_request(&token, &body)).await);
            let seen = [status(&server, &token).await, status(&server, &token).await];
            assert_eq!(seen, expected, "{changes} on {:?}", server.backend());
        }
    }
}

#[tokio::test]
async fn a_deleted_config_limits_nothing_until_the_next_start() {
    let mut server = Fixture::start().await;
    let token = manager(&server).await;
    let id = own(&server, "GET", CODES).await.id;
    data_of(&server.send(super::configs::delete_request(&token, &id)).await);
    for _ in 0..3 {
        assert_eq!(server.send(code_request("admin")).await.reply.code(), 200);
    }
    server.restart().await;
    assert_eq!(server.send(code_request("admin")).await.reply.code(), 200);
    assert_eq!(server.send(code_request("admin")).await.reply.code(), 490);
}

#[tokio::test]
async fn an_edited_config_survives_a_restart() {
    let mut server = Fixture::start().await;
    limit(&server, "GET", STATUS, |spec| spec).await;
    server.restart().await;
    let token = bundle(&server).await.access;
    assert_eq!([status(&server, &token).await, status(&server, &token).await], [200, 490]);
    assert_eq!(server.count("interface_config WHERE url = '/base/auth/v1.0/tokens/status'").await, 1);
}

/// What another instance changed is seen within ten seconds, without anybody saying so.
#[tokio::test]
async fn a_change_of_another_instance_is_seen_within_ten_seconds() {
    for server in Fixture::on_every_database().await {
        let token = bundle(&server).await.access;
        assert_eq!(status(&server, &token).await, 200);
        let limited = "UPDATE interface_config SET limited = TRUE, limit_gap = 60 WHERE url = ";
        server.execute(&format!("{limited}'{STATUS}'")).await;
        server.clock.advance(Duration::from_secs(10));
        let seen = [status(&server, &token).await, status(&server, &token).await];
        assert_eq!(seen, [200, 490], "{:?}", server.backend());
    }
}

/// A check with its limit on asks no store either, and a store that is gone leaves the limits as they are.
#[tokio::test]
async fn the_common_case_asks_no_store() {
    let server = Fixture::start().await;
    let token = bundle(&server).await.access;
    limit(&server, "GET", STATUS, |spec| spec).await;
    assert_eq!(status(&server, &token).await, 200);
    server.store.clone().close().await.unwrap();
    assert_eq!(server.send(status_request(&token).from_new_device()).await.reply.code(), 200);
    assert_eq!(status(&server, &token).await, 490);
    server.clock.advance(Duration::from_secs(9));
    assert_eq!(server.send(status_request(&token).from_new_device()).await.reply.status, 200);
    assert_eq!(status(&server, &token).await, 490);
}

/// The limit comes before the token, the token before the right, the right before what was sent.
#[tokio::test]
async fn refusals_come_in_their_order() {
    let (server, token) = managed().await;
    let bad = || Request::post(CONFIGS).body("application/json", b"{");
    assert_eq!(server.send(bad()).await.reply.code(), 421);
    assert_eq!(server.send(with(bad(), &token)).await.reply.code(), 430);
    server.execute("DELETE FROM role_user").await;
    assert_eq!(server.send(with(bad(), &token)).await.reply.code(), 403);
    let page = Request::get(CONFIGS).query("page", "0");
    assert_eq!(server.send(with(page, &token)).await.reply.code(), 403);
    limit(&server, "POST", CONFIGS, |spec| spec).await;
    assert_eq!(server.send(bad().from_new_device()).await.reply.code(), 421);
    let device = || bad().header("User-Agent", "one");
    server.send(device()).await;
    assert_eq!(server.send(device()).await.reply.code(), 490);
    assert_eq!(server.send(with(device(), &token)).await.reply.code(), 490);
}

#[tokio::test]
async fn what_is_no_call_of_an_operation_does_not_count() {
    let server = Fixture::start().await;
    for request in [Request::post(CODES), Request::new("DELETE", CODES), Request::get(format!("{CODES}/x"))] {
        assert!(server.send(request).await.reply.status >= 400);
    }
    assert_eq!(server.send(code_request("admin")).await.reply.code(), 200);
    assert_eq!(server.send(code_request("admin")).await.reply.code(), 490);
}

#[tokio::test]
async fn a_clock_that_steps_an_hour_either_way_changes_nothing() {
    for step in [-3600, 3600] {
        let server = Fixture::start().await;
        let start = contract_tests::fixture::START.seconds();
        assert_eq!(server.send(code_request("admin")).await.reply.code(), 200);
        server.clock.set(Timestamp::from_seconds(start + step));
        assert_eq!(server.send(code_request("admin")).await.reply.code(), 490, "{step}: the gap still holds");
        server.clock.advance(Duration::from_secs(3));
        assert_eq!(server.send(code_request("admin")).await.reply.code(), 200, "{step}: and no longer than it says");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_50_calls_at_once_as_many_are_admitted_as_may_be() {
    for (gap, expected) in [(Value::Null, 10), (json!(60), 1)] {
        let (server, token) = managed().await;
        let changes = json!({ "limitGap": gap, "limitCycle": 60, "limitMax": 10 });
        let body = changed(&server, "GET", STATUS, changes).await;
        data_of(&server.send(update_request(&token, &body)).await);
        for round in 0..2 {
            let calls: Vec<_> = (0..50).map(|_| tokio::spawn(status_request(&token).send(server.address()))).collect();
            let mut admitted = 0;
            for call in calls {
                let reply = must("a reply", call).await.unwrap().reply;
                match reply.code() {
                    200 => admitted += 1,
                    code => assert_eq!(
                        (reply.status, code, message_of(&reply).as_str()),
                        (200, 490, "您请求过于频繁，请稍后重试！")
                    ),
                }
            }
            assert_eq!(admitted, expected, "round {round}");
            server.clock.advance(Duration::from_secs(60));
        }
    }
}
