//! What no operation answers, and what every reply has: the envelope, the trace id, the language.

use std::time::Duration;

use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, Fixture, START},
    transcript,
    wire::Request,
};

use super::{LOGIN, PRODUCT, Pair, login_request, product_request, refresh_request};

#[tokio::test]
async fn unknown_path() {
    transcript!(Fixture::start().await.send(Request::get("/v1.0/openapi/nowhere")).await);
}

#[tokio::test]
async fn unknown_path_in_chinese() {
    let request = Request::post("/v1.0/openapi/nowhere").header("Accept-Language", "zh-TW");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn unknown_path_by_head() {
    transcript!(Fixture::start().await.send(Request::new("HEAD", "/v1.0/openapi/nowhere")).await);
}

#[tokio::test]
async fn prefix_alone() {
    transcript!(Fixture::start().await.send(Request::get("/v1.0/openapi")).await);
}

#[tokio::test]
async fn trailing_slash() {
    transcript!(Fixture::start().await.send(Request::post(format!("{LOGIN}/"))).await);
}

#[tokio::test]
async fn path_in_other_case() {
    let server = Fixture::start().await;
    let token = Pair::of_admin(&server).await.access;
    transcript!(server.send(Request::get("/v1.0/openapi/createproduct").header("x-token", token)).await);
}

#[tokio::test]
async fn wrong_method() {
    transcript!(Fixture::start().await.send(Request::get(LOGIN)).await);
}

#[tokio::test]
async fn wrong_method_in_chinese() {
    transcript!(Fixture::start().await.send(Request::new("DELETE", LOGIN).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn unknown_method() {
    transcript!(Fixture::start().await.send(Request::new("BREW", PRODUCT)).await);
}

#[tokio::test]
async fn options() {
    transcript!(Fixture::start().await.send(Request::new("OPTIONS", LOGIN)).await);
}

#[tokio::test]
async fn trace_taken_over() {
    let request = login_request(ADMIN, "wrong").header("X-Trace-ID", "Mine.1_2-3");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn trace_too_long() {
    let request = Request::get("/v1.0/openapi/nowhere").header("X-Trace-ID", "a".repeat(65));
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn trace_with_other_characters() {
    let request = Request::get("/v1.0/openapi/nowhere").header("X-Trace-ID", "<script>");
    transcript!(Fixture::start().await.send(request).await);
}

/// The header `lang` belongs to `go_api` alone.
#[tokio::test]
async fn lang_means_nothing() {
    transcript!(Fixture::start().await.send(Request::get("/v1.0/openapi/nowhere").header("lang", "zh")).await);
}

#[tokio::test]
async fn unknown_languages_are_english() {
    let request = Request::get("/v1.0/openapi/nowhere").header("Accept-Language", "fr, *;q=0.5");
    transcript!(Fixture::start().await.send(request).await);
}

/// The envelope has no place for details, whatever the mode.
#[tokio::test]
async fn no_detail_in_debug_mode() {
    let server = Fixture::with(|config| config.debug = true).await;
    transcript!(server.send(login_request(ADMIN, "")).await);
}

#[tokio::test]
async fn trace_of_64_characters_is_taken_over_by_every_operation() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    let id = "Z".repeat(64);
    for request in [
        login_request(ADMIN, ADMIN_PASSWORD),
        login_request(ADMIN, "wrong"),
        product_request(&pair.access),
        product_request("forged"),
        refresh_request(&pair.refresh),
        refresh_request("forged"),
        Request::get("/v1.0/openapi/nowhere"),
    ] {
        let reply = server.send(request.header("X-Trace-ID", &id)).await.reply;
        assert_eq!(reply.header("X-Trace-ID"), id);
    }
}

/// `t` is the moment of the reply, on success and on failure; `msg` is there on failure only, `result` on success only.
#[tokio::test]
async fn every_reply_has_its_moment_and_either_a_message_or_a_result() {
    let server = Fixture::start().await;
    let pair = Pair::of_admin(&server).await;
    let mut moment = START.millis();
    for (request, succeeds) in [
        (login_request(ADMIN, ADMIN_PASSWORD), true),
        (login_request(ADMIN, "wrong"), false),
        (login_request(ADMIN, ""), false),
        (product_request(&pair.access), true),
        (product_request("forged"), false),
        (refresh_request(&pair.refresh), true),
        (refresh_request("forged"), false),
        (Request::get("/v1.0/openapi/nowhere"), false),
        (Request::get(LOGIN), false),
    ] {
        server.clock.advance(Duration::from_millis(1234));
        moment += 1234;
        let exchange = server.send(request).await;
        let reply = exchange.reply.json();
        let envelope = reply.as_object().unwrap();
        let keys: Vec<_> = envelope.keys().map(String::as_str).collect();
        let expected = if succeeds { ["code", "success", "t", "result"] } else { ["code", "success", "msg", "t"] };
        assert_eq!(keys, expected, "{exchange}");
        assert_eq!(envelope["t"], moment, "{exchange}");
        assert_eq!(envelope["success"], succeeds, "{exchange}");
        assert_eq!(envelope["code"] == 0, succeeds, "{exchange}");
    }
}
