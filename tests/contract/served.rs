//! What is served beside the dialects: documents, Swagger UI, health, metrics.

use std::{collections::BTreeSet, time::Duration};

use contract_tests::{
    fixture::Fixture,
    judge::check_value,
    must,
    spec::{self, Side},
    wire::Request,
};
use gatehouse_api::DOCUMENTS;
use gatehouse_server::config::LISTEN_PORT;
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn every_document_is_served_as_it_was_written() {
    let server = Fixture::start().await;
    for (document, spec) in spec::all() {
        let yaml = server.send(Request::get(format!("/openapi/{}.yaml", document.dialect))).await.reply;
        assert_eq!((yaml.status, yaml.header("content-type")), (200, "application/yaml"));
        assert_eq!(yaml.text(), document.yaml);
        let json = server.send(Request::get(format!("/openapi/{}.json", document.dialect))).await.reply;
        assert_eq!((json.status, json.header("content-type")), (200, "application/json"));
        assert_eq!(json.json(), spec.json);
        let asyncapi = server.send(Request::get(format!("/openapi/{}.asyncapi.yaml", document.dialect))).await.reply;
        match document.asyncapi {
            Some(text) => assert_eq!(asyncapi.text(), text),
            None => assert_eq!(asyncapi.status, 404),
        }
    }
    for path in ["/openapi/", "/openapi/nobody.json", "/openapi/go_api", "/openapi/go_api.toml"] {
        let reply = server.send(Request::get(path)).await.reply;
        assert_eq!((reply.status, reply.header("content-type")), (404, "application/problem+json"), "{path}");
    }
}

/// The page and everything that it loads; nothing of it names another server to load from.
#[tokio::test]
async fn swagger_ui_needs_no_other_server() {
    let server = Fixture::start().await;
    let page = server.send(Request::get("/swagger-ui/")).await.reply;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html"));
    let mut to_load: Vec<String> = loaded(&page.text());
    assert!(to_load.len() >= 3, "styles and scripts: {to_load:?}");
    let mut seen = BTreeSet::new();
    while let Some(address) = to_load.pop() {
        assert!(!address.contains("://") && !address.starts_with("//"), "{address} is elsewhere");
        let path = format!("/swagger-ui/{}", address.trim_start_matches("./"));
        if !seen.insert(path.clone()) {
            continue;
        }
        let reply = server.send(Request::get(&path)).await.reply;
        assert_eq!(reply.status, 200, "{path}");
        if path.ends_with(".css") {
            let text = reply.text();
            let addresses = text.split("url(").skip(1).filter_map(|rest| rest.split(')').next());
            to_load.extend(
                addresses
                    .map(|address| address.trim_matches(['"', '\'']).to_owned())
                    .filter(|address| !address.starts_with("data:") && !address.starts_with('#')),
            );
        }
    }
    let initializer = server.send(Request::get("/swagger-ui/swagger-initializer.js")).await.reply.text();
    for document in DOCUMENTS {
        assert!(initializer.contains(&format!("/openapi/{}.json", document.dialect)), "{initializer}");
    }
    assert!(initializer.contains("/openapi/ops.json"), "{initializer}");
    assert!(!initializer.contains("http:") && !initializer.contains("https:"), "{initializer}");
}

/// The addresses in `src` and `href`.
fn loaded(page: &str) -> Vec<String> {
    let attributes = ["src=\"", "href=\""];
    let found = attributes.iter().flat_map(|attribute| page.split(attribute).skip(1));
    found.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn swagger_ui_is_found_from_the_root() {
    let server = Fixture::start().await;
    for path in ["/", "/swagger-ui"] {
        let reply = server.send(Request::get(path)).await.reply;
        assert_eq!((reply.status, reply.header("location")), (307, "/swagger-ui/"), "{path}");
    }
    let reply = server.send(Request::get("/swagger-ui/nowhere.js")).await.reply;
    assert_eq!((reply.status, reply.header("content-type")), (404, "application/problem+json"));
}

#[tokio::test]
async fn health_is_answered_and_described() {
    let server = Fixture::start().await;
    let described = server.send(Request::get("/openapi/ops.json")).await.reply.json();
    for path in ["/healthz", "/readyz", "/metrics"] {
        let reply = server.send(Request::get(path)).await.reply;
        assert_eq!(reply.status, 200, "{path}");
        assert!(!reply.header("x-trace-id").is_empty(), "{path}");
        assert_ops_reply(&described, path, reply.status, &reply.headers, &reply.text());
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.send(Request::get(path)).await.reply.json(), json!({ "status": "ok" }));
        assert_eq!(server.send(Request::new("HEAD", path)).await.reply.status, 200);
        let refused = server.send(Request::post(path)).await.reply;
        assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD"));
    }
}

#[tokio::test]
async fn a_dead_store_is_alive_but_not_ready() {
    let server = Fixture::start().await;
    let described = server.send(Request::get("/openapi/ops.json")).await.reply.json();
    server.store.clone().close().await.unwrap();
    assert_eq!(server.send(Request::get("/healthz")).await.reply.status, 200);
    let reply = server.send(Request::get("/readyz")).await.reply;
    assert_eq!(reply.status, 503);
    assert_ops_reply(&described, "/readyz", 503, &reply.headers, &reply.text());
}

/// Holds a reply against the ops document, which is OpenAPI 3.1, so that its schemas are JSON Schemas as they stand.
fn assert_ops_reply(document: &Value, path: &str, status: u16, headers: &HeaderMap, body: &str) {
    let reply = &document["paths"][path]["get"]["responses"][status.to_string()];
    let content = reply["content"].as_object().unwrap_or_else(|| panic!("{path} {status} is not described"));
    let kind = headers["content-type"].to_str().unwrap().split(';').next().unwrap();
    let schema =
        &content.get(kind).unwrap_or_else(|| panic!("{path} is described as {content:?}, not {kind}"))["schema"];
    let value = if kind == "application/json" { body.parse().unwrap() } else { Value::String(body.to_owned()) };
    let schema = json!({ "allOf": [schema], "components": document["components"] });
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&value), "{path}: {body}");
}

#[tokio::test]
async fn metrics_count_replies_by_dialect_operation_status_and_code() {
    let server = Fixture::start().await;
    for path in ["/go-api/external/service/ping", "/go-api/external/service/ping", "/go-api/nowhere"] {
        server.send(Request::get(path)).await;
    }
    server.send(Request::get("/go-api/external/service/auth/app?token=secret")).await;
    let text = server.send(Request::get("/metrics")).await.reply.text();
    for line in [
        r#"gatehouse_replies_total{dialect="go_api",operation="ping",status="200",code="0"} 2"#,
        r#"gatehouse_replies_total{dialect="go_api",operation="none",status="404",code="400"} 1"#,
        r#"gatehouse_replies_total{dialect="go_api",operation="listApps",status="200",code="10001"} 1"#,
        r#"gatehouse_request_duration_seconds_count{dialect="go_api",operation="ping"} 2"#,
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
    assert!(!text.contains("secret") && text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test]
async fn ops_endpoints_move_to_a_listener_of_their_own() {
    let server = Fixture::with(|config| config.ops.listen = Some("127.0.0.1:0".parse().unwrap())).await;
    let [public, ops] = server.addresses() else { panic!("two listeners: {:?}", server.addresses()) };
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(Request::get(path).send(*public).await.reply.status, 404, "{path}");
        assert_eq!(Request::get(path).send(*ops).await.reply.status, 200, "{path}");
    }
    let ping = Request::get("/go-api/external/service/ping");
    assert_eq!(ping.clone().send(*public).await.reply.status, 200);
    let hidden = ping.send_unjudged(*ops).await.reply;
    assert_eq!((hidden.status, hidden.header("content-type")), (404, "application/problem+json"));
}

#[tokio::test]
async fn what_is_outside_every_dialect_is_a_problem_and_never_a_page() {
    let server = Fixture::start().await;
    for path in ["/nowhere", "/go-apis/external/service/ping", "/wsx", "/favicon.ico", "/GO-API/external/service/ping"]
    {
        let reply = server.send(Request::get(path)).await.reply;
        assert_eq!((reply.status, reply.header("content-type")), (404, "application/problem+json"), "{path}");
        assert_eq!(reply.json(), json!({ "title": "Not Found", "status": 404 }));
    }
}

/// The documented port of a dialect answers that dialect only, and refuses everything else in that dialect's envelope. The
/// address is one of loopback that no other program is likely to use, because the port is given; only Linux has all of
/// `127.0.0.0/8`.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn documented_ports_answer_their_dialect_only() {
    let server = Fixture::with(|config| {
        config.listen = vec!["127.77.31.9:0".parse().unwrap()];
        config.documented_ports = true;
    })
    .await;
    let opened = spec::all().iter().filter(|(document, _)| document.port != LISTEN_PORT);
    for ((document, spec), documented) in opened.zip(&server.addresses()[1..]) {
        assert_eq!(documented.port(), document.port);
        let known = document.operations.first().expect("something to ask for");
        assert_ne!(Request::new(known.method, known.path).send(*documented).await.reply.status, 404, "{}", known.id);
        let others = DOCUMENTS.iter().filter(|other| other.dialect != document.dialect);
        let others = others.flat_map(|other| other.operations).map(|facts| (facts.method, facts.path));
        let outside = [("GET", "/healthz"), ("GET", "/swagger-ui/"), ("GET", "/nowhere")];
        for (method, path) in others.chain(outside) {
            let reply = Request::new(method, path).send_unjudged(*documented).await.reply;
            let place = format!("{method} {path} on the port of {}", document.dialect);
            assert_eq!(
                (reply.status, reply.header("content-type")),
                (404, "application/json; charset=utf-8"),
                "{place}"
            );
            assert!(!reply.header("x-trace-id").is_empty(), "{place}");
            assert_eq!(reply.header("x-ratelimit-limit").is_empty(), document.rate_limit.is_none(), "{place}");
            let failure = spec.failure_schema().expect("the dialect has an envelope");
            assert_eq!(check_value(spec, &failure, Side::Reply, &reply.json()), [] as [String; 0], "{place}");
        }
    }
}

/// A client that asks for much and reads nothing is given up, and does not hold its connection for ever.
#[tokio::test]
async fn a_client_that_does_not_read_is_given_up() {
    const ASKED: usize = 40;
    let server = Fixture::start().await;
    let page = "/swagger-ui/swagger-ui-bundle.js";
    let size = server.send(Request::get(page)).await.reply.body.len();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {page} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.repeat(ASKED).as_bytes()).await.unwrap();
    must("the begin of a reply", stream.read_u8()).await.unwrap();
    // Time now passes only while everybody waits, and then as far as the next timer.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::time::resume();
    let mut rest = Vec::new();
    let _end_or_reset = must("the end of the connection", stream.read_to_end(&mut rest)).await;
    assert!(rest.len() < ASKED * size, "every reply was kept for the client");
}
