//! What is wrong with a file is told with its place, and without any secret.

use super::*;

pub(super) fn refused(text: &str) -> String {
    Declared::read(text, Path::new(""), false).err().map(|error| error.to_string()).unwrap_or_default()
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

#[tokio::test]
async fn what_something_else_has_is_told_with_its_place() {
    let database = TestDatabase::create(crate::testing::Backend::Sqlite).await;
    let (core, ..) = core(&database).await;
    apply(&core, SMALL).await;
    apply(&core, "users: [{ account: holder, id: 00000000000000000000000000000051 }]").await;
    let text = r#"apps:
  - { id: other, name: Shop }
users:
  - account: laura
    id: 00000000000000000000000000000051
pools:
  - { id: 9, project_type: 3, request_max: 1 }
"#;
    let expected = "2:24: the application `shop` has this name
5:9: the user `holder` has this id
7:28: the pool `3` serves this type of projects";
    assert_eq!(core.realms.apply(&declared(text, false)).await.unwrap_err().to_string(), expected);
    // What goes, or is declared with another name, is in nobody's way.
    let text = format!("{text}  - {{ id: 3, request_max: 1 }}\n")
        .replace("id: 00000000000000000000000000000051", "admin: true");
    core.realms.apply(&declared(&text, true)).await.unwrap();
}

#[tokio::test]
async fn a_group_stays_one_while_something_stands_in_it() {
    let database = TestDatabase::create(crate::testing::Backend::Sqlite).await;
    let (core, ..) = core(&database).await;
    apply(&core, SMALL).await;
    let text = r#"apps:
  - { id: other, name: Other }
navigators:
  - { id: 00000000000000000000000000000013, app: other, index: 1, name: Group }
  - id: 00000000000000000000000000000011
    app: other
    parent: 00000000000000000000000000000013
    index: 1
    name: Former group
"#;
    let expected =
        "6:10: it has the module `00000000000000000000000000000012`, which is not declared, in the menu of `shop`
7:13: it has the module `00000000000000000000000000000012`, which is not declared, and so stays a group";
    assert_eq!(core.realms.compare(&declared(text, false)).await.unwrap_err().to_string(), expected);
    // With `--prune` the module goes, and a declared one may move elsewhere.
    core.realms.compare(&declared(&format!("{text}functions: []\n"), true)).await.unwrap();
    let moved = "  - { id: 00000000000000000000000000000012, app: other, parent: 00000000000000000000000000000013, index: 2, name: M }\n";
    apply(&core, &format!("{text}{moved}")).await;
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
        (
            "users:\n  - account: lory\n    password: { envv: A }\n",
            "3:15: `{ env: NAME }` or `{ file: PATH }` is expected",
        ),
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
  - { id: 1, request_max: 1, end_points: ["", "a\tb"] }
wechat_apps: [{ id: "a b", secret: "密" }]
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
26:43: an address has 1 to 255 characters without control characters
26:47: an address has 1 to 255 characters without control characters
27:21: an id of WeChat has 1 to 64 characters of ASCII without spaces
27:36: a secret of WeChat has characters of ASCII only, none of them control characters";
    assert_eq!(refused(text), expected);
    let many = ["x"; 33].join(", ");
    let told = refused(&format!("pools: [{{ id: 1, request_max: 1, end_points: [{many}] }}]"));
    assert_eq!(told, "1:143: a pool has at most 32 addresses");
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
fn no_message_repeats_a_secret() {
    let forms = [
        "1e999",
        ".inf",
        "-.inf",
        ".nan",
        "{1e999}",
        "{hunter2}",
        "{ hunter2: x }",
        "{ hunter2 }",
        "[hunter2]",
        "[[hunter2",
        "*hunter2",
        "&hunter2",
        "&hunter2 1",
        "!hunter2",
        "!hunter2 x",
        "!hunter2 {a: b}",
        "!<hunter2> x",
        "%hunter2",
        "@hunter2",
        "`hunter2",
        "\"hunter2",
        "'hunter2",
        "\"\\hunter2\"",
        "!!int hunter2",
        "!!float hunter2",
        "!!bool hunter2",
        "!!null hunter2",
        "!!binary hunter2!",
        "!!hunter2 x",
        "hunter2: x",
        "{ hunter2: , hunter2: }",
        "{ ? hunter2 }",
        "? hunter2",
        "{ <<: hunter2 }",
        "{ <<: { hunter2: 1 } }",
        "{ env: { hunter2: 1 } }",
        "{ env: [hunter2] }",
        "{ env: !!int hunter2 }",
        "{ env: *hunter2 }",
        "{ env: A, hunter2: b }",
        "{ env: A, env: hunter2 }",
        "{ [hunter2]: 1 }",
        "{ {hunter2: 1}: 2 }",
        "|hunter2",
        ">hunter2",
        "|\nhunter2",
        "-hunter2: - x",
        "#hunter2",
        "hunter2 #",
        ", hunter2",
        "] hunter2",
        "} hunter2",
    ];
    let mut repeated = Vec::new();
    for form in forms {
        for key in ["password", "password_digest"] {
            let said = refused(&format!("users:\n  - account: lory\n    {key}: {form}\n"));
            if said.contains("unter2") || said.contains("1e999") || said.contains("inf") || said.contains("nan") {
                repeated.push(format!("{form} -> {said}"));
            }
        }
    }
    assert!(repeated.is_empty(), "{repeated:#?}");
}
