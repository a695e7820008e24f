//! `listConfigs`: pages and keywords.

use contract_tests::{fixture::Fixture, transcript, wire::Request};
use serde_json::{Value, json};

use super::{
    configs::{CONFIGS, body_with, create, managed, manager, refusals, samples, send, with},
    data_of,
};

refusals!(Request::get(CONFIGS), "GET", "/base/auth/v1.0/configs", "interface_config");

fn search(keyword: &str) -> Request {
    Request::get(CONFIGS).query("keyword", keyword)
}

/// The URLs that a list shows, and the total beside it.
async fn urls(server: &Fixture, token: &str, request: Request) -> (Vec<String>, Value) {
    let exchange = server.send(with(request, token)).await;
    let data = data_of(&exchange);
    let urls = data.as_array().expect("a list").iter().map(|config| config["url"].as_str().unwrap().to_owned());
    (urls.collect(), exchange.reply.json()["option"].take())
}

#[tokio::test]
async fn ok() {
    transcript!(send(search("users")).await);
}

#[tokio::test]
async fn ok_in_english() {
    transcript!(send(search("sms").header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn nothing_found() {
    transcript!(send(search("nothing")).await);
}

#[tokio::test]
async fn second_page() {
    transcript!(send(search("/base/user/").query("page", "2").query("size", "1")).await);
}

#[tokio::test]
async fn page_past_the_end() {
    transcript!(send(search("users").query("page", "9223372036854775807").query("size", "1")).await);
}

#[tokio::test]
async fn page_whose_place_overflows() {
    transcript!(send(search("users").query("page", "9223372036854775807").query("size", "100")).await);
}

#[tokio::test]
async fn page_0() {
    transcript!(send(Request::get(CONFIGS).query("page", "0")).await);
}

#[tokio::test]
async fn page_0_in_english() {
    transcript!(send(Request::get(CONFIGS).query("page", "0").header("Accept-Language", "en")).await);
}

#[tokio::test]
async fn page_no_number() {
    transcript!(send(Request::get(CONFIGS).query("page", "first")).await);
}

#[tokio::test]
async fn size_0() {
    transcript!(send(Request::get(CONFIGS).query("size", "0")).await);
}

#[tokio::test]
async fn size_101() {
    transcript!(send(Request::get(CONFIGS).query("size", "101")).await);
}

#[tokio::test]
async fn keyword_too_long() {
    transcript!(send(search(&"数".repeat(256))).await);
}

#[tokio::test]
async fn keyword_bad_utf8() {
    transcript!(send(Request::get(format!("{CONFIGS}?keyword=%C3%28"))).await);
}

#[tokio::test]
async fn keyword_with_a_zero_byte() {
    transcript!(send(search("a\0")).await);
}

#[tokio::test]
async fn keyword_twice() {
    transcript!(send(search("a").query("keyword", "b")).await);
}

#[tokio::test]
async fn without_a_page_there_are_the_20_newest() {
    let (server, token) = managed().await;
    for number in 0..25 {
        create(&server, &token, &body_with(json!({ "url": format!("/made/{number}") }))).await;
    }
    let newest: Vec<_> = (5..25).rev().map(|number| format!("/made/{number}")).collect();
    for request in [Request::get(CONFIGS), search("")] {
        let (urls, total) = urls(&server, &token, request).await;
        assert_eq!(urls, newest);
        assert!(total.as_i64() > Some(25), "our own operations have configs too: {total}");
    }
    let (urls, total) = urls(&server, &token, search("/made/").query("page", "3").query("size", "10")).await;
    assert_eq!((urls, total), ((0..5).rev().map(|number| format!("/made/{number}")).collect(), json!(25)));
}

#[tokio::test]
async fn keywords_are_looked_for_as_they_stand_on_every_database() {
    for server in Fixture::on_every_database().await {
        let token = manager(&server).await;
        samples(&server).await;
        let paths = ["/100%", "/100x", "/a_b", "/axb", "/c\\d", "/Case", "/case", "/it's", "/用户"];
        for path in paths {
            create(&server, &token, &body_with(json!({ "url": format!("/made{path}"), "name": "made" }))).await;
        }
        for (keyword, expected) in [
            ("0%", "/100%"),
            ("a_b", "/a_b"),
            ("\\", "/c\\d"),
            ("Case", "/Case"),
            ("case", "/case"),
            ("'s", "/it's"),
            ("用户", "/用户"),
        ] {
            let (urls, total) =
                urls(&server, &token, search(&format!("made{}", &expected[..1])).query("size", "100")).await;
            assert_eq!((urls.len(), total), (paths.len(), json!(paths.len())), "{:?}", server.backend());
            let (urls, _) = self::urls(&server, &token, search(keyword).query("size", "100")).await;
            let made: Vec<_> = urls.iter().filter(|url| url.starts_with("/made")).collect();
            assert_eq!(made, [&format!("/made{expected}")], "{keyword} on {:?}", server.backend());
        }
    }
}

#[tokio::test]
async fn body_too_large() {
    transcript!(super::body_too_large("GET", "/base/auth/v1.0/configs").await);
}
