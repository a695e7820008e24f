//! What no operation answers, and what every reply has: the envelope, the trace id, the language.

use contract_tests::{fixture::Fixture, transcript, wire::Request};
use gatehouse_server::config::Environment;
use serde_json::json;

use super::{APP, PING, TOKEN, app_request, token_request};

#[tokio::test]
async fn unknown_path() {
    transcript!(Fixture::start().await.send(Request::get("/go-api/external/service/pong")).await);
}

#[tokio::test]
async fn unknown_path_in_chinese() {
    transcript!(Fixture::start().await.send(Request::get("/go-api/nowhere").header("lang", "zh_CN")).await);
}

#[tokio::test]
async fn unknown_path_by_head() {
    transcript!(Fixture::start().await.send(Request::new("HEAD", "/go-api/nowhere")).await);
}

#[tokio::test]
async fn prefix_alone() {
    transcript!(Fixture::start().await.send(Request::get("/go-api")).await);
}

#[tokio::test]
async fn trailing_slash() {
    transcript!(Fixture::start().await.send(Request::get(format!("{PING}/"))).await);
}

#[tokio::test]
async fn path_in_capitals() {
    transcript!(Fixture::start().await.send(Request::get("/go-api/External/service/ping")).await);
}

#[tokio::test]
async fn version_2() {
    transcript!(Fixture::start().await.send(Request::get("/go-api/v2/external/service/ping")).await);
}

#[tokio::test]
async fn unknown_path_of_version_1() {
    transcript!(Fixture::start().await.send(Request::get("/go-api/v1/v1/external/service/ping")).await);
}

#[tokio::test]
async fn below_the_socket() {
    transcript!(Fixture::start().await.send(Request::get("/ws/below")).await);
}

#[tokio::test]
async fn wrong_method() {
    transcript!(Fixture::start().await.send(Request::get(TOKEN)).await);
}

#[tokio::test]
async fn wrong_method_in_chinese() {
    transcript!(Fixture::start().await.send(Request::new("DELETE", APP).header("lang", "zh")).await);
}

#[tokio::test]
async fn wrong_method_of_the_socket() {
    transcript!(Fixture::start().await.send(Request::post("/ws")).await);
}

#[tokio::test]
async fn unknown_method() {
    transcript!(Fixture::start().await.send(Request::new("BREW", PING)).await);
}

#[tokio::test]
async fn options_without_cors() {
    transcript!(Fixture::start().await.send(Request::new("OPTIONS", PING)).await);
}

#[tokio::test]
async fn query_that_is_not_utf8_where_none_is_read() {
    transcript!(Fixture::start().await.send(Request::get(format!("{PING}?x=%ff"))).await);
}

#[tokio::test]
async fn query_that_is_not_utf8_at_an_unknown_path() {
    transcript!(Fixture::start().await.send(Request::get("/go-api/nowhere?x=%ff")).await);
}

#[tokio::test]
async fn trace_taken_over() {
    transcript!(Fixture::start().await.send(Request::get(PING).header("X-Trace-ID", "Mine.1_2-3")).await);
}

#[tokio::test]
async fn trace_of_64_characters_taken_over() {
    let id = "a".repeat(64);
    let exchange = Fixture::start().await.send(Request::get(PING).header("X-Trace-ID", &id)).await;
    assert_eq!(exchange.reply.json()["trace"]["id"], id);
    assert_eq!(exchange.reply.header("X-Trace-ID"), id);
}

#[tokio::test]
async fn trace_too_long() {
    transcript!(Fixture::start().await.send(Request::get(PING).header("X-Trace-ID", "a".repeat(65))).await);
}

#[tokio::test]
async fn trace_with_other_characters() {
    transcript!(Fixture::start().await.send(Request::get(PING).header("X-Trace-ID", "<script>")).await);
}

#[tokio::test]
async fn trace_empty() {
    transcript!(Fixture::start().await.send(Request::get(PING).header("X-Trace-ID", "")).await);
}

#[tokio::test]
async fn generated_traces_have_the_documented_form_and_differ() {
    let server = Fixture::start().await;
    let mut seen = Vec::new();
    for _ in 0..20 {
        let reply = server.send(Request::get(PING)).await.reply;
        let id = reply.header("X-Trace-ID").to_owned();
        assert_eq!(reply.json()["trace"]["id"], id);
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [12, 6, 5], "{id}");
        assert!(!seen.contains(&id), "{id} came twice");
        seen.push(id);
    }
}

#[tokio::test]
async fn lang_wins_over_accept_language() {
    let request = Request::get("/go-api/nowhere").header("Accept-Language", "en").header("lang", "zh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn unknown_languages_are_english() {
    let request = Request::get("/go-api/nowhere").header("Accept-Language", "fr, *;q=0.5").header("lang", "tlh");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn detail_in_debug_mode() {
    let server = Fixture::with(|config| config.debug = true).await;
    transcript!(server.send(Request::post(TOKEN).form(&[("app_id", "x")])).await);
}

#[tokio::test]
async fn detail_of_the_domain_in_debug_mode() {
    let server = Fixture::with(|config| config.debug = true).await;
    let token = server.token().await;
    transcript!(server.send(app_request(&token, &json!({ "app_name": "Lost", "redirect_uri": "/x" }))).await);
}

#[tokio::test]
async fn no_detail_of_a_fault_in_debug_mode() {
    let server = Fixture::with(|config| config.debug = true).await;
    server.execute("ALTER TABLE app RENAME TO gone").await;
    transcript!(server.send(token_request()).await);
}

#[tokio::test]
async fn no_detail_in_production() {
    let server = Fixture::with(|config| {
        config.debug = true;
        config.environment = Environment::Production;
    });
    transcript!(server.await.send(Request::post(TOKEN).form(&[("app_id", "x")])).await);
}
