//! Handlers that panic or never end: the reply is the envelope all the same, with nothing of the inside.

use std::{future::pending, pin::Pin, sync::Arc, time::Duration};

use contract_tests::{
    fixture::Fixture,
    transcript,
    wire::{Exchange, Request},
};
use gatehouse_api::{
    go_api::{AppCredentials, AppList, Credential, Fault, GoApi, NewApp, Routes, Token, TokenRequest},
    runtime::{Context, Null, OnSocket, RouteTable},
};
use gatehouse_server::{
    domain::limit::{Decision, Limits},
    http::mount::{Mount, Observer},
};
use http::HeaderMap;

use super::{APP, INTERNAL_PING, PING, app_request, example_app, token_request};

/// What is wrong with a handler.
#[derive(Clone, Copy)]
enum Broken {
    Panics,
    Hangs,
}

struct Handler {
    broken: Broken,
    limits: Arc<Limits>,
}

impl Handler {
    async fn fail<T>(&self) -> Result<T, Fault> {
        match self.broken {
            Broken::Panics => panic!("the inside of the handler"),
            Broken::Hangs => pending().await,
        }
    }
}

impl GoApi for Handler {
    type Caller = ();

    async fn authenticate(&self, _cx: &Context, _credential: Credential) -> Result<(), Fault> {
        Ok(())
    }

    async fn issue_token(&self, _cx: &Context, _body: TokenRequest) -> Result<Token, Fault> {
        self.fail().await
    }

    async fn create_app(&self, _cx: &Context, _caller: (), _body: NewApp) -> Result<AppCredentials, Fault> {
        self.fail().await
    }

    async fn list_apps(&self, _cx: &Context, _caller: (), _page: i32, _size: i32) -> Result<AppList, Fault> {
        self.fail().await
    }

    async fn ping(&self, _cx: &Context) -> Result<Null, Fault> {
        self.fail().await
    }

    async fn ping_internal(&self, _cx: &Context) -> Result<Null, Fault> {
        self.fail().await
    }

    async fn open_socket(&self, _cx: &Context, _caller: ()) -> Result<OnSocket, Fault> {
        self.fail().await
    }
}

impl Observer for Handler {
    fn limits(&self) -> Option<Arc<Limits>> {
        Some(self.limits.clone())
    }

    async fn limit_reached(&self, _headers: &HeaderMap, _decision: Decision) {
        let _never = self.fail::<()>().await;
    }

    fn prepare(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send + '_>>> {
        Some(Box::pin(async { drop(self.fail::<()>().await) }))
    }
}

/// A server whose handler is broken in this way, and which admits so many requests.
async fn broken_server(broken: Broken, requests: u32) -> Fixture {
    // A request that hangs is given up almost at once; one that panics must not be.
    let timeout = match broken {
        Broken::Panics => Duration::from_secs(60),
        Broken::Hangs => Duration::from_millis(20),
    };
    let mount = |core: &gatehouse_server::domain::Core| {
        let limits = Limits::new(requests, Duration::from_secs(3600), core.clock.clone());
        let handler = Handler { broken, limits: Arc::new(limits) };
        Box::new(RouteTable::new(Routes::new(Arc::new(handler)))) as Box<dyn Mount>
    };
    Fixture::serving(mount, timeout).await
}

async fn send(broken: Broken, request: Request) -> Exchange {
    broken_server(broken, 1000).await.send(request).await
}

fn socket_request() -> Request {
    Request::get("/ws?token=any")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", contract_tests::socket::KEY)
}

#[tokio::test]
async fn issue_token_panics() {
    transcript!(send(Broken::Panics, token_request()).await);
}

#[tokio::test]
async fn issue_token_hangs() {
    transcript!(send(Broken::Hangs, token_request()).await);
}

#[tokio::test]
async fn issue_token_hangs_in_chinese() {
    transcript!(send(Broken::Hangs, token_request().header("lang", "zh")).await);
}

#[tokio::test]
async fn create_app_panics() {
    transcript!(send(Broken::Panics, app_request("any", &example_app())).await);
}

#[tokio::test]
async fn create_app_hangs() {
    transcript!(send(Broken::Hangs, app_request("any", &example_app())).await);
}

#[tokio::test]
async fn list_apps_panics() {
    transcript!(send(Broken::Panics, Request::get(APP).bearer("any")).await);
}

#[tokio::test]
async fn list_apps_hangs() {
    transcript!(send(Broken::Hangs, Request::get(APP).bearer("any")).await);
}

#[tokio::test]
async fn ping_panics() {
    transcript!(send(Broken::Panics, Request::get(PING)).await);
}

#[tokio::test]
async fn ping_hangs() {
    transcript!(send(Broken::Hangs, Request::get(PING)).await);
}

#[tokio::test]
async fn ping_internal_panics() {
    transcript!(send(Broken::Panics, Request::get(INTERNAL_PING)).await);
}

#[tokio::test]
async fn ping_internal_hangs() {
    transcript!(send(Broken::Hangs, Request::get(INTERNAL_PING)).await);
}

#[tokio::test]
async fn open_socket_panics() {
    transcript!(send(Broken::Panics, socket_request()).await);
}

#[tokio::test]
async fn open_socket_hangs() {
    transcript!(send(Broken::Hangs, socket_request()).await);
}

#[tokio::test]
async fn what_is_done_beside_operations_costs_no_reply() {
    for (broken, first) in [(Broken::Panics, (500, 500)), (Broken::Hangs, (503, -1))] {
        let server = broken_server(broken, 1).await;
        let statuses = [server.send(Request::get(PING)).await, server.send(Request::get(PING)).await];
        let statuses = statuses.map(|exchange| (exchange.reply.status, exchange.reply.code()));
        assert_eq!(statuses, [first, (429, 429)]);
    }
}

/// A body that never comes is given up as well.
#[tokio::test]
async fn body_that_never_comes() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Fixture::with(|config| config.limits.request_timeout = 1).await;
    let mut stream = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 10\r\n\r\napp_id",
        super::TOKEN
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    contract_tests::must("a reply", stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains(r#"{"code":-1,"msg":"System is busy","#), "{answer}");
}
