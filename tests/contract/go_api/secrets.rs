//! Secrets and tokens: what is in them, where they are kept, and where they must not be.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract_tests::{
    fixture::{DEMO_APP, DEMO_SECRET, Fixture},
    logs::Logs,
    must,
    wire::Request,
};
use sea_orm::{ConnectionTrait as _, Database, Statement};
use serde_json::{Value, json};

use super::{APP, TOKEN, app_request, create, token_request};

/// The parts of a token as text.
fn decoded(token: &str) -> (String, String) {
    let mut parts = token.split('.').map(|part| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap_or_default()));
    let mut next = || parts.next().expect("a part").expect("text");
    (next(), next())
}

#[tokio::test]
async fn a_token_has_the_documented_claims() {
    let server = Fixture::start().await;
    let token = server.send(token_request()).await.reply.json()["data"]["token"].as_str().unwrap().to_owned();
    assert!(token.len() < 600, "{} bytes", token.len());
    let (header, claims) = decoded(&token);
    let header: Value = serde_json::from_str(&header).unwrap();
    assert_eq!((&header["alg"], &header["typ"]), (&json!("HS256"), &json!("JWT")));
    assert_eq!(header.as_object().unwrap().len(), 3, "alg, typ and kid: {header}");
    let claims: Value = serde_json::from_str(&claims).unwrap();
    let jti = claims["jti"].as_str().unwrap();
    assert!(jti.len() == 32 && jti.bytes().all(|byte| byte.is_ascii_hexdigit()), "{jti}");
    let expected = json!({
        "id": 1, "app_name": "Demo", "app_id": DEMO_APP, "iat": 1_767_323_045, "exp": 1_767_927_845, "iss": "go-api",
        "aud": "go_api", "jti": jti,
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn two_tokens_of_one_moment_differ() {
    let server = Fixture::start().await;
    let one = server.send(token_request()).await.reply.json()["data"]["token"].clone();
    let other = server.send(token_request()).await.reply.json()["data"]["token"].clone();
    assert_ne!(one, other);
    for token in [one, other] {
        let reply = server.send(Request::get(APP).bearer(token.as_str().unwrap())).await.reply;
        assert_eq!(reply.code(), 0);
    }
}

#[tokio::test]
async fn generated_credentials_have_the_documented_form_and_work() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let (app_id, secret) = create(&server, &token, "New").await;
    let tail = app_id.strip_prefix("go-api-").unwrap();
    assert!(tail.len() == 8 && tail.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{app_id}");
    assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{secret}");
    let request = Request::post(TOKEN).form(&[("app_id", &app_id), ("app_secret", &secret)]);
    assert_eq!(server.send(request).await.reply.code(), 0);
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_as_a_hash_only() {
    for server in Fixture::on_every_database().await {
        let token = server.token().await;
        let (app_id, secret) = create(&server, &token, "New").await;
        let list = server.send(Request::get(APP).bearer(&token)).await.reply.text();
        assert!(list.contains(&app_id) && !list.contains("secret") && !list.contains(&secret), "{list}");

        let row = row(&server, &app_id).await;
        assert!(!row.iter().any(|(_, value)| value.contains(&secret)), "{row:?}");
        let (_, hash) = row.iter().find(|(name, _)| name == "secret_hash").expect("a hash");
        let (key, mac) = hash.split_once(':').expect("key id and hash");
        let hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(key.len() == 16 && hexadecimal(key) && mac.len() == 64 && hexadecimal(mac), "{hash}");
    }
}

#[tokio::test]
async fn no_file_of_the_embedded_database_holds_a_secret() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let (_, secret) = create(&server, &token, "New").await;
    let url = server.database_url();
    let file = url.trim_start_matches("sqlite://").split('?').next().unwrap();
    let directory = std::path::Path::new(file).parent().unwrap();
    let mut names_found = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let holds = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
        assert!(!holds(&secret) && !holds(DEMO_SECRET) && !holds(&token));
        names_found += usize::from(holds("go-api-demo0001"));
    }
    assert!(names_found > 0, "the files that were read are not the database");
}

#[tokio::test]
async fn unknown_fields_set_no_column() {
    for server in Fixture::on_every_database().await {
        let token = server.token().await;
        let app = json!({
            "app_name": "Bold", "id": 4711, "app_id": "go-api-mine0000", "app_secret": "mine", "secret_hash": "mine",
            "enabled": false, "may_create": false, "created_by": 99, "created_at": 5, "tokens_valid_from": 6,
        });
        let reply = server.send(app_request(&token, &app)).await.reply.json();
        let app_id = reply["data"]["app_id"].as_str().unwrap();
        let row = row(&server, app_id).await;
        let column = |name: &str| row.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap();
        assert_eq!(column("name"), "Bold");
        assert_eq!(column("id"), "2");
        assert_ne!(column("secret_hash"), "mine");
        assert_eq!((column("enabled"), column("may_create"), column("created_by")), ("1", "1", "1"));
        assert_eq!((column("created_at"), column("tokens_valid_from")), ("1767323045000", "1767323045000"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_creations_of_one_name_one_succeeds() {
    const AT_ONCE: usize = 16;
    for server in Fixture::on_every_database().await {
        let token = server.token().await;
        for name in ["Contested", "Wanted"] {
            let request = app_request(&token, &json!({ "app_name": name }));
            let sending: Vec<_> = (0..AT_ONCE).map(|_| tokio::spawn(request.clone().send(server.address()))).collect();
            let mut codes = Vec::new();
            for exchange in sending {
                codes.push(must("a reply", exchange).await.unwrap().reply.code());
            }
            codes.sort_unstable();
            let expected: Vec<_> = std::iter::once(0).chain(std::iter::repeat_n(10005, AT_ONCE - 1)).collect();
            assert_eq!(codes, expected, "{:?}", server.backend());
        }
    }
}

#[tokio::test]
async fn names_are_compared_exactly_on_every_database() {
    for server in Fixture::on_every_database().await {
        let token = server.token().await;
        for name in ["Name", "name", "name ", "náme", "數", "𝄞"] {
            create(&server, &token, name).await;
        }
        let again = server.send(app_request(&token, &json!({ "app_name": "náme" }))).await;
        assert_eq!(again.reply.code(), 10005);
    }
}

#[tokio::test]
async fn pages_list_everything_once_on_every_database() {
    for server in Fixture::on_every_database().await {
        let token = server.token().await;
        let mut names = Vec::new();
        for number in 0..7 {
            let name = format!("App {number}");
            create(&server, &token, &name).await;
            names.push(name);
            server.clock.advance(Duration::from_secs(1));
        }
        let mut listed = Vec::new();
        for page in 1..=3 {
            let request = Request::get(format!("{APP}?page={page}&size=3")).bearer(&token);
            let data = server.send(request).await.reply.json()["data"].take();
            assert_eq!(data["pagination"], json!({ "page": page, "size": 3, "total": 7, "total_pages": 3 }));
            let items = data["items"].as_array().unwrap();
            listed.extend(items.iter().map(|app| app["app_name"].as_str().unwrap().to_owned()));
        }
        assert_eq!(listed, names, "{:?}", server.backend());
    }
}

#[tokio::test]
async fn no_secret_and_no_token_reaches_the_log() {
    let logs = Logs::capture();
    let server = Fixture::with(|config| config.debug = true).await;
    let token = server.token().await;
    let (app_id, secret) = create(&server, &token, "Logged").await;
    server.send(Request::post(TOKEN).form(&[("app_id", &app_id), ("app_secret", &secret)])).await;
    server.send(Request::post(TOKEN).multipart(&[("app_id", &app_id), ("app_secret", &secret)])).await;
    server.send(Request::get(format!("{APP}?token={token}"))).await;
    server.send(Request::get(APP).header("Authorization", &token)).await;
    server.send(Request::get(format!("/ws?token={token}"))).await;
    server.send(Request::get(format!("/nowhere?token={token}"))).await;
    server.execute("ALTER TABLE app RENAME TO gone").await;
    server.send(Request::post(TOKEN).form(&[("app_id", "go-api-other000"), ("app_secret", &secret)])).await;
    let text = logs.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("gatehouse::access")).collect();
    assert_eq!(lines.len(), 8, "one line a request:\n{text}");
    for line in lines {
        for field in ["trace=", "dialect=", "operation=", "status=", "code=", "micros="] {
            assert!(line.contains(field), "no {field} in {line}");
        }
    }
    let (_, signature) = token.rsplit_once('.').unwrap();
    assert!(!text.contains(signature) && !text.contains(&token), "a token is in the log:\n{text}");
    assert!(!text.contains(&secret) && !text.contains(DEMO_SECRET), "a secret is in the log:\n{text}");
}

/// The row of an application, every column as text; truth is 1.
async fn row(server: &Fixture, app_id: &str) -> Vec<(String, String)> {
    let connection = Database::connect(server.database_url()).await.unwrap();
    let backend = connection.get_database_backend();
    let asked = Statement::from_string(backend, format!("SELECT * FROM app WHERE app_id = '{app_id}'"));
    let row = connection.query_one_raw(asked).await.unwrap().expect("the application is stored");
    let text = |name: &String| {
        let number = row.try_get::<Option<i64>>("", name).ok().flatten().map(|number| number.to_string());
        let truth = || row.try_get::<bool>("", name).ok().map(|truth| u8::from(truth).to_string());
        let text = || row.try_get::<Option<String>>("", name).ok().flatten();
        number.or_else(truth).or_else(text).unwrap_or_default()
    };
    let columns = row.column_names().iter().map(|name| (name.clone(), text(name))).collect();
    connection.close().await.unwrap();
    columns
}
