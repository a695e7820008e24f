//! `createProduct`: names right and wrong. What is wrong with tokens stands in `refused_tokens`.

use contract_tests::{
    fixture::Fixture,
    transcript,
    wire::{Exchange, Request},
};

use super::{LORY, LORY_PASSWORD, PRODUCT, Pair, add_lory, product_request};

/// Asks for a product by this query with the administrator's token.
async fn product(query: &str) -> Exchange {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    server.send(Request::get(format!("{PRODUCT}{query}")).header("x-token", token)).await
}

#[tokio::test]
async fn ok() {
    transcript!(product("?name=First%20Product").await);
}

/// As the document prints it: no name, and a media type for a body that is not there.
#[tokio::test]
async fn ok_without_name() {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    transcript!(server.send(product_request(&token).header("Content-Type", "application/json")).await);
}

#[tokio::test]
async fn ok_in_chinese() {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    let request = product_request(&token).query("name", "第一个产品").header("Accept-Language", "zh");
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn longest_name() {
    transcript!(product(&format!("?name={}", "%F0%9D%84%9E".repeat(64))).await);
}

#[tokio::test]
async fn unknown_parameters() {
    transcript!(product("?name=Bold&id=99&user_id=2&product_key=mine&created_time=now").await);
}

#[tokio::test]
async fn after_a_refresh() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await.exchange(&server).await;
    transcript!(server.send(product_request(&pair.access).query("name", "Second")).await);
}

#[tokio::test]
async fn name_taken() {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    server.send(product_request(&token).query("name", "First Product")).await;
    transcript!(server.send(product_request(&token).query("name", "First Product")).await);
}

#[tokio::test]
async fn name_taken_in_chinese() {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    server.send(product_request(&token).query("name", "First Product")).await;
    let request = product_request(&token).query("name", "First Product").header("Accept-Language", "zh");
    transcript!(server.send(request).await);
}

#[tokio::test]
async fn name_of_a_product_of_another_user() {
    let server = Fixture::start().await;
    add_lory(&server).await;
    let [admin, lory] = [Pair::of_admin(&server).await, Pair::of(&server, LORY, LORY_PASSWORD).await];
    server.send(product_request(&admin.access).query("name", "First Product")).await;
    transcript!(server.send(product_request(&lory.access).query("name", "First Product")).await);
}

#[tokio::test]
async fn name_empty() {
    transcript!(product("?name=").await);
}

#[tokio::test]
async fn name_blank() {
    transcript!(product("?name=%20%E3%80%80%20").await);
}

#[tokio::test]
async fn name_blank_in_chinese() {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    transcript!(server.send(product_request(&token).query("name", "  ").header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn name_too_long() {
    transcript!(product(&format!("?name={}", "a".repeat(65))).await);
}

#[tokio::test]
async fn name_with_a_line_break() {
    transcript!(product("?name=First%0AProduct").await);
}

#[tokio::test]
async fn name_with_a_zero_byte() {
    transcript!(product("?name=First%00").await);
}

#[tokio::test]
async fn name_not_utf8() {
    transcript!(product("?name=%ff").await);
}

#[tokio::test]
async fn name_twice() {
    transcript!(product("?name=One&name=Two").await);
}

/// A call that registers something is never made by whoever only looks.
#[tokio::test]
async fn by_head() {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    transcript!(server.send(Request::new("HEAD", PRODUCT).header("x-token", token)).await);
    assert_eq!(server.count("product").await, 0);
}

#[tokio::test]
async fn by_post() {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    transcript!(server.send(Request::post(PRODUCT).header("x-token", token)).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let token = Pair::of_admin(&server).await.access;
    transcript!(server.send(product_request(&token).body("text/plain", "x".repeat(513))).await);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(product_request(&token)).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    server.execute("ALTER TABLE product RENAME TO gone").await;
    transcript!(server.send(product_request(&token)).await);
}
