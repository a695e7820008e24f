//! The journey of the `go_api` document: obtain a token, register an application, list what is registered, ask whether
//! the service is there, and, if asked to, follow events.
//!
//! ```sh
//! cargo run -- serve --demo
//! cargo run -p gatehouse-client --example go_api_journey
//! cargo run -p gatehouse-client --example go_api_journey -- --events
//! ```
//!
//! `GATEHOUSE_URL`, `GATEHOUSE_APP_ID` and `GATEHOUSE_APP_SECRET` say where and who; without them it is the demo.

mod shared;

use std::env;
use std::process::ExitCode;

use futures_util::TryStreamExt;
use gatehouse_client::go_api::events::{Event, Events};
use gatehouse_client::go_api::{Error, ErrorCode, NewApp, Session};
use shared::{end, setting};

#[tokio::main]
async fn main() -> ExitCode {
    let mut events = false;
    for argument in env::args().skip(1) {
        match argument.as_str() {
            "--events" => events = true,
            other => {
                eprintln!("usage: go_api_journey [--events] (not `{other}`)");
                return ExitCode::FAILURE;
            }
        }
    }
    end(journey(events).await)
}

async fn journey(follow: bool) -> Result<(), Error> {
    let session = Session::builder()
        .base_url(setting("GATEHOUSE_URL", "http://127.0.0.1:8080"))
        .app_id(setting("GATEHOUSE_APP_ID", "go-api-demo0001"))
        .app_secret(setting("GATEHOUSE_APP_SECRET", "demodemodemodemodemodemodemodemo"))
        .build()?;

    let pong = session.ping().await?;
    println!("1. {} answers (trace {})", session.base_url(), pong.trace_id().unwrap_or("unknown"));

    let token = session.token().await?;
    println!("2. {} has a token of {} characters", session.app_id(), token.expose().len());

    let events = if follow { Some(session.events().connect().await?) } else { None };
    register(&session).await?;

    println!("4. The applications of {}:", session.app_id());
    let mut apps = session.apps().size(100).items();
    while let Some(app) = apps.try_next().await? {
        println!("   {}  {}  {}  {}", app.created_at, app.app_id, app.status, app.app_name);
    }

    if let Some(rate) = session.last_rate() {
        println!("5. {} of {} requests are left until {} (Unix time)", rate.remaining, rate.limit, rate.reset);
    }
    match events {
        Some(events) => print(events).await,
        None => Ok(()),
    }
}

async fn register(session: &Session) -> Result<(), Error> {
    let app = NewApp::new("My Application")
        .description("Application description")
        .redirect_uri("https://example.com/callback");
    match session.create_app(&app).await {
        Ok(created) => {
            println!(
                "3. `{}` is {}. Its secret, shown this once: {}",
                app.app_name, created.app_id, created.app_secret
            );
        }
        Err(error) if error.code() == Some(ErrorCode::AppExists) => {
            println!("3. `{}` is registered already", app.app_name);
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

async fn print(mut events: Events) -> Result<(), Error> {
    println!("6. Events, until Ctrl-C:");
    while let Some(event) = events.try_next().await? {
        match event {
            Event::AppCreated { at, app_id, app_name, .. } => println!("   {at}  {app_name} is registered as {app_id}"),
            Event::AppDisabled { at, app_id, .. } => println!("   {at}  {app_id} is disabled"),
            Event::TokenRevoked { at, app_id, .. } => println!("   {at}  the tokens of {app_id} are revoked"),
            Event::LimitReached { at, limit, reset, .. } => {
                println!("   {at}  all {limit} requests are used up until {reset} (Unix time)");
            }
            Event::Reconnected => println!("   the connection was lost and is back; something may have been missed"),
            Event::Unknown { at, topic, .. } => println!("   {at}  {topic}"),
            other => println!("   {other:?}"),
        }
    }
    Ok(())
}
