//! Interface configs, their changes, and menus.

use super::{TOKENS, counts, expired, failure, is, optioned, serving, session, shown, success};
use crate::server::{Answer, Asked, Server};
use futures_util::{StreamExt, TryStreamExt};
use gatehouse_client::insight_auth::{
    ConfigLog, ConfigLogContent, ConfigSummary, ConfigUpdate, Error, ErrorCode, NewConfig,
};
use serde_json::{Value, json};

const CONFIGS: &str = "/base/auth/v1.0/configs";
const LOGS: &str = "/base/auth/v1.0/configs/logs";
const LOAD: &str = "/base/auth/v1.0/configs/load";
const NAVIGATORS: &str = "/base/auth/v1.0/navigators";

/// A parameter of the query; empty if it is not there.
fn parameter<'a>(asked: &'a Asked, name: &str) -> &'a str {
    let query = asked.target.split_once('?').map_or("", |(_, query)| query);
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
}

/// The page that is asked for, of `total` entries that `entry` makes.
fn page(asked: &Asked, total: usize, entry: fn(usize) -> Value) -> Answer {
    let number = |name| parameter(asked, name).parse::<usize>().unwrap();
    let (page, size) = (number("page"), number("size"));
    let list: Vec<Value> = ((page - 1) * size..(page * size).min(total)).map(entry).collect();
    optioned(&list.into(), &total.into())
}

fn summary(number: usize) -> Value {
    json!({
        "id": number.to_string(), "name": "n", "method": "GET", "url": "/u", "authCode": null, "verify": true,
        "limit": true,
    })
}

fn record() -> Value {
    json!({
        "id": "7", "url": "/u", "name": "n", "limit": true, "method": "GET", "remark": null, "verify": true,
        "message": null, "authCode": "getUser", "limitGap": 1, "limitMax": null, "limitCycle": null,
        "createdTime": "2026-01-02 03:04:05",
    })
}

fn log(number: usize) -> Value {
    json!({
        "id": number.to_string(), "type": "UPDATE", "business": "接口配置管理", "businessId": "7", "content": null,
        "creator": "系统管理员", "creatorId": "0", "createdTime": "2026-01-02 03:04:05",
    })
}

async fn listing(total: usize) -> Server {
    serving(move |asked, _| match asked.path() {
        CONFIGS => Some(page(asked, total, summary)),
        LOGS => Some(page(asked, total, log)),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn items_come_from_all_pages_in_order() {
    let server = listing(7).await;
    let configs = session(&server).configs().keyword("用户 %").size(3);
    let items: Vec<ConfigSummary> = configs.items().try_collect().await.unwrap();
    let ids: Vec<&str> = items.iter().map(|config| config.id.as_str()).collect();
    assert_eq!(ids, ["0", "1", "2", "3", "4", "5", "6"]);
    let targets: Vec<String> = server.asked(CONFIGS).into_iter().map(|asked| asked.target).collect();
    let target = |page| format!("{CONFIGS}?keyword=%E7%94%A8%E6%88%B7+%25&page={page}&size=3");
    assert_eq!(targets, [1, 2, 3].map(target));

    let logs: Vec<ConfigLog> = session(&server).config_logs().size(4).items().try_collect().await.unwrap();
    assert_eq!((logs.len(), server.asked(LOGS).len()), (7, 2));
}

#[tokio::test]
async fn a_full_last_page_is_the_last_and_each_has_the_total() {
    let server = listing(40).await;
    let pages: Vec<_> = session(&server).configs().pages().try_collect().await.unwrap();
    let counts: Vec<_> = pages.iter().map(|page| (page.list.len(), page.total)).collect();
    assert_eq!((counts, pages[0].trace_id()), (vec![(20, 40); 2], Some("trace-1")));
}

#[tokio::test]
async fn an_empty_list_and_one_that_shrinks_end() {
    let server = listing(0).await;
    let pages: Vec<_> = session(&server).config_logs().pages().try_collect().await.unwrap();
    assert_eq!((pages.len(), pages[0].total), (1, 0));
    assert!(session(&server).configs().items().next().await.is_none());

    let server = serving(|asked, before| {
        (asked.path() == CONFIGS).then(|| page(asked, if before == 0 { 100 } else { 0 }, summary))
    })
    .await;
    let items: Vec<_> = session(&server).configs().size(2).items().try_collect().await.unwrap();
    assert_eq!((items.len(), server.asked(CONFIGS).len()), (2, 2));
}

#[tokio::test]
async fn pages_out_of_range_are_not_asked_for() {
    let server = listing(7).await;
    for configs in [session(&server).configs().size(0), session(&server).configs().size(101)] {
        assert!(matches!(configs.page(1).await.unwrap_err(), Error::Invalid(_)));
    }
    let error = session(&server).configs().page(0).await.unwrap_err();
    assert_eq!(error.to_string(), "the request was not sent: `page` is less than 1");
    let error = session(&server).config_logs().keyword("x".repeat(256)).items().next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Invalid(_)) && server.asked(LOGS).is_empty());
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_of_a_stream_is_renewed() {
    let server = serving(|asked, _| {
        let is_over = asked.header("authorization") == "a1" && parameter(asked, "page") == "2";
        (asked.path() == CONFIGS).then(|| if is_over { expired() } else { page(asked, 6, summary) })
    })
    .await;
    let items: Vec<_> = session(&server).configs().size(2).items().try_collect().await.unwrap();
    let pages: Vec<_> = server.asked(CONFIGS).iter().map(|asked| parameter(asked, "page").to_owned()).collect();
    assert_eq!((items.len(), pages), (6, ["1", "2", "2", "3"].map(str::to_owned).to_vec()));
    assert_eq!(counts(&server), (1, 1, 1));
}

#[tokio::test]
async fn a_config_is_written_as_the_document_has_it() {
    let server = serving(|asked, _| match (asked.verb.as_str(), asked.path()) {
        ("POST", CONFIGS) => Some(success(&json!("7"))),
        ("GET", path) if path.starts_with(CONFIGS) && path.ends_with("/a%2F7") => Some(success(&record())),
        _ => None,
    })
    .await;
    let session = session(&server);
    let new = NewConfig::new("n", "GET", "/u").auth_code("getUser").gap(1).window(60, 10).message("m").remark("r");
    assert_eq!(*session.create_config(&new).await.unwrap().into_inner(), *"7");
    session.update_config(&NewConfig::new("n", "GET", "/u").verify().replacing("7")).await.unwrap();
    let mut update = ConfigUpdate::from(session.config("a/7").await.unwrap().into_inner());
    update.limit_gap = Some(3);
    session.update_config(&update).await.unwrap();
    session.delete_config("7").await.unwrap();
    session.load_configs().await.unwrap();
    let bodies: Vec<Value> = server.asked(CONFIGS).iter().map(Asked::json).collect();
    let expected = [
        json!({
            "name": "n", "method": "GET", "url": "/u", "authCode": "getUser", "limitGap": 1, "limitCycle": 60,
            "limitMax": 10, "message": "m", "remark": "r", "verify": true, "limit": true,
        }),
        json!({ "id": "7", "name": "n", "method": "GET", "url": "/u", "verify": true, "limit": false }),
        json!({
            "id": "7", "name": "n", "method": "GET", "url": "/u", "authCode": "getUser", "limitGap": 3, "verify": true,
            "limit": true,
        }),
        json!("7"),
    ];
    assert_eq!(bodies, expected);
    assert_eq!(server.asked(LOAD).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn writes_that_would_find_themselves_are_not_repeated() {
    let server = serving(|asked, _| (asked.path() == CONFIGS).then_some(Answer::HangUp)).await;
    let session = session(&server);
    assert!(session.create_config(&NewConfig::new("n", "GET", "/u")).await.unwrap_err().is_retryable());
    assert_eq!(server.asked(CONFIGS).len(), 1);
    assert!(session.delete_config("7").await.unwrap_err().is_retryable());
    assert_eq!(server.asked(CONFIGS).len(), 2);
    // To replace a config twice by the same is to replace it once.
    assert!(session.update_config(&NewConfig::new("n", "GET", "/u").replacing("7")).await.unwrap_err().is_retryable());
    assert_eq!(server.asked(CONFIGS).len(), 6);
}

#[tokio::test]
async fn what_is_not_there_or_not_permitted_is_told() {
    let refusals = [
        (400, "ID不存在,未读取数据", ErrorCode::NothingRead),
        (400, "ID不存在,未更新数据", ErrorCode::NothingUpdated),
        (400, "the ID does not exist, nothing was deleted", ErrorCode::NothingDeleted),
        (400, "接口配置已存在", ErrorCode::ConfigExists),
        (403, "未授权", ErrorCode::Forbidden),
        (490, "the config's own message", ErrorCode::TooManyRequests),
    ];
    for (number, message, code) in refusals {
        let server = serving(move |asked, _| {
            let is_config = asked.path().starts_with(CONFIGS) || asked.path().starts_with(NAVIGATORS);
            is_config.then(|| failure(200, number, message))
        })
        .await;
        let session = session(&server);
        assert_eq!(session.config("7").await.unwrap_err().code(), Some(code));
        assert_eq!(session.config_log("7").await.unwrap_err().code(), Some(code));
        assert_eq!(session.functions("7").await.unwrap_err().code(), Some(code));
        let error = session.configs().items().next().await.unwrap().unwrap_err();
        assert_eq!((error.code(), error.trace_id()), (Some(code), Some("trace-1")));
        assert!(shown(&server).is_empty() && counts(&server) == (1, 1, 0));
    }
}

#[tokio::test]
async fn changes_have_a_config_or_two() {
    let server = serving(|asked, _| {
        let id = asked.path().strip_prefix(LOGS)?.strip_prefix('/')?;
        let content = if id == "1" { record() } else { json!({ "before": record(), "after": record() }) };
        let mut log = log(1);
        log["content"] = content;
        Some(success(&log))
    })
    .await;
    let session = session(&server);
    let is_record = session.config_log("1").await.unwrap().into_inner().content;
    assert!(matches!(is_record, Some(ConfigLogContent::Record(_))));
    let is_change = session.config_log("2").await.unwrap().into_inner().content;
    assert!(matches!(is_change, Some(ConfigLogContent::Change(_))));
}

#[tokio::test]
async fn menus_and_functions_come_with_the_token() {
    let server = serving(|asked, _| match asked.path() {
        NAVIGATORS => Some(success(&json!([{
            "id": "g", "parentId": null, "type": 1, "index": 2, "name": "系统设置", "functions": null,
            "moduleInfo": { "iconUrl": "icons/system.png", "module": null, "file": null, "autoLoad": null },
        }]))),
        path if path.starts_with(NAVIGATORS) => Some(success(&json!([{
            "id": "f", "navId": "m", "type": 0, "index": 1, "name": "刷新", "authCodes": "getTenant", "permit": null,
            "funcInfo": { "method": "refresh", "iconUrl": "i", "beginGroup": true, "hideText": true },
        }]))),
        _ => None,
    })
    .await;
    let session = session(&server);
    assert_eq!(session.navigators().await.unwrap()[0].name, "系统设置");
    let functions = session.functions("m").await.unwrap();
    assert_eq!((functions[0].name.as_str(), functions[0].permit), ("刷新", None));
    let asked = &server.asked(&format!("{NAVIGATORS}/m/functions"))[0];
    assert_eq!(asked.header("authorization"), "a1");
    assert!(server.asked(TOKENS).iter().all(|asked| is(asked, "POST", TOKENS)));
}
