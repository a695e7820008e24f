//! `issueToken`: credentials in two encodings, and everything that is wrong with some.

use contract_tests::{
    fixture::{DEMO_APP, DEMO_SECRET, Fixture},
    transcript,
    wire::Request,
};
use serde_json::json;

use super::{CREDENTIALS, TOKEN, token_request};

#[tokio::test]
async fn ok() {
    transcript!(Fixture::start().await.send(token_request()).await);
}

#[tokio::test]
async fn ok_multipart() {
    transcript!(Fixture::start().await.send(Request::post(TOKEN).multipart(&CREDENTIALS)).await);
}

#[tokio::test]
async fn ok_in_chinese() {
    transcript!(Fixture::start().await.send(token_request().header("lang", "zh")).await);
}

#[tokio::test]
async fn ok_with_charset_in_capitals() {
    let body = format!("app_id={DEMO_APP}&app_secret={DEMO_SECRET}");
    let request = Request::post(TOKEN).body("Application/X-WWW-Form-URLencoded; Charset=UTF-8", body);
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn ok_with_unknown_fields() {
    let fields = [CREDENTIALS[0], CREDENTIALS[1], ("admin", "true"), ("admin", "1")];
    transcript!(Fixture::start().await.send(Request::post(TOKEN).form(&fields)).await);
}

#[tokio::test]
async fn unknown_app() {
    let fields = [("app_id", "go-api-nobody00"), ("app_secret", DEMO_SECRET)];
    transcript!(Fixture::start().await.send(Request::post(TOKEN).form(&fields)).await);
}

#[tokio::test]
async fn unknown_app_in_chinese() {
    let fields = [("app_id", "go-api-nobody00"), ("app_secret", DEMO_SECRET)];
    let request = Request::post(TOKEN).form(&fields).header("Accept-Language", "de, zh-CN;q=0.9, en;q=0.8");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn wrong_secret() {
    let fields = [("app_id", DEMO_APP), ("app_secret", "demodemodemodemodemodemodemodemO")];
    transcript!(Fixture::start().await.send(Request::post(TOKEN).form(&fields)).await);
}

#[tokio::test]
async fn disabled_app() {
    let server = Fixture::start().await;
    server.change_app(DEMO_APP, &json!({ "enabled": false })).await;
    transcript!(server.send(token_request()).await);
}

#[tokio::test]
async fn unknown_wrong_and_disabled_are_one_answer() {
    let server = Fixture::start().await;
    let ask = async |app_id: &str, secret: &str| {
        let request = Request::post(TOKEN).form(&[("app_id", app_id), ("app_secret", secret)]);
        server.send(request.header("X-Trace-ID", "same")).await.reply.text()
    };
    let unknown = ask("go-api-nobody00", DEMO_SECRET).await;
    assert_eq!(ask(DEMO_APP, "wrong").await, unknown);
    server.change_app(DEMO_APP, &json!({ "enabled": false })).await;
    assert_eq!(ask(DEMO_APP, DEMO_SECRET).await, unknown);
    assert_eq!(ask(DEMO_APP, "wrong").await, unknown);
}

#[tokio::test]
async fn no_body() {
    transcript!(Fixture::start().await.send(Request::post(TOKEN)).await);
}

#[tokio::test]
async fn no_body_in_chinese() {
    transcript!(Fixture::start().await.send(Request::post(TOKEN).header("lang", "zh-CN")).await);
}

#[tokio::test]
async fn empty_form() {
    transcript!(Fixture::start().await.send(Request::post(TOKEN).form(&[])).await);
}

#[tokio::test]
async fn missing_app_id() {
    transcript!(Fixture::start().await.send(Request::post(TOKEN).form(&CREDENTIALS[1..])).await);
}

#[tokio::test]
async fn missing_secret() {
    transcript!(Fixture::start().await.send(Request::post(TOKEN).form(&CREDENTIALS[..1])).await);
}

#[tokio::test]
async fn missing_secret_multipart() {
    transcript!(Fixture::start().await.send(Request::post(TOKEN).multipart(&CREDENTIALS[..1])).await);
}

#[tokio::test]
async fn empty_app_id() {
    let fields = [("app_id", ""), ("app_secret", DEMO_SECRET)];
    transcript!(Fixture::start().await.send(Request::post(TOKEN).form(&fields)).await);
}

#[tokio::test]
async fn empty_secret_multipart() {
    let fields = [("app_id", DEMO_APP), ("app_secret", "")];
    transcript!(Fixture::start().await.send(Request::post(TOKEN).multipart(&fields)).await);
}

#[tokio::test]
async fn app_id_too_long() {
    let long = "a".repeat(65);
    let fields = [("app_id", long.as_str()), ("app_secret", DEMO_SECRET)];
    transcript!(Fixture::start().await.send(Request::post(TOKEN).form(&fields)).await);
}

#[tokio::test]
async fn longest_app_id() {
    let long = "数".repeat(64);
    let fields = [("app_id", long.as_str()), ("app_secret", DEMO_SECRET)];
    transcript!(Fixture::start().await.send(Request::post(TOKEN).multipart(&fields)).await);
}

#[tokio::test]
async fn secret_too_long() {
    let long = "a".repeat(129);
    let fields = [("app_id", DEMO_APP), ("app_secret", long.as_str())];
    transcript!(Fixture::start().await.send(Request::post(TOKEN).multipart(&fields)).await);
}

#[tokio::test]
async fn repeated_field() {
    let fields = [CREDENTIALS[0], CREDENTIALS[1], CREDENTIALS[0]];
    transcript!(Fixture::start().await.send(Request::post(TOKEN).form(&fields)).await);
}

#[tokio::test]
async fn repeated_field_multipart() {
    let fields = [CREDENTIALS[0], CREDENTIALS[1], CREDENTIALS[1]];
    transcript!(Fixture::start().await.send(Request::post(TOKEN).multipart(&fields)).await);
}

#[tokio::test]
async fn bad_utf8() {
    let body = format!("app_id={DEMO_APP}&app_secret=%ff%fe");
    let request = Request::post(TOKEN).body("application/x-www-form-urlencoded", body);
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn bad_utf8_multipart() {
    let part = |name: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
    let body = [part("app_id").as_bytes(), b"\xff\xfe\r\n", part("app_secret").as_bytes(), b"x\r\n--b--\r\n"].concat();
    transcript!(Fixture::start().await.send(Request::post(TOKEN).body("multipart/form-data; boundary=b", body)).await);
}

#[tokio::test]
async fn multipart_field_whose_name_is_not_utf8() {
    let part = |name: &[u8], value: &str| {
        let value = format!("\"\r\n\r\n{value}\r\n");
        [b"--b\r\nContent-Disposition: form-data; name=\"", name, value.as_bytes()].concat()
    };
    let body = [part(b"app_id", DEMO_APP), part(b"app_secret", DEMO_SECRET), part(b"\xff", "x"), b"--b--\r\n".to_vec()];
    let request = Request::post(TOKEN).body("multipart/form-data; boundary=b", body.concat());
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn broken_multipart() {
    let request = Request::post(TOKEN).body("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-da");
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn multipart_without_boundary() {
    transcript!(Fixture::start().await.send(Request::post(TOKEN).body("multipart/form-data", "--b--")).await);
}

#[tokio::test]
async fn json_body() {
    let request = Request::post(TOKEN).json(&serde_json::json!({ "app_id": DEMO_APP, "app_secret": DEMO_SECRET }));
    transcript!(Fixture::start().await.send(request).await);
}

#[tokio::test]
async fn body_without_media_type() {
    transcript!(Fixture::start().await.send(Request::post(TOKEN).untyped("app_id=x")).await);
}

#[tokio::test]
async fn body_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let fields = [CREDENTIALS[0], CREDENTIALS[1], ("padding", &"x".repeat(512))];
    transcript!(server.send(Request::post(TOKEN).form(&fields)).await);
}

#[tokio::test]
async fn body_of_unknown_length_too_large() {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    let fields = [CREDENTIALS[0], CREDENTIALS[1], ("padding", &"x".repeat(512))];
    transcript!(server.send(Request::post(TOKEN).multipart(&fields).chunked()).await);
}

#[tokio::test]
async fn body_far_too_large_is_answered_too() {
    let server = Fixture::start().await;
    let body = vec![b'x'; 4 * 1024 * 1024];
    let request = Request::post(TOKEN).body("application/x-www-form-urlencoded", body);
    assert_eq!(server.send(request.clone()).await.reply.status, 413);
    assert_eq!(server.send(request.chunked()).await.reply.status, 413);
}

#[tokio::test]
async fn store_gone() {
    let server = Fixture::start().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(token_request()).await);
}

#[tokio::test]
async fn store_gone_in_chinese() {
    let server = Fixture::start().await;
    server.store.clone().close().await.unwrap();
    transcript!(server.send(token_request().header("lang", "zh")).await);
}

#[tokio::test]
async fn store_broken() {
    let server = Fixture::start().await;
    server.execute("ALTER TABLE app RENAME TO gone").await;
    transcript!(server.send(token_request()).await);
}

/// Not every database takes the character.
#[tokio::test]
async fn a_zero_byte_is_in_no_app_id() {
    for server in Fixture::on_every_database().await {
        for app_id in ["\0", "go-api-demo0001\0"] {
            let request = Request::post(TOKEN).form(&[("app_id", app_id), ("app_secret", DEMO_SECRET)]);
            assert_eq!(server.send(request).await.reply.code(), 10004, "{:?}", server.backend());
        }
    }
}
