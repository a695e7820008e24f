//! The journey of the `insight_auth` document: log in, look at the menu and its functions, at the interface configs and
//! who changed them, and log out.
//!
//! ```sh
//! cargo run -- serve --demo
//! cargo run -p gatehouse-client --example insight_auth_journey
//! cargo run -p gatehouse-client --example insight_auth_journey -- --sms 13800138000
//! ```
//!
//! With `--sms` the user of that mobile number logs in with a code; without `[sms]` the server writes the message into
//! `outbox/` in its data directory. `GATEHOUSE_URL`, `GATEHOUSE_APP`, `GATEHOUSE_TENANT`, `GATEHOUSE_USER` and
//! `GATEHOUSE_PASSWORD` say where, to what and who; without them it is the demo.

mod shared;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use futures_util::TryStreamExt;
use gatehouse_client::insight_auth::{Builder, Error, ErrorCode, Session};
use shared::{end, setting};

/// A module of the demo that belongs to another application than the one that the user logs in to.
const MODULE: &str = "711aad8daf654bcdb3a126d70191c15c";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => end(journey().await),
        ["--sms", mobile] => end(by_sms(mobile).await),
        _ => {
            eprintln!("usage: insight_auth_journey [--sms MOBILE]");
            ExitCode::FAILURE
        }
    }
}

/// Where the server is, and what users log in to.
fn entrance() -> Builder {
    let builder = Session::builder()
        .base_url(setting("GATEHOUSE_URL", "http://127.0.0.1:8080"))
        .app_id(setting("GATEHOUSE_APP", "9dd99dd9e6df467a8207d05ea5581125"));
    // Users without a tenant log in without one.
    match setting("GATEHOUSE_TENANT", "2564cd559cd340f0b81409723fd8632a") {
        tenant if tenant.is_empty() => builder,
        tenant => builder.tenant_id(tenant),
    }
}

async fn journey() -> Result<(), Error> {
    let session = entrance()
        .account(setting("GATEHOUSE_USER", "admin"))
        .password(setting("GATEHOUSE_PASSWORD", "123456"))
        .build()?;
    look_around(&session).await
}

async fn by_sms(mobile: &str) -> Result<(), Error> {
    let sign_in = entrance().sign_in()?;
    sign_in.request_sms_code(mobile).await?;
    print!("0. A code is on its way to {mobile}. Which is it? ");
    let mut code = String::new();
    let read = io::stdout().flush().and_then(|()| io::stdin().read_line(&mut code));
    if let Err(error) = read {
        return Err(Error::Invalid(format!("no code could be read: {error}")));
    }
    look_around(&sign_in.log_in_with_sms_code(mobile, code.trim()).await?).await
}

async fn look_around(session: &Session) -> Result<(), Error> {
    session.check().await?;
    if let Some(user) = session.user() {
        println!("1. {} ({}) is logged in, and the access token is good", user.name, user.account);
    }

    println!("2. The menu of the application:");
    for navigator in session.navigators().await?.iter() {
        let indent = if navigator.parent_id.is_some() { "  " } else { "" };
        println!("   {indent}{}  {}", navigator.id, navigator.name);
    }

    println!("3. The functions of a module, and whether they are permitted:");
    match session.functions(MODULE).await {
        Ok(functions) => {
            for function in functions.iter() {
                let permit = function.permit.map_or("nothing is said", |permit| if permit { "yes" } else { "no" });
                println!("   {}  {}  {permit}", function.id, function.name);
            }
        }
        Err(error) if error.code() == Some(ErrorCode::NothingRead) => println!("   there is no such module"),
        Err(error) => return Err(error),
    }

    println!("4. The interface configs that have `tokens` in them, and the last changes:");
    match look_at_configs(session).await {
        Err(error) if error.code() == Some(ErrorCode::Forbidden) => println!("   that is not for this user to see"),
        outcome => outcome?,
    }

    session.logout().await?;
    println!("5. Logged out");
    Ok(())
}

async fn look_at_configs(session: &Session) -> Result<(), Error> {
    let mut configs = session.configs().keyword("tokens").items();
    while let Some(config) = configs.try_next().await? {
        let detail = session.config(&config.id).await?;
        let gap =
            detail.limit_gap.filter(|_| detail.limit).map_or("at will".to_owned(), |gap| format!("every {gap} s"));
        println!("   {:6} {}  {gap}", config.method, config.url);
    }
    for change in &session.config_logs().size(5).page(1).await?.list {
        println!("   {}  {}  {}  by {}", change.created_time, change.type_, change.business_id, change.creator);
    }
    Ok(())
}
