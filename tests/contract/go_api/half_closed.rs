//! Clients that say after their request that they send no more, as `nc -N` does, and wait for the reply.

use contract_tests::{
    fixture::Fixture,
    judge::{Seen, judge},
    must,
    wire::{Reply, Request},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{APP, PING, TOKEN, app_request, example_app, token_request};

/// Sends bytes and then no more, and gives what comes back.
async fn send_and_close(server: &Fixture, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut reply = Vec::new();
    must("the reply", stream.read_to_end(&mut reply)).await.unwrap();
    reply
}

#[tokio::test]
async fn every_operation_replies_to_a_client_that_sends_no_more() {
    let server = Fixture::start().await;
    let token = server.token().await;
    for request in [
        Request::get(PING),
        token_request(),
        app_request(&token, &example_app()),
        Request::get(APP).bearer(&token),
        Request::get("/go-api/nowhere"),
        Request::get("/readyz"),
    ] {
        let (method, path) = (request.method().to_owned(), request.path().to_owned());
        let reply = send_and_close(&server, &request.bytes(server.address())).await;
        let Reply { status, headers, body } = &Reply::parse(&reply, false);
        let verdict = judge(Seen { method: &method, path: &path, status: *status, headers, body });
        assert_eq!(verdict, [] as [String; 0], "{method} {path}");
        assert_eq!(*status == 404, path.ends_with("nowhere"), "{method} {path}: {status}");
    }
}

#[tokio::test]
async fn all_that_was_asked_before_is_answered() {
    let server = Fixture::start().await;
    let body = "app_id=a&app_secret=b";
    let head = "Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length";
    let token = format!("POST {TOKEN} HTTP/1.1\r\n{head}: {}\r\n\r\n{body}", body.len());
    let ping = format!("GET {PING} HTTP/1.1\r\nHost: x\r\n\r\n");
    let replies = send_and_close(&server, format!("{token}{ping}{token}").as_bytes()).await;
    let replies = String::from_utf8(replies).unwrap();
    let codes: Vec<_> = replies.match_indices("\"code\":").map(|(at, _)| &replies[at..at + 9]).collect();
    assert_eq!(codes, ["\"code\":10", "\"code\":0,", "\"code\":10"], "{replies}");
}

#[tokio::test]
async fn a_body_that_ends_too_early_is_a_bad_request() {
    let server = Fixture::start().await;
    let whole = token_request().bytes(server.address());
    let reply = Reply::parse(&send_and_close(&server, &whole[..whole.len() - 1]).await, false);
    assert_eq!((reply.status, reply.code()), (200, 400), "{}", reply.text());
}
