mod mistakes;
mod prune;

use futures_util::poll;

use super::*;
use crate::cli::DEMO_REALM;
use crate::config::Config;
use crate::domain::Core;
use crate::domain::access::{Entry, Kind};
use crate::domain::app::{AppId, tests::Bench};
use crate::domain::clock::{ManualClock, Timestamp};
use crate::domain::config::Search;
use crate::domain::event::Topic;
use crate::domain::keys::KeyRing;
use crate::domain::origin::Origin;
use crate::store::{RealmPool, RealmWrites, Unique};
use crate::testing::{TestDatabase, databases};

/// A core on a database, with a clock that stands at a known moment.
pub(in crate::domain) async fn core(database: &TestDatabase) -> (Core, Store, ManualClock) {
    let store = database.store().await;
    let (clock, hand) = Clock::manual(Timestamp::from_seconds(1_767_323_045));
    let (config, random) = (Config::default(), Random::seeded(1));
    let directory = tempfile::tempdir().unwrap();
    let master = Secret::new("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".to_owned());
    let keys = KeyRing::open(directory.path(), Some(&master), clock.clone(), random.clone()).unwrap();
    let mail = config.mail(clock.clone(), random.clone()).unwrap();
    let sms = config.messenger(clock.clone(), random.clone());
    let core = Core::new(store.clone(), keys, &config.domain(), clock, random, mail, sms).unwrap();
    (core, store, hand)
}

fn declared(text: &str, prune: bool) -> Declared {
    Declared::read(text, Path::new(""), prune).unwrap_or_else(|error| panic!("{error}"))
}

fn told(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

async fn apply(core: &Core, text: &str) -> Vec<String> {
    let applied = core.realms.apply(&declared(text, false)).await;
    told(&applied.unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error))).changes)
}

const SMALL: &str = r#"
apps:
  - id: shop
    name: Shop
    secret: "0123456789abcdef"
users:
  - account: Lory
    password: "123456"
    email: lory@example.com
    admin: true
tenants:
  - id: 00000000000000000000000000000001
    name: One
    apps: [shop]
    users: [lory]
navigators:
  - { id: 00000000000000000000000000000011, app: shop, index: 1, name: Group }
  - { id: 00000000000000000000000000000012, app: shop, parent: 00000000000000000000000000000011, index: 1, name: Module }
functions:
  - { id: 00000000000000000000000000000021, navigator: 00000000000000000000000000000012, index: 1, name: Look, auth_codes: [look] }
roles:
  - id: 00000000000000000000000000000031
    name: Clerk
    tenant: 00000000000000000000000000000001
    users: [lory]
    permit: [00000000000000000000000000000021]
configs:
  - { name: Users, method: GET, url: /users, limit: true, limit_gap: 1 }
wechat_apps:
  - { id: wx1, secret: wechat secret }
pools:
  - { id: 3, name: Three, project_type: 3, end_points: ["https://example.com"], request_max: 5 }
"#;

#[tokio::test]
async fn a_realm_is_applied_once_on_every_database() {
    for database in databases().await {
        let (core, store, _) = core(&database).await;
        let planned = told(&core.realms.compare(&declared(SMALL, false)).await.unwrap());
        assert_eq!(planned.len(), 10, "{planned:#?}");
        assert!(!planned.concat().contains("123456"), "no secret is told: {planned:#?}");
        assert!(store.realm(&UserScope::All).await.unwrap() == RealmState::default(), "a comparison changes nothing");

        assert_eq!(apply(&core, SMALL).await.len(), 10, "{:?}", database.backend());
        assert_eq!(apply(&core, SMALL).await, [] as [String; 0], "{:?}", database.backend());
        core.apps.authenticate("shop", "0123456789abcdef").await.unwrap();
        let user = login(&core, "LORY@example.com", "123456").await.unwrap();
        assert!(user.is_admin && user.account == "Lory");
        let tenant = store.realm(&UserScope::All).await.unwrap().tenants.into_values().next().unwrap();
        assert_eq!((tenant.apps.len(), tenant.users.len()), (1, 1));
        assert_eq!(store.audit_events_of(user.id).await.unwrap().len(), 1);
    }
}

async fn login(core: &Core, name: &str, password: &str) -> Result<crate::domain::user::User, crate::domain::Error> {
    core.users.authenticate(&Origin::command("test"), name, Some(Digest::of(password))).await
}

#[tokio::test]
async fn changes_are_told_field_by_field_and_take_effect_for_sessions() {
    for database in databases().await {
        let (core, store, clock) = core(&database).await;
        apply(&core, SMALL).await;
        let (user, app) = (login(&core, "lory", "123456").await.unwrap(), AppId::new("shop"));
        clock.advance(std::time::Duration::from_secs(60));
        let changed = SMALL
            .replace("name: Shop", "name: Shopping\n    exclusive: true")
            .replace("0123456789abcdef", "fedcba9876543210")
            .replace("\"123456\"", "\"654321\"")
            .replace("lory@example.com", "l@example.com\n    name: Lory L.")
            .replace("limit_gap: 1", "limit_gap: 2")
            .replace("wechat secret", "another secret")
            .replace("permit: [0", "deny: [0");
        let told = apply(&core, &changed).await;
        let expected = [
            "~ app shop\n    name: \"Shop\" -> \"Shopping\"\n    exclusive: false -> true\n    secret: (changed; its tokens are revoked)",
            "~ user Lory\n    name: \"Lory\" -> \"Lory L.\"\n    email: \"lory@example.com\" -> \"l@example.com\"\n    password: (changed; the user's sessions end)",
            "~ role 00000000000000000000000000000031\n    permit: [\"00000000000000000000000000000021\"] -> []\n    deny: [] -> [\"00000000000000000000000000000021\"]",
        ];
        assert_eq!(told[..3], expected);
        assert!(told[3].ends_with("limit_gap: 1 -> 2"), "{told:?}");
        assert_eq!(told[4], "~ wechat_app wx1\n    secret: (changed)");
        assert_eq!(apply(&core, &changed).await, [] as [String; 0]);

        assert!(login(&core, "lory@example.com", "654321").await.is_err(), "the former address is free");
        let after = login(&core, "l@example.com", "654321").await.unwrap();
        assert!(after.tokens_valid_from > user.tokens_valid_from);
        let app = core.apps.by_app_id(&app).await.unwrap().unwrap();
        assert!(app.exclusive && app.tokens_valid_from.millis() == (1_767_323_045 + 61) * 1000);
        assert!(core.apps.authenticate("shop", "0123456789abcdef").await.is_err());

        let banned = changed.replace("admin: true", "admin: true\n    banned: true");
        let told = core.realms.apply(&declared(&banned, false)).await.unwrap_err().to_string();
        assert_eq!(told, "no administrator would be left: declare one, with `admin: true`");
        let other = "users: [{ account: other, admin: true }]";
        let applied = core.realms.apply(&declared(other, false)).await.unwrap();
        assert_eq!(applied.generated[0].of, "password of user other");
        login(&core, "other", applied.generated[0].secret.expose()).await.unwrap();
        assert_eq!(apply(&core, other).await, [] as [String; 0], "a password that was made stays");
        assert_eq!(apply(&core, &banned).await, ["~ user Lory\n    banned: false -> true"]);
        assert!(core.users.by_id(user.id).await.unwrap().unwrap().banned);
        assert_eq!(apply(&core, &changed).await, [] as [String; 0], "a ban stays that the file does not mention");
        drop(store);
    }
}

#[tokio::test]
async fn what_is_removed_frees_its_names_in_the_same_go() {
    for database in databases().await {
        let (core, ..) = core(&database).await;
        apply(&core, SMALL).await;
        let successor = r#"
apps: [{ id: shop2, name: Shop, secret: "0123456789abcdef" }]
users: [{ account: lora, email: lory@example.com, password: "123456", admin: true }]
pools: [{ id: 4, project_type: 3, request_max: 1 }]
configs: [{ id: 00000000000000000000000000000041, name: Users, method: GET, url: /users }]
"#;
        core.realms.apply(&declared(successor, true)).await.unwrap();
        core.apps.authenticate("shop2", "0123456789abcdef").await.unwrap();
        assert_eq!(login(&core, "lory@example.com", "123456").await.unwrap().account, "lora");
        assert!(login(&core, "lory", "123456").await.is_err());
    }
}

#[tokio::test]
async fn a_refused_file_leaves_no_trace() {
    for database in databases().await {
        let (core, store, _) = core(&database).await;
        apply(&core, SMALL).await;
        let before = store.realm(&UserScope::All).await.unwrap();
        // The name is taken by something that came meanwhile, which only the database tells, after other rows.
        let pool = RealmPool { name: String::new(), project_type: None, end_points: "[]".to_owned(), request_max: 1 };
        let app = before.apps["shop"].clone();
        let puts =
            vec![RealmPut::Pool(9, pool), RealmPut::App { app_id: "other".to_owned(), app, tokens_valid_from: None }];
        let writes = RealmWrites { puts, ..RealmWrites::default() };
        let error = store.write_realm(&UserScope::All, &before, &writes).await.unwrap_err();
        assert!(matches!(error, crate::store::Error::Taken(Unique::AppName)), "{error}");
        assert!(store.realm(&UserScope::All).await.unwrap() == before);

        let stale = RealmState::default();
        let writes = RealmWrites::default();
        assert!(!store.write_realm(&UserScope::All, &stale, &writes).await.unwrap(), "what is there has changed");
    }
}

#[tokio::test]
async fn names_are_exchanged_and_passed_on_in_one_go() {
    let before = r#"
apps:
  - { id: one, name: One, secret: "0123456789abcdef" }
  - { id: two, name: Two, secret: "0123456789abcdef" }
  - { id: three, name: Three, secret: "0123456789abcdef" }
pools:
  - { id: 1, project_type: 1, request_max: 1 }
  - { id: 2, project_type: 2, request_max: 1 }
configs:
  - { id: 00000000000000000000000000000041, name: A, method: GET, url: /a }
  - { id: 00000000000000000000000000000042, name: B, method: GET, url: /b }
"#;
    let exchanged = before
        .replace("name: One", "name: Two")
        .replace("id: two, name: Two", "id: two, name: Three")
        .replace("id: three, name: Three", "id: three, name: One")
        .replace("id: 1, project_type: 1", "id: 1, project_type: 2")
        .replace("id: 2, project_type: 2", "id: 2, project_type: 1")
        .replace("name: A, method: GET, url: /a", "name: A, method: GET, url: /b")
        .replace("name: B, method: GET, url: /b", "name: B, method: GET, url: /a");
    let passed_on = exchanged
        .replace("id: one, name: Two", "id: one, name: Three")
        .replace("id: two, name: Three", "id: two, name: Four")
        .replace("id: 1, project_type: 2", "id: 1, project_type: 1")
        .replace("id: 2, project_type: 1", "id: 2")
        .replace("name: A, method: GET, url: /b", "name: A, method: GET, url: /a")
        .replace("name: B, method: GET, url: /a", "name: B, method: PUT, url: /a");
    for database in databases().await {
        let (core, store, _) = core(&database).await;
        apply(&core, before).await;
        for (text, changes) in [(&exchanged, 7), (&passed_on, 6)] {
            assert_eq!(apply(&core, text).await.len(), changes, "{:?}", database.backend());
            assert_eq!(apply(&core, text).await, [] as [String; 0], "{:?}", database.backend());
        }
        let state = store.realm(&UserScope::All).await.unwrap();
        let names: Vec<_> = state.apps.into_iter().map(|(id, app)| format!("{id} {}", app.name)).collect();
        assert_eq!(names, ["one Three", "three One", "two Four"]);
        let kinds: Vec<_> = state.pools.into_values().map(|pool| pool.project_type).collect();
        assert_eq!(kinds, [Some(1), None]);
        let interfaces: Vec<_> = state.configs.into_values().map(|config| config.method + " " + &config.url).collect();
        assert_eq!(interfaces, ["GET /a", "PUT /a"]);
    }
}

#[tokio::test]
async fn an_entry_without_id_is_not_the_config_that_another_moves_away() {
    for database in databases().await {
        let (core, store, _) = core(&database).await;
        let moved = "00000000000000000000000000000041";
        apply(&core, &format!("configs: [{{ id: {moved}, name: Users, method: GET, url: /users }}]")).await;
        let text = format!(
            "configs:\n  - {{ name: New, method: GET, url: /users }}\n  - {{ id: {moved}, name: Users, method: GET, url: /people }}\n"
        );
        assert_eq!(apply(&core, &text).await.len(), 2);
        assert_eq!(apply(&core, &text).await, [] as [String; 0], "{:?}", database.backend());
        let configs = store.realm(&UserScope::All).await.unwrap().configs;
        assert_eq!((configs.len(), configs[moved].url.as_str()), (2, "/people"));
    }
}

#[tokio::test]
async fn two_at_once_do_not_remove_each_other_s_administrator() {
    for database in databases().await {
        let (core, store, _) = core(&database).await;
        let both = r#"users:
  - { account: lory, password: "123456", admin: true }
  - { account: lora, password: "123456", admin: true }
"#;
        apply(&core, both).await;
        let (one, two) = (declared("users: [{ account: lory }]", false), declared("users: [{ account: lora }]", false));
        let (one, two) = tokio::join!(core.realms.apply(&one), core.realms.apply(&two));
        let refusals: Vec<_> = [one.err(), two.err()].into_iter().flatten().map(|error| error.to_string()).collect();
        assert_eq!(refusals, ["no administrator would be left: declare one, with `admin: true`"]);
        assert_eq!(store.realm(&UserScope::All).await.unwrap().admins.len(), 1, "{:?}", database.backend());
    }
}

#[tokio::test]
async fn whoever_leaves_a_tenant_is_logged_out_of_it_at_once() {
    for database in databases().await {
        let (core, ..) = core(&database).await;
        apply(&core, SMALL).await;
        let user = login(&core, "lory", "123456").await.unwrap();
        let entry = Entry {
            app_id: "shop".to_owned(),
            tenant_id: Some("00000000000000000000000000000001".to_owned()),
            ..Entry::default()
        };
        let bundle = core.access.begin(&Origin::command("test"), user, entry).await.unwrap();
        core.access.check(Kind::Access, &bundle.access).await.unwrap();
        apply(&core, &SMALL.replace("    users: [lory]\nnavigators", "    users: []\nnavigators")).await;
        let after = core.access.check(Kind::Access, &bundle.access).await;
        assert!(matches!(after, Err(crate::domain::Error::Unauthorized)), "{after:?}");
    }
}

#[tokio::test]
async fn the_author_of_recorded_changes_is_no_user() {
    let database = TestDatabase::create(crate::testing::Backend::Sqlite).await;
    let (core, ..) = core(&database).await;
    apply(&core, DEMO_REALM).await;
    let demo = core.users.by_id(1).await.unwrap().unwrap();
    let log = core.configs.logs(&Search::new(None, None, None).unwrap()).await.unwrap().items.remove(0);
    assert_eq!(log.creator, "gatehouse apply");
    assert_ne!(log.creator_id, demo.uid);
    let taken = format!("users: [{{ account: lory, id: {} }}]", log.creator_id);
    assert_eq!(mistakes::refused(&taken), "1:30: this id stands for `gatehouse apply`");
}

#[test]
fn the_schema_is_the_one_that_is_shipped() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("realm.schema.json");
    let schema = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::var("GATEHOUSE_WRITE_SCHEMA").is_ok() {
        std::fs::write(&path, &schema).unwrap();
    }
    let shipped = std::fs::read_to_string(path).unwrap_or_default();
    assert!(shipped == schema, "run this test with GATEHOUSE_WRITE_SCHEMA=1, and read the difference");
}

#[tokio::test]
async fn each_revocation_of_one_second_ends_the_tokens_before_it() {
    for database in databases().await {
        let (core, ..) = core(&database).await;
        let secrets = ["0123456789abcdef", "fedcba9876543210", "0123456789abcdef", "fedcba9876543210"];
        let mut before: Option<String> = None;
        for secret in secrets {
            apply(&core, &SMALL.replace("0123456789abcdef", secret)).await;
            if let Some(token) = &before {
                let outcome = core.tokens.verify(token).await;
                assert!(matches!(outcome, Err(Error::TokenExpired)), "{:?}", database.backend());
            }
            let app = core.apps.authenticate("shop", secret).await.unwrap();
            let token = core.tokens.issue(&app).unwrap().token;
            core.tokens.verify(&token).await.unwrap();
            before = Some(token);
        }
    }
}

#[tokio::test]
async fn what_another_process_applied_is_followed_and_nothing_is_forgotten_without_need() {
    for database in databases().await {
        let (ours, ..) = core(&database).await;
        let (other, ..) = core(&database).await;
        apply(&other, SMALL).await;
        ours.realms.settle().await.unwrap();
        ours.apps.authenticate("shop", "0123456789abcdef").await.unwrap();
        apply(&other, &SMALL.replace("name: Shop", "name: Shop\n    enabled: false")).await;
        ours.apps.authenticate("shop", "0123456789abcdef").await.expect("it is remembered");
        ours.realms.settle_if_due().await.unwrap();
        ours.apps.authenticate("shop", "0123456789abcdef").await.unwrap_err();

        let version = ours.apps.version();
        ours.realms.settle_if_due().await.unwrap();
        assert_eq!(ours.apps.version(), version, "{:?}", database.backend());
        apply(&ours, &SMALL.replace("name: Shop", "name: Shop\n    enabled: true")).await;
        let version = ours.apps.version();
        ours.realms.settle_if_due().await.unwrap();
        assert_eq!(ours.apps.version(), version, "{:?}: who applies has settled", database.backend());
    }
}

#[tokio::test]
async fn what_was_applied_is_forgotten_though_the_store_is_gone() {
    let bench = Bench::new().await;
    bench.core.realms.settle().await.unwrap();
    let version = bench.core.apps.version();
    bench.store.clone().close().await.unwrap();
    bench.core.realms.settle_if_due().await.unwrap_err();
    assert_eq!(bench.core.apps.version(), version, "nobody knows that anything was applied");
    // Not even one who waits for the store meanwhile keeps it from being forgotten.
    let following = bench.core.realms.reached.lock().await;
    let mut settling = Box::pin(bench.core.realms.settle());
    assert!(poll!(settling.as_mut()).is_pending());
    assert!(bench.core.apps.version() > version);
    drop(following);
    settling.await.unwrap_err();
}

#[tokio::test]
async fn what_could_not_be_told_is_tried_again_and_nothing_is_forgotten_for_it() {
    let bench = Bench::new().await;
    let realms = &bench.core.realms;
    realms.settle().await.unwrap();
    realms.reached.lock().await.settled = None;
    let version = bench.core.apps.version();
    realms.settle_if_due().await.unwrap();
    assert_eq!(bench.core.apps.version(), version);
    assert!(realms.reached.lock().await.settled.is_some());
}

#[tokio::test]
async fn whoever_follows_tells_what_another_process_did() {
    for database in databases().await {
        let (ours, ..) = core(&database).await;
        let (other, ..) = core(&database).await;
        apply(&other, SMALL).await;
        ours.realms.settle().await.unwrap();
        let app = ours.apps.by_app_id(&AppId::new("shop")).await.unwrap().unwrap();
        let mut heard = ours.events.subscribe(&app, 8);
        let told = async {
            apply(&other, &SMALL.replace("0123456789abcdef", "fedcba9876543210")).await;
            heard.next().await.unwrap()
        };
        tokio::select! {
            () = ours.realms.follow() => unreachable!("it goes on until it is dropped"),
            event = told => assert_eq!(event.topic, Topic::TokenRevoked, "{:?}", database.backend()),
        }
    }
}
