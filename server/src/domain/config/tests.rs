//! Configs and their limits over a store; what every database must agree on stands with the store's tests.

use super::*;
use crate::domain::clock::ManualClock;
use crate::testing::{Backend, TestDatabase, databases};

const START: Timestamp = Timestamp::from_seconds(1_767_323_045);

async fn configs() -> (TestDatabase, Configs, ManualClock) {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let (clock, time) = Clock::manual(START);
    let configs = Configs::new(database.store().await, clock, Random::seeded(7));
    (database, configs, time)
}

fn spec(url: &str) -> ConfigSpec {
    ConfigSpec {
        name: "获取用户列表".to_owned(),
        method: "GET".to_owned(),
        url: url.to_owned(),
        auth_code: None,
        limit_gap: Some(1),
        limit_cycle: None,
        limit_max: None,
        message: None,
        remark: None,
        verify: true,
        limit: true,
    }
}

fn own(url: &str, limit: Option<(i32, i32, i32)>) -> OwnInterface {
    OwnInterface {
        name: "Own".to_owned(),
        method: "GET".to_owned(),
        url: url.to_owned(),
        auth_code: Some("own".to_owned()),
        verify: true,
        limit,
    }
}

fn admin() -> User {
    User {
        id: 1,
        uid: "0".repeat(32),
        account: "admin".to_owned(),
        name: "系统管理员".to_owned(),
        email: None,
        phone: None,
        banned: false,
        is_admin: true,
        builtin: true,
        tokens_valid_from: START,
        created_at: START,
        head_img: None,
    }
}

fn device() -> Device {
    Device::new("192.0.2.1".parse().unwrap(), b"curl")
}

fn broken(spec: ConfigSpec) -> Option<&'static str> {
    match spec.checked() {
        Ok(_) => None,
        Err(Error::InvalidInput { field, .. }) => Some(field),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn fields_have_their_rules() {
    let good = || spec("/a");
    assert_eq!(broken(good()), None);
    assert_eq!(broken(ConfigSpec { name: "数".repeat(64), url: format!("/{}", "数".repeat(254)), ..good() }), None);
    assert_eq!(broken(ConfigSpec { name: " ".to_owned(), ..good() }), Some("name"));
    assert_eq!(broken(ConfigSpec { name: "数".repeat(65), ..good() }), Some("name"));
    for method in ["get", "", "TRACE", "GET "] {
        assert_eq!(broken(ConfigSpec { method: method.to_owned(), ..good() }), Some("method"), "{method}");
    }
    for url in ["", "a", "/a b", "/a\n", &format!("/{}", "x".repeat(255))] {
        assert_eq!(broken(spec(url)), Some("url"), "{url}");
    }
    for number in [0, -1, i32::MIN] {
        assert_eq!(broken(ConfigSpec { limit_gap: Some(number), ..good() }), Some("limitGap"));
        let window = ConfigSpec { limit_cycle: Some(number), limit_max: Some(1), ..good() };
        assert_eq!(broken(window), Some("limitCycle"));
        let window = ConfigSpec { limit_cycle: Some(1), limit_max: Some(number), ..good() };
        assert_eq!(broken(window), Some("limitMax"));
    }
    assert_eq!(broken(ConfigSpec { limit_cycle: Some(1), ..good() }), Some("limitCycle"));
    assert_eq!(broken(ConfigSpec { limit_max: Some(1), ..good() }), Some("limitCycle"));
    assert_eq!(broken(ConfigSpec { limit_gap: None, ..good() }), Some("limit"));
    assert_eq!(broken(ConfigSpec { limit_gap: None, limit: false, ..good() }), None);
    assert_eq!(broken(ConfigSpec { message: Some("数".repeat(256)), ..good() }), Some("message"));
    assert_eq!(broken(ConfigSpec { remark: Some("a\0b".to_owned()), ..good() }), Some("remark"));
    assert_eq!(broken(ConfigSpec { auth_code: Some("x".repeat(65)), ..good() }), Some("authCode"));
    let blank = ConfigSpec { auth_code: Some(String::new()), message: Some(" ".to_owned()), ..good() };
    assert_eq!(blank.checked().unwrap(), good());
}

#[test]
fn a_search_is_checked() {
    let refused = |keyword: Option<&str>, page, size| {
        Search::new(keyword.map(str::to_owned), page, size).is_err_and(|e| matches!(e, Error::InvalidInput { .. }))
    };
    assert!(!refused(None, None, None) && !refused(Some(""), Some(1), Some(100)));
    assert!(refused(Some(&"x".repeat(256)), None, None) && refused(Some("a\0"), None, None));
    assert!(refused(None, Some(0), None) && refused(None, None, Some(0)) && refused(None, None, Some(101)));
    let page = Search::new(None, None, None).unwrap().page();
    assert_eq!((page.page(), page.size()), (1, 20));
}

#[tokio::test]
async fn own_operations_get_a_config_once() {
    let (_database, configs, _) = configs().await;
    let own = [own("/a", Some((3, 86_400, 200))), own("/b/{id}", None)];
    configs.open(&own).await.unwrap();
    let first = configs.list(&Search::new(None, None, None).unwrap()).await.unwrap();
    assert_eq!(first.total, 2);
    let a = first.items.iter().find(|config| config.spec.url == "/a").unwrap();
    let expected = ConfigSpec {
        name: "Own".to_owned(),
        auth_code: Some("own".to_owned()),
        limit_gap: Some(3),
        limit_cycle: Some(86_400),
        limit_max: Some(200),
        ..spec("/a")
    };
    assert_eq!(a.spec, expected);
    assert!(first.items.iter().any(|config| config.spec.url == "/b/{id}" && !config.spec.limit));

    let changed = ConfigSpec { name: "Changed".to_owned(), ..spec("/a") };
    configs.update(&admin(), &a.id, changed.clone()).await.unwrap();
    configs.open(&own).await.unwrap();
    assert_eq!(configs.get(&a.id).await.unwrap().spec, changed);
    assert_eq!(configs.logs(&Search::new(None, None, None).unwrap()).await.unwrap().total, 1, "nobody seeded");
}

#[tokio::test]
async fn an_own_config_that_went_to_another_url_gets_a_successor() {
    for database in databases().await {
        let backend = database.backend();
        let (clock, _) = Clock::manual(START);
        let configs = Configs::new(database.store().await, clock, Random::seeded(7));
        let own = [own("/a", None), own("/b", None)];
        configs.open(&own).await.unwrap();
        let found = configs.list(&Search::new(Some("/a".to_owned()), None, None).unwrap()).await.unwrap();
        let moved = found.items[0].id.clone();
        configs.update(&admin(), &moved, spec("/elsewhere")).await.unwrap();

        for _ in 0..2 {
            configs.open(&own).await.unwrap_or_else(|error| panic!("{backend:?}: {}", error.chain()));
            let all = configs.list(&Search::new(None, None, None).unwrap()).await.unwrap();
            let urls: Vec<_> = all.items.iter().map(|config| config.spec.url.as_str()).collect();
            assert_eq!((urls[0], urls.len()), ("/a", 3), "{backend:?}: {urls:?}");
            assert!(all.items[0].id != moved && is_id(&all.items[0].id), "{backend:?}");
        }
        assert_eq!(configs.get(&moved).await.unwrap().spec.url, "/elsewhere", "{backend:?}");
    }
}

#[tokio::test]
async fn numbers_that_are_not_positive_count_as_missing() {
    let (_database, configs, _) = configs().await;
    // Nobody but a seed gets such numbers past the rules.
    let own = [("/a", (0, 60, 0)), ("/b", (0, 0, 1)), ("/c", (-1, 60, -1))].map(|(url, limit)| own(url, Some(limit)));
    configs.open(&own).await.unwrap();
    for interface in 0..3 {
        for _ in 0..3 {
            assert_eq!(configs.admit(interface, device), Ok(()), "{interface}");
        }
    }
    let none = Limit { gap: None, window: None, message: None };
    assert!(configs.limits.load().iter().all(|limit| limit.as_ref() == Some(&none)));
}

#[tokio::test]
async fn a_change_takes_effect_at_once() {
    let (_database, configs, time) = configs().await;
    configs.open(&[own("/other", None), own("/a", None)]).await.unwrap();
    for _ in 0..10 {
        assert_eq!(configs.admit(1, device), Ok(()));
    }
    let all = configs.list(&Search::new(Some("/a".to_owned()), None, None).unwrap()).await.unwrap();
    let id = all.items[0].id.clone();
    let limited = ConfigSpec { limit_gap: Some(60), message: Some("慢点".to_owned()), ..spec("/a") };
    configs.update(&admin(), &id, limited).await.unwrap();
    assert_eq!(configs.admit(1, device), Ok(()));
    assert_eq!(configs.admit(1, device), Err(Throttled { message: Some(Arc::from("慢点")) }));
    assert_eq!(configs.admit(0, device), Ok(()), "another operation");
    time.advance(Duration::from_secs(60));
    assert_eq!(configs.admit(1, device), Ok(()));
    configs.delete(&admin(), &id).await.unwrap();
    assert_eq!(configs.admit(1, device), Ok(()));
    configs.create(&admin(), spec("/a")).await.unwrap();
    assert_eq!(configs.admit(1, device), Err(Throttled { message: None }));
}

#[tokio::test]
async fn what_another_process_changes_is_seen_within_ten_seconds() {
    let (database, configs, time) = configs().await;
    configs.open(&[own("/a", None)]).await.unwrap();
    assert!(!configs.is_due());
    let (clock, _) = Clock::manual(START);
    let other = Configs::new(database.store().await, clock, Random::seeded(8));
    let found = other.list(&Search::new(None, None, None).unwrap()).await.unwrap();
    other.update(&admin(), &found.items[0].id, spec("/a")).await.unwrap();

    assert_eq!([configs.admit(0, device), configs.admit(0, device)], [Ok(()), Ok(())], "not seen yet");
    time.advance(Duration::from_secs(10));
    assert!(configs.is_due());
    assert!(!configs.is_due(), "one caller is told");
    configs.refresh().await;
    assert!(!configs.is_due());
    assert_eq!([configs.admit(0, device), configs.admit(0, device)], [Ok(()), Err(Throttled { message: None })]);
}

#[tokio::test]
async fn a_store_that_is_gone_leaves_the_limits_as_they_are() {
    let (database, configs, time) = configs().await;
    configs.open(&[own("/a", Some((60, 86_400, 200)))]).await.unwrap();
    configs.store.clone().close().await.unwrap();
    drop(database);
    time.advance(Duration::from_secs(10));
    configs.refresh().await;
    assert_eq!([configs.admit(0, device), configs.admit(0, device)], [Ok(()), Err(Throttled { message: None })]);
}

#[tokio::test]
async fn changes_are_recorded_with_what_was_before() {
    let (_database, configs, time) = configs().await;
    let id = configs.create(&admin(), spec("/a")).await.unwrap();
    time.advance(Duration::from_secs(1));
    let changed = ConfigSpec { auth_code: Some("getUser".to_owned()), ..spec("/a") };
    configs.update(&admin(), &id, changed).await.unwrap();
    configs.delete(&admin(), &id).await.unwrap();

    let logs = configs.logs(&Search::new(None, None, None).unwrap()).await.unwrap();
    let kinds: Vec<_> = logs.items.iter().map(|log| log.kind.as_str()).collect();
    assert_eq!(kinds, ["DELETE", "UPDATE", "INSERT"]);
    assert!(logs.items.iter().all(|log| log.content.is_none() && log.business_id == id && log.creator == "系统管理员"));
    let LogContent::Change { before, after } = configs.log(&logs.items[1].id).await.unwrap().content.unwrap() else {
        panic!("a change has both");
    };
    assert_eq!((before.auth_code.as_deref(), after.auth_code.as_deref()), (None, Some("getUser")));
    assert_eq!(after.created_time.as_deref(), Some("2026-01-02 03:04:05"));
    for (at, auth_code) in [(0, Some("getUser")), (2, None)] {
        let LogContent::Config(config) = configs.log(&logs.items[at].id).await.unwrap().content.unwrap() else {
            panic!("one config");
        };
        assert_eq!((config.id.as_str(), config.auth_code.as_deref()), (id.as_str(), auth_code));
    }
}
