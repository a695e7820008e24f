//! Handlers that panic or never end: the reply is the envelope all the same, with nothing of the inside.

use std::{future::pending, sync::Arc, time::Duration};

use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, Fixture},
    transcript,
    wire::{Exchange, Request},
};
use gatehouse_api::{
    edge_gateway::{Credential, EdgeGateway, Fault, LoginRequest, Product, Routes, TokenPair},
    runtime::{Context, RouteTable},
};
use gatehouse_server::http::mount::{Mount, Observer};

use super::{login_request, product_request, refresh_request};

/// What is wrong with a handler.
#[derive(Clone, Copy)]
enum Broken {
    Panics,
    Hangs,
}

struct Handler(Broken);

impl Handler {
    async fn fail<T>(&self) -> Result<T, Fault> {
        match self.0 {
            Broken::Panics => panic!("the inside of the handler"),
            Broken::Hangs => pending().await,
        }
    }
}

impl EdgeGateway for Handler {
    type Caller = ();

    async fn authenticate(&self, _cx: &Context, _credential: Credential) -> Result<(), Fault> {
        Ok(())
    }

    async fn login(&self, _cx: &Context, _body: LoginRequest) -> Result<TokenPair, Fault> {
        self.fail().await
    }

    async fn refresh_token(&self, _cx: &Context, _refresh_token: String) -> Result<TokenPair, Fault> {
        self.fail().await
    }

    async fn create_product(&self, _cx: &Context, _caller: (), _name: Option<String>) -> Result<Product, Fault> {
        self.fail().await
    }
}

impl Observer for Handler {}

/// Sends a request to a server whose handler is broken in this way.
async fn send(broken: Broken, request: Request) -> Exchange {
    // A request that hangs is given up almost at once; one that panics must not be.
    let timeout = match broken {
        Broken::Panics => Duration::from_secs(60),
        Broken::Hangs => Duration::from_millis(20),
    };
    let mount = |_: &gatehouse_server::domain::Core| {
        Box::new(RouteTable::new(Routes::new(Arc::new(Handler(broken))))) as Box<dyn Mount>
    };
    Fixture::serving(mount, timeout).await.send(request).await
}

#[tokio::test]
async fn login_panics() {
    transcript!(send(Broken::Panics, login_request(ADMIN, ADMIN_PASSWORD)).await);
}

#[tokio::test]
async fn login_panics_in_chinese() {
    transcript!(send(Broken::Panics, login_request(ADMIN, ADMIN_PASSWORD).header("Accept-Language", "zh")).await);
}

#[tokio::test]
async fn login_hangs() {
    transcript!(send(Broken::Hangs, login_request(ADMIN, ADMIN_PASSWORD)).await);
}

#[tokio::test]
async fn refresh_token_panics() {
    transcript!(send(Broken::Panics, refresh_request("any")).await);
}

#[tokio::test]
async fn refresh_token_hangs() {
    transcript!(send(Broken::Hangs, refresh_request("any")).await);
}

#[tokio::test]
async fn create_product_panics() {
    transcript!(send(Broken::Panics, product_request("any")).await);
}

#[tokio::test]
async fn create_product_hangs() {
    transcript!(send(Broken::Hangs, product_request("any")).await);
}
