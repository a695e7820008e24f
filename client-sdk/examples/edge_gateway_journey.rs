//! The journey of the `edge_gateway` document: log in, register a product, and go on later with the tokens of before.
//!
//! ```sh
//! cargo run -- serve --demo
//! cargo run -p gatehouse-client --example edge_gateway_journey
//! cargo run -p gatehouse-client --example edge_gateway_journey -- "First Product"
//! ```
//!
//! `GATEHOUSE_URL`, `GATEHOUSE_USER` and `GATEHOUSE_PASSWORD` say where and who; without them it is the demo.

mod shared;

use std::env;
use std::process::ExitCode;

use gatehouse_client::edge_gateway::{Error, ErrorCode, Session};
use shared::{end, setting};

#[tokio::main]
async fn main() -> ExitCode {
    end(journey(env::args().nth(1).as_deref()).await)
}

async fn journey(name: Option<&str>) -> Result<(), Error> {
    let base_url = setting("GATEHOUSE_URL", "http://127.0.0.1:8080");
    let session = Session::builder()
        .base_url(&base_url)
        .username(setting("GATEHOUSE_USER", "admin"))
        .password(setting("GATEHOUSE_PASSWORD", "123456"))
        .on_tokens(|pair| println!("   a new pair of tokens; the access token expires at {} (Unix time)", pair.expire))
        .build()?;

    println!("1. Logging in to {base_url}");
    let token = session.token().await?;
    println!("2. The access token has {} characters", token.expose().len());

    println!("3. Registering a product");
    register(&session, name).await?;

    // A program that ends saves the pair (a TokenPair is read and written with serde), and the next one begins with it.
    let Some(saved) = session.tokens() else { return Ok(()) };
    drop(session);
    println!("4. Registering another one with the saved tokens, without the password");
    let session = Session::builder().base_url(&base_url).tokens(saved).build()?;
    register(&session, None).await
}

async fn register(session: &Session, name: Option<&str>) -> Result<(), Error> {
    match session.create_product(name).await {
        Ok(product) => {
            println!("   {}  {}  {}  {}", product.created_time, product.id, product.product_key, product.name);
            Ok(())
        }
        Err(error) if error.code() == Some(ErrorCode::NameTaken) => {
            println!("   there is a product of this name already");
            Ok(())
        }
        Err(error) => Err(error),
    }
}
