//! The journey of the `coeus_gateway` document: log in, create a project, list the projects, delete it again, log out;
//! and, if asked to, register the user first.
//!
//! ```sh
//! cargo run -- serve --demo
//! cargo run -p gatehouse-client --example coeus_gateway_journey
//! cargo run -p gatehouse-client --example coeus_gateway_journey -- --register somebody somebody@example.com
//! ```
//!
//! Without SMTP the server writes the mail with the registration code into `outbox/` in its data directory.
//! `GATEHOUSE_URL`, `GATEHOUSE_USER` and `GATEHOUSE_PASSWORD` say where and who; without them it is the demo. A user who
//! is registered here gets `GATEHOUSE_PASSWORD`, too.

mod shared;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use futures_util::TryStreamExt;
use gatehouse_client::coeus_gateway::{Error, NewProject, Registration, Session};
use shared::{end, setting};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => end(journey(&setting("GATEHOUSE_USER", "admin")).await),
        ["--register", name, email] => end(join(name, email).await),
        _ => {
            eprintln!("usage: coeus_gateway_journey [--register NAME EMAIL]");
            ExitCode::FAILURE
        }
    }
}

fn base_url() -> String {
    setting("GATEHOUSE_URL", "http://127.0.0.1:8080")
}

fn password() -> String {
    setting("GATEHOUSE_PASSWORD", "123456")
}

async fn join(name: &str, email: &str) -> Result<(), Error> {
    let registration = Registration::builder().base_url(base_url()).build()?;
    registration.send_code(name, email).await?;
    print!("0. A code is on its way to {email}. Which is it? ");
    let mut code = String::new();
    let read = io::stdout().flush().and_then(|()| io::stdin().read_line(&mut code));
    if let Err(error) = read {
        return Err(Error::Invalid(format!("no code could be read: {error}")));
    }
    registration.register(name, password(), email, code.trim()).await?;
    println!("   {name} is registered");
    journey(name).await
}

async fn journey(name: &str) -> Result<(), Error> {
    let session = Session::builder().base_url(base_url()).user_name(name).password(password()).build()?;
    let login = session.login_data().await?;
    let role = if login.role.is_empty() { "none" } else { &login.role };
    println!("1. {name} has logged in from {} at {} (Unix time); role: {role}", login.login_ip, login.login_time);

    let created = session.create_project(&NewProject::new(1, "My Project")).await?;
    println!("2. A new project has the key {} and the secret {}", created.project_key, created.project_secret);

    println!("3. The projects of {name}:");
    let mut newest = None;
    let mut projects = session.projects().size(100).items();
    while let Some(project) = projects.try_next().await? {
        println!("   {}  {}  {}  {}", project.created_time, project.id, project.project_key, project.project_name);
        newest = (project.project_key == created.project_key).then_some(project.id).or(newest);
    }

    if let Some(id) = newest {
        session.delete_project(id).await?;
        println!("4. Project {id} is deleted again");
    }
    session.logout().await?;
    println!("5. Logged out");
    Ok(())
}
