//! Passwords and tokens: where they must not be.

use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, Fixture},
    logs::Logs,
    wire::Request,
};

use super::{LOGIN, LORY, LORY_PASSWORD, Pair, add_lory, login_request, product_request, refresh_request};

/// `lower_hex(md5("a parrot of 9"))`, which is as good as the password at other dialects.
const LORY_DIGEST: &str = "e38cbea8748e42c4cbe270a418f63c50";

#[tokio::test]
async fn no_password_and_no_token_reaches_the_log() {
    let logs = Logs::capture();
    let server = Fixture::with(|config| config.debug = true).await;
    add_lory(&server).await;
    let first = Pair::of(&server, LORY, LORY_PASSWORD).await;
    let second = first.exchange(&server).await;
    let wrong = "a wrong password all the same";
    for request in [
        login_request(LORY, wrong),
        login_request("nobody", LORY_PASSWORD),
        Request::post(LOGIN).body("application/json", format!(r#"{{"username":"lory","password":"{LORY_PASSWORD}"#)),
        refresh_request(&first.refresh),
        refresh_request(&second.access),
        refresh_request(&format!("{}/more", second.refresh)),
        Request::get(format!("/v1.0/openapi/token/{}", second.refresh)),
        product_request(&second.access),
        product_request(&second.refresh),
        product_request("forged").query("x-token", &second.access),
        Request::get(format!("/v1.0/openapi/nowhere?token={}", second.access)),
    ] {
        server.send(request).await;
    }
    server.clock.advance(std::time::Duration::from_secs(30));
    server.send(refresh_request(&first.refresh)).await;
    server.execute("ALTER TABLE session RENAME TO gone").await;
    server.send(login_request(LORY, LORY_PASSWORD)).await;
    server.send(refresh_request(&second.refresh)).await;
    let text = logs.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("gatehouse::access")).collect();
    assert_eq!(lines.len(), 16, "one line a request:\n{text}");
    assert!(text.contains("refresh.reused"), "a theft is logged:\n{text}");
    for token in [first.access, first.refresh, second.access, second.refresh] {
        let (_, signature) = token.rsplit_once('.').unwrap();
        assert!(!text.contains(signature) && !text.contains(&token), "a token is in the log:\n{text}");
    }
    for password in [LORY_PASSWORD, LORY_DIGEST, wrong] {
        assert!(!text.contains(password), "a password is in the log:\n{text}");
    }
}

#[tokio::test]
async fn no_file_of_the_embedded_database_holds_a_password_or_a_token() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    let first = Pair::of(&server, LORY, LORY_PASSWORD).await;
    let second = first.exchange(&server).await;
    server.send(login_request(ADMIN, ADMIN_PASSWORD)).await;
    let url = server.database_url();
    let file = url.trim_start_matches("sqlite://").split('?').next().unwrap();
    let directory = std::path::Path::new(file).parent().unwrap();
    let mut names_found = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let holds = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
        assert!(!holds(LORY_PASSWORD) && !holds(LORY_DIGEST), "a password is in a file");
        for token in [&first.access, &first.refresh, &second.access, &second.refresh] {
            let (_, signature) = token.rsplit_once('.').unwrap();
            assert!(!holds(token) && !holds(signature), "a token is in a file");
        }
        names_found += usize::from(holds("lory@example.com"));
    }
    assert!(names_found > 0, "the files that were read are not the database");
}
