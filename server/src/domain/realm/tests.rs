use super::*;
use crate::cli::DEMO_REALM;
use crate::config::Config;
use crate::domain::Core;
use crate::domain::app::AppId;
use crate::domain::clock::{ManualClock, Timestamp};
use crate::domain::keys::KeyRing;
use crate::domain::origin::Origin;
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

fn refused(text: &str) -> String {
    Declared::read(text, Path::new(""), false).err().map(|error| error.to_string()).unwrap_or_default()
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
async fn pruning_removes_what_is_not_declared_and_spares_what_is_not_spoken_of() {
    for database in databases().await {
        let (core, store, _) = core(&database).await;
        apply(&core, DEMO_REALM).await;
        apply(&core, SMALL).await;
        let own = "configs: [{ name: Code, method: GET, url: /base/auth/v1.0/tokens/codes }]";
        apply(&core, own).await;
        let pruned = told(&core.realms.apply(&declared(SMALL, true)).await.unwrap().changes);
        let kinds: Vec<_> =
            pruned.iter().map(|change| change.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        let count = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
        let expected =
            [("- app", 3), ("- user", 1), ("- tenant", 1), ("- navigator", 5), ("- function", 9), ("- role", 1)];
        for (kind, number) in expected.into_iter().chain([("- config", 3), ("- pool", 1), ("- wechat_app", 1)]) {
            assert_eq!(count(kind), number, "{kind} on {:?}: {pruned:#?}", database.backend());
        }
        let left = store.realm(&UserScope::All).await.unwrap();
        assert_eq!((left.apps.len(), left.users.len(), left.configs.len(), left.functions.len()), (1, 1, 2, 1));
        assert_eq!(core.realms.compare(&declared(SMALL, true)).await.unwrap(), []);

        apply(&core, DEMO_REALM).await;
        let one = "pools: []";
        let pruned = told(&core.realms.apply(&declared(one, true)).await.unwrap().changes);
        assert_eq!(pruned, ["- pool 0", "- pool 3"]);
        let nobody = core.realms.apply(&declared("users: []", true)).await.unwrap_err().to_string();
        assert!(nobody.contains("no administrator would be left"), "{nobody}");
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
        // The name is taken by something that is not declared, which only the database tells, after other rows.
        let taken = "pools: [{ id: 9, request_max: 1 }]\napps: [{ id: other, name: Shop }]";
        let error = core.realms.apply(&declared(taken, false)).await.unwrap_err();
        assert!(matches!(error, RealmError::Taken(crate::store::Unique::AppName)), "{error}");
        assert!(store.realm(&UserScope::All).await.unwrap() == before);

        let stale = RealmState::default();
        let writes = crate::store::RealmWrites::default();
        assert!(!store.write_realm(&UserScope::All, &stale, &writes).await.unwrap(), "what is there has changed");
    }
}

#[tokio::test]
async fn names_that_nothing_has_are_told_with_their_places() {
    let database = TestDatabase::create(crate::testing::Backend::Sqlite).await;
    let (core, ..) = core(&database).await;
    apply(&core, SMALL).await;
    let wrong = r#"tenants:
  - id: 00000000000000000000000000000002
    name: Two
    apps: [shop, none]
    users: [lory, nobody]
navigators:
  - { id: 00000000000000000000000000000013, app: nothing, index: 1, name: Group }
  - id: 00000000000000000000000000000014
    app: shop
    parent: 00000000000000000000000000000012
    index: 1
    name: Too deep
functions:
  - { id: 00000000000000000000000000000022, navigator: 00000000000000000000000000000099, index: 1, name: F }
roles:
  - id: 00000000000000000000000000000032
    name: Role
    tenant: 00000000000000000000000000000098
    permit:
      - 00000000000000000000000000000021
      - 00000000000000000000000000000097
users:
  - account: laura
    email: Lory@Example.com
  - account: lory
    id: 00000000000000000000000000000055
    admin: true
    email: other@example.com
configs:
  - { id: 00000000000000000000000000000041, name: Users, method: GET, url: /users }
"#;
    let error = core.realms.apply(&declared(wrong, false)).await.unwrap_err().to_string();
    let users_config = core.realms.compare(&declared("configs: []", true)).await.unwrap()[0].key.clone();
    let uid = core.users.by_id(1).await.unwrap().unwrap().uid.clone();
    let expected = format!(
        "4:18: there is no application `none`
5:19: there is no user `nobody`
7:50: there is no application `nothing`
10:13: `00000000000000000000000000000012` is a module, not a group
14:56: there is no navigator `00000000000000000000000000000099`
18:13: there is no tenant `00000000000000000000000000000098`
21:9: there is no function `00000000000000000000000000000097`
26:9: the user `Lory` has the id `{uid}`
30:11: the config `{users_config}` is for this method and URL; give its id, or none"
    );
    assert_eq!(error, expected);
}

#[test]
fn mistakes_of_form_are_told_with_their_places() {
    for (text, expected) in [
        ("apps:\n  - id: a\n    nmae: A\n", "3:5: unknown field `nmae`"),
        ("things: []\n", "1:1: unknown field `things`"),
        ("apps:\n  - name: A\n", "2:5: missing field `id`"),
        ("apps:\n  - id: a\n    name: A\n    may_create: perhaps\n", "4:17: "),
        ("apps: {}\n", "1:7: "),
        ("users:\n  - account: lory\n    password: 123456\n", "3:15: a secret is a text: put it in quotes"),
        ("users:\n  - account: lory\n    password: { env: A, file: b }\n", "3:15: a secret comes from one place"),
        ("users:\n  - account: lory\n    password: { envv: A }\n", "3:17: unknown field `envv`"),
        ("users:\n  - account: lory\n    account: lora\n", "3:5: "),
        ("apps:\n  - id: [\n", "2:9: "),
    ] {
        let said = refused(text);
        assert!(said.starts_with(expected), "{text}\nsaid {said}\nnot  {expected}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(!said.contains("123456"), "{said}");
    }
    assert_eq!(refused(""), "");
    assert_eq!(refused("# nothing\n"), "");
}

#[test]
fn wrong_values_are_told_together() {
    let text = r#"apps:
  - id: a b
    name: ""
    redirect_uri: nowhere
    secret: short
    token_life: 5
  - id: a
    name: A
  - id: a
    name: B
users:
  - account: a@b
    id: 123
    password: "x"
    password_digest: "y"
  - account: lory
    email: LORY
    password: { env: GATEHOUSE_NO_SUCH_VARIABLE }
functions:
  - { id: 00000000000000000000000000000021, navigator: x, index: 1, name: F, auth_codes: ["a,b", "c", "c"] }
configs:
  - { name: C, method: FETCH, url: users, limit: true, limit_cycle: 0 }
  - { name: C, method: GET, url: /u, limit: true }
pools:
  - { id: -1, request_max: -1 }
wechat_apps: [{ id: "a b", secret: "x" }]
"#;
    let expected = "2:9: an id of an application has 1 to 64 letters, digits, `-`, `_` or `.`
3:11: `name` must not be empty or blank
5:13: a secret of an application has at least 16 characters
6:17: is in milliseconds, and at least 1000
9:9: another entry has this id, at 7:9
12:14: `a@b` must not contain spaces, `@`, control or invisible characters
13:9: an id has 32 hexadecimal digits, in lower case
15:22: give `password` or `password_digest`, not both
15:22: a digest of a password is its MD5: 32 hexadecimal digits
17:12: `LORY` must be an address such as `name@example.com`
17:12: another entry has this account, address or number, at 16:14
18:15: the environment has no `GATEHOUSE_NO_SUCH_VARIABLE`
20:91: a right has 1 to 64 letters, digits, `.`, `_`, `-` or `:`
20:103: `c` is named twice
22:24: `method` is one of GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS
22:36: `url` is a path: it begins with `/` and has no spaces
22:69: is at least 1
22:69: `limit_cycle` needs `limit_max`
23:34: `limit` needs `limit_gap`, or `limit_cycle` and `limit_max`
25:11: a number of a pool is not negative
25:28: is at least 0
26:21: an id of WeChat has 1 to 64 characters of ASCII without spaces";
    assert_eq!(refused(text), expected);
}

#[test]
fn secrets_are_read_from_files() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("secret"), "of a file\r\n").unwrap();
    let text = "users: [{ account: lory, password: { file: secret } }]";
    let declared = Declared::read(text, directory.path(), false).unwrap();
    let user = &declared.file.users.as_ref().unwrap()[0];
    assert_eq!(user.password.as_ref().unwrap().value.plain().unwrap().expose(), "of a file");
    assert!(!format!("{declared:?}").contains("of a file"));
    let missing = refused("users: [{ account: lory, password: { file: /nonexistent/x } }]");
    assert!(missing.starts_with("1:36: cannot read /nonexistent/x: "), "{missing}");
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
