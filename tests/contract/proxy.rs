//! The judging proxy, through which foreign clients go: it lets everything pass, and misses nothing.

use contract_tests::{fixture::Fixture, must, proxy::Proxy, socket::Socket, wire::Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

#[tokio::test]
async fn requests_and_replies_pass_unchanged() {
    let server = Fixture::start().await;
    let address = format!("{}/go-api/external/service/auth/token", server.base_url());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..2 {
        let reply = client
            .post(&address)
            .header("X-Trace-ID", "mine")
            .form(&[("app_id", "go-api-demo0001"), ("app_secret", "wrong")])
            .send()
            .await
            .unwrap();
        assert_eq!((reply.status().as_u16(), &reply.headers()["x-trace-id"]), (200, &"mine".parse().unwrap()));
        assert_eq!(reply.json::<serde_json::Value>().await.unwrap()["code"], 10004);
    }
    let reply = client.head(format!("{}/go-api/nowhere", server.base_url())).send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 404);
}

#[tokio::test]
async fn sockets_pass() {
    let server = Fixture::start().await;
    let token = server.token().await;
    let through = server.base_url().trim_start_matches("http://").parse().unwrap();
    let mut socket = Socket::open(through, &format!("/ws?token={token}")).await;
    assert_eq!(socket.receive().await["type"], "hello");
    assert_eq!(socket.ask(r#"{"type":"ping","id":1}"#).await["id"], 1);
    server.begin_shutdown();
    assert_eq!(socket.closed().await.code, 1001);
}

#[tokio::test]
async fn a_server_that_is_down_is_no_violation() {
    let mut server = Fixture::start().await;
    let through = server.base_url().trim_start_matches("http://").parse().unwrap();
    server.stop().await;
    let exchange = Request::get("/go-api/external/service/ping").send_unjudged(through).await;
    assert_eq!(exchange.reply.status, 502);
}

#[tokio::test]
async fn a_reply_that_departs_from_the_document_is_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap()).await;
    let answering = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let _some_of_the_request = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\npong").await.unwrap();
    });
    let exchange = Request::get("/go-api/external/service/ping").send_unjudged(proxy.address()).await;
    must("the answer", answering).await.unwrap();
    assert_eq!(exchange.reply.text(), "pong");
    let violations = proxy.violations();
    assert_eq!(violations.len(), 6, "trace id, four headers, body: {violations:?}");
    assert!(violations[0].starts_with("GET /go-api/external/service/ping answered 200: "), "{violations:?}");
}
