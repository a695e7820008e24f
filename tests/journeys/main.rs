//! Journeys: whole uses of the product, by the clients that people use.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test says what is wrong")]

mod commands;
mod events;
mod insight;
mod killed;
mod killed_configs;
mod mail;
mod printed;
mod program;
mod sdk;
mod serving;
mod sms;
mod users;

use std::time::Duration;

use contract_tests::{
    fixture::{DEMO_APP, DEMO_SECRET, Fixture},
    wire::Request,
};
use gatehouse_client::{
    RetryPolicy,
    go_api::{Builder, NewApp, Session},
};

/// How long a token is good for.
const TOKEN_LIFE: Duration = Duration::from_secs(604_800);

/// An HTTP client that goes to the server itself, even where the environment names a proxy: that would see credentials,
/// and could not reach loopback.
fn direct() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// The settings of any dialect's session with this address, and waits that take no time.
fn reaching<C>(builder: gatehouse_client::Builder<C>, base_url: String) -> gatehouse_client::Builder<C> {
    builder.base_url(base_url).http_client(direct()).retry(RetryPolicy::default().jitter(|| 0.0))
}

/// The settings of a session at this address.
fn settings_at(base_url: String) -> Builder {
    reaching(Session::builder(), base_url)
}

/// The same at this server, with the credentials of the demo.
fn settings(server: &Fixture) -> Builder {
    settings_at(server.base_url()).app_id(DEMO_APP).app_secret(DEMO_SECRET)
}

/// A session of the demo application.
fn session(server: &Fixture) -> Session {
    settings(server).build().unwrap()
}

/// Registers an application of this name.
async fn register(session: &Session, name: &str) -> String {
    session.create_app(&NewApp::new(name)).await.unwrap().app_id.clone()
}

/// How many replies of an operation the server counted, whatever their codes.
async fn replies(server: &Fixture, operation: &str) -> u64 {
    let metrics = server.send(Request::get("/metrics")).await.reply.text();
    let label = format!("operation=\"{operation}\"");
    let of_operation = metrics.lines().filter(|line| line.starts_with("gatehouse_replies_total{"));
    of_operation
        .filter(|line| line.contains(&label))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}
