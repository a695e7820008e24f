//! Requests that are refused before there is a request: their heads cannot be read. The reply has the envelope, the trace
//! id and the limit all the same.

use contract_tests::{
    fixture::Fixture,
    judge::{Seen, judge},
    logs::Logs,
    must,
    wire::{Reply, Request, converse},
};
use gatehouse_api::DOCUMENTS;
use gatehouse_server::config::LISTEN_PORT;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{APP, PING, TOKEN};

/// Sends bytes, and judges the reply as one of the dialect to a request that reached no operation.
async fn refused(server: &Fixture, bytes: impl AsRef<[u8]>) -> Reply {
    let bytes = bytes.as_ref();
    let to_head = bytes.starts_with(b"HEAD ");
    let reply = Reply::parse(&converse(server.address(), bytes).await, to_head);
    let Reply { status, headers, body } = &reply;
    let method = if to_head { "HEAD" } else { "GET" };
    let verdict = judge(Seen { method, path: "/go-api/unread", status: *status, headers, body });
    assert_eq!(verdict, [] as [String; 0], "{}", reply.text());
    assert_eq!(
        (reply.header("connection"), reply.header("content-type")),
        ("close", "application/json; charset=utf-8")
    );
    assert!(reply.header("date").ends_with(" GMT"), "{:?}", reply.headers);
    if !to_head {
        assert_eq!(reply.code(), if *status == 429 { 429 } else { 400 }, "{}", reply.text());
    }
    reply
}

/// The replies to two requests that are sent at once, both of them whole.
async fn both(server: &Fixture, requests: &str) -> [Reply; 2] {
    let replies = String::from_utf8(converse(server.address(), requests.as_bytes()).await).unwrap();
    let begins: Vec<_> = replies.match_indices("HTTP/1.1 ").map(|(at, _)| at).collect();
    assert_eq!(begins.len(), 2, "{requests}: {replies}");
    let (first, second) = replies.split_at(begins[1]);
    [first, second].map(|reply| Reply::parse(reply.as_bytes(), false))
}

/// A request whose line is right and whose headers are these.
fn with(headers: &str) -> String {
    format!("GET {PING} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")
}

#[tokio::test]
async fn every_head_that_cannot_be_read_is_refused_in_the_envelope() {
    let server = Fixture::start().await;
    let heads = [
        (400, with("a header without a colon\r\n")),
        (400, with("Name with spaces: x\r\n")),
        (400, with("Bad-Value: \u{1}\r\n")),
        (400, with("Content-Length: many\r\n")),
        (400, with("Content-Length: -1\r\n")),
        (400, with("Content-Length: 1\r\nContent-Length: 2\r\n")),
        (400, with("Transfer-Encoding: rot13\r\n")),
        (400, format!("GET {PING} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")),
        (400, format!("GET {PING} HTTP/3.0\r\nHost: x\r\n\r\n")),
        (400, format!("GET {PING} SPDY\r\n\r\n")),
        (400, format!("GET {PING}?a=\u{1} HTTP/1.1\r\n\r\n")),
        (400, format!("G(T {PING} HTTP/1.1\r\n\r\n")),
        (400, format!("GET http://example.com{PING} HTTP/1.1\r\nno colon\r\n\r\n")),
        (400, "\r\n\r\nGET /go-api HTTP/1.1\r\nno colon\r\n\r\n".to_owned()),
        (431, with(&"Many: x\r\n".repeat(200))),
        (431, with(&format!("Large: {}\r\n", "x".repeat(100_000)))),
        (431, format!("GET /go-api/{} HTTP/1.1\r\n\r\n", "x".repeat(40_000))),
    ];
    for (status, head) in heads {
        let reply = refused(&server, &head).await;
        assert_eq!(reply.status, status, "{}", &head[..head.len().min(200)]);
    }
}

#[tokio::test]
async fn a_target_too_long_is_refused_in_the_envelope() {
    let server = Fixture::with(|config| config.limits.header_bytes = 200_000).await;
    let reply = refused(&server, format!("GET {PING}?{} HTTP/1.1\r\n\r\n", "x".repeat(70_000))).await;
    assert_eq!(reply.status, 414);
}

#[tokio::test]
async fn the_whole_body_is_the_envelope_of_a_bad_request() {
    let server = Fixture::start().await;
    let reply = refused(&server, with("no colon\r\n")).await;
    let id = reply.header("x-trace-id");
    let expected =
        json!({ "code": 400, "msg": "Request parameter error", "trace": { "id": id, "desc": "" }, "data": null });
    assert_eq!(reply.json(), expected);
}

#[tokio::test]
async fn the_trace_and_the_language_are_those_of_the_request_where_they_can_be_read() {
    let server = Fixture::start().await;
    for headers in [
        "X-Trace-ID: mine\r\nlang: zh\r\nno colon\r\n".to_owned(),
        "no colon\r\nx-trace-id: mine\r\nAccept-Language: zh-CN\r\n".to_owned(),
        format!("Content-Length: -1\r\nX-Trace-ID: mine\r\nlang: zh\r\nLarge: {}\r\n", "x".repeat(50_000)),
    ] {
        let reply = refused(&server, with(&headers)).await;
        assert_eq!((reply.header("x-trace-id"), &reply.json()["msg"]), ("mine", &json!("请求参数错误")), "{headers}");
    }
    let reply = refused(&server, with("X-Trace-ID: not mine\r\nlang: zh\r\nno colon\r\n")).await;
    assert_ne!(reply.header("x-trace-id"), "not mine", "it has a blank");

    // They are not those of the request before it.
    let first = with("X-Trace-ID: first\r\nlang: zh\r\n");
    let [first, second] = both(&server, &format!("{first}{}", with("no colon\r\n"))).await;
    assert_eq!(first.header("x-trace-id"), "first");
    assert_ne!(second.header("x-trace-id"), "first");
    assert_eq!(second.json()["msg"], "Request parameter error");
}

#[tokio::test]
async fn a_head_request_is_refused_without_a_body() {
    let server = Fixture::start().await;
    let reply = refused(&server, format!("HEAD {PING} HTTP/1.1\r\nno colon\r\n\r\n")).await;
    assert_eq!((reply.status, reply.body.len()), (400, 0));
    assert_ne!(reply.header("content-length"), "0", "it is the length that a GET would have had");
}

/// Methods are case-sensitive: one in small letters is a method that nothing takes, in a request that can be read.
#[tokio::test]
async fn a_method_in_small_letters_is_another_method() {
    let server = Fixture::start().await;
    let reply = server.send(Request::new("get", PING)).await.reply;
    assert_eq!((reply.status, reply.header("allow")), (405, "GET, HEAD"));
}

#[tokio::test]
async fn what_cannot_be_read_counts_and_is_refused_past_the_limit() {
    let server = Fixture::with(|config| config.go_api.rate_limit = 2).await;
    let remaining = |reply: &Reply| reply.header("x-ratelimit-remaining").to_owned();
    let first = refused(&server, with("no colon\r\n")).await;
    assert_eq!((first.status, remaining(&first).as_str()), (400, "1"));
    let read = server.send(Request::get(PING)).await.reply;
    assert_eq!((read.status, remaining(&read).as_str()), (200, "0"));
    let last = refused(&server, with("no colon\r\n")).await;
    assert_eq!((last.status, last.header("retry-after")), (429, "3600"));
    // The WebSocket's path is not limited, whether or not the rest of the head can be read.
    let socket = converse(server.address(), b"GET /ws?token=x HTTP/1.1\r\nno colon\r\n\r\n").await;
    let socket = Reply::parse(&socket, false);
    assert_eq!((socket.status, remaining(&socket).as_str(), socket.code()), (400, "", 400));
}

#[tokio::test]
async fn a_bad_head_after_a_good_request_is_refused_in_the_envelope() {
    let server = Fixture::start().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(with("").as_bytes()).await.unwrap();
    let mut reply = [0; 12];
    must("the first reply", stream.read_exact(&mut reply)).await.unwrap();
    stream.write_all(with("no colon\r\n").as_bytes()).await.unwrap();
    let mut rest = String::new();
    must("the second reply", stream.read_to_string(&mut rest)).await.unwrap();
    let at = rest.find("HTTP/1.1 400 Bad Request\r\n").unwrap_or_else(|| panic!("{rest}"));
    assert_eq!(Reply::parse(&rest.as_bytes()[at..], false).code(), 400);

    // The same where both come at once.
    let [first, second] = both(&server, &format!("{}{}", with(""), with("no colon\r\n"))).await;
    assert_eq!((first.status, second.status, second.code()), (200, 400, 400));
}

/// A body that no operation reads is passed over, and what is wrong with the request behind it has no part in the reply to
/// the one that it belongs to.
#[tokio::test]
async fn a_bad_head_behind_a_body_that_nobody_read_leaves_the_reply_before_it_whole() {
    let server = Fixture::start().await;
    let body = "x".repeat(200);
    for (status, line) in [
        (200, format!("GET {PING}")),
        (404, "POST /go-api/nowhere".to_owned()),
        (405, format!("POST {PING}")),
        (200, format!("POST {APP}")),
        (415, format!("POST {TOKEN}")),
    ] {
        let headers = format!("Host: x\r\nContent-Type: text/plain\r\nContent-Length: {}", body.len());
        let requests = format!("{line} HTTP/1.1\r\n{headers}\r\n\r\n{body}{}", with("no colon\r\n"));
        let [first, second] = both(&server, &requests).await;
        assert_eq!(first.status, status, "{line}");
        assert_eq!((second.status, second.header("connection")), (400, "close"), "{line}");
    }
}

#[tokio::test]
async fn outside_the_dialect_it_is_a_problem() {
    let server = Fixture::start().await;
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \xff\x00\r\n\r\n".as_slice();
    for bytes in [
        b"GET /nowhere HTTP/1.1\r\nno colon\r\n\r\n".as_slice(),
        b"GET /go-apis/external HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nno colon\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"\0\r\n\r\n",
        hello,
    ] {
        let reply = Reply::parse(&converse(server.address(), bytes).await, false);
        assert_eq!((reply.status, reply.header("content-type")), (400, "application/problem+json"), "{bytes:?}");
        assert_eq!(reply.json(), json!({ "title": "Bad Request", "status": 400 }));
        assert!(!reply.header("x-trace-id").is_empty());
        assert_eq!(reply.header("x-ratelimit-limit"), "");
    }
}

/// On a documented port there is nothing outside the dialect, so that even what is no HTTP is answered as it answers.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn on_the_documented_port_it_is_always_the_envelope() {
    let server = Fixture::with(|config| {
        config.listen = vec!["127.77.31.10:0".parse().unwrap()];
        config.documented_ports = true;
    })
    .await;
    for (dialect, code) in [("edge_gateway", 1104), ("coeus_gateway", 1003)] {
        let port = DOCUMENTS.iter().find(|document| document.dialect == dialect).unwrap().port;
        let documented = *server.addresses().iter().find(|address| address.port() == port).unwrap();
        for bytes in [b"nonsense\r\n\r\n".as_slice(), b"GET /nowhere HTTP/1.1\r\nno colon\r\n\r\n"] {
            let reply = Reply::parse(&converse(documented, bytes).await, false);
            let (status, text) = (reply.status, reply.text());
            assert!(status == 400 && text.contains(&format!("\"code\":{code},")), "{dialect}: {status} {text}");
        }
    }
    assert!(
        server.addresses().iter().all(|address| address.port() != LISTEN_PORT),
        "that one is opened by `listen` only"
    );
}

#[tokio::test]
async fn it_is_logged_and_counted_and_its_line_is_not() {
    let logs = Logs::capture();
    let server = Fixture::start().await;
    let line = format!("GET {PING}?token=topsecret HTTP/1.1\r\nno colon\r\n\r\n");
    let reply = refused(&server, &line).await;
    converse(server.address(), b"topsecret\r\n\r\n").await;
    let text = logs.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("gatehouse::access")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].contains(&format!("trace=\"{}\"", reply.header("x-trace-id"))), "{}", lines[0]);
    assert!(lines[0].contains("dialect=\"go_api\"") && lines[0].contains("refused=Invalid"), "{}", lines[0]);
    assert!(lines[1].contains("dialect=\"none\"") && lines[1].contains("status=400"), "{}", lines[1]);
    assert!(!text.contains("topsecret"), "{text}");
    let metrics = server.send(Request::get("/metrics")).await.reply.text();
    let counted = r#"gatehouse_replies_total{dialect="go_api",operation="none",status="400",code="400"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}
