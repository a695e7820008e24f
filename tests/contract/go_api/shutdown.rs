//! The end of the server: what is in flight finishes, sockets are told.

use contract_tests::{fixture::Fixture, logs::Logs, must, socket::Socket, wire::Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{PING, TOKEN};

#[tokio::test]
async fn a_request_in_flight_finishes() {
    let mut server = Fixture::start().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let body = "app_id=go-api-demo0001&app_secret=demodemodemodemodemodemodemodemo";
    let head = format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body once the operation waits for it: the request is in flight from here on.
    let mut go_on = [0; 25];
    must("the interim reply", stream.read_exact(&mut go_on)).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.begin_shutdown();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    must("the reply", stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains(r#""code":0"#), "{answer}");
    server.stop().await;
    assert!(TcpStream::connect(server.address()).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_it_up() {
    let mut server = Fixture::start().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(format!("GET {PING} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut first = [0; 12];
    must("a reply", stream.read_exact(&mut first)).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    server.stop().await;
}

/// Of a request, a part of the head has come: nobody knows whether the rest ever will.
#[tokio::test]
async fn half_a_head_does_not_hold_it_up() {
    let logs = Logs::capture();
    let mut server = Fixture::start().await;
    let mut halves = Vec::new();
    for before in ["", "first"] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        if !before.is_empty() {
            stream.write_all(format!("GET {PING} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
            let mut reply = [0; 12];
            must("a reply", stream.read_exact(&mut reply)).await.unwrap();
        }
        stream.write_all(format!("GET {PING} HTTP/1.1\r\nHost: ").as_bytes()).await.unwrap();
        halves.push(stream);
    }
    // The server has read both halves once it has answered what came after them.
    server.send(Request::get(PING)).await;
    server.stop().await;
    assert!(!logs.text().contains("in flight when the time for the shutdown ran out"), "{}", logs.text());
    drop(halves);
}

#[tokio::test]
async fn sockets_are_told_and_then_the_server_stops() {
    let mut server = Fixture::start().await;
    let token = server.token().await;
    let mut socket = Socket::open(server.address(), &format!("/ws?token={token}")).await;
    socket.receive().await;
    server.begin_shutdown();
    assert_eq!(socket.closed().await.code, 1001);
    drop(socket);
    server.stop().await;
}

#[tokio::test]
async fn a_second_request_of_a_kept_connection_is_answered() {
    let server = Fixture::start().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let twice =
        format!("GET {PING} HTTP/1.1\r\nHost: x\r\n\r\nGET {PING} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(twice.as_bytes()).await.unwrap();
    let mut answers = String::new();
    must("two replies", stream.read_to_string(&mut answers)).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    // The server still serves others.
    server.send(Request::get(PING)).await;
}
