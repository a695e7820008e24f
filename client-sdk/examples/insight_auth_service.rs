//! A service that protects its own routes with the tokens of `insight_auth`: whoever calls `/me` shows an access token, and
//! the service asks Gatehouse whether it is good and whose it is.
//!
//! ```sh
//! cargo run -- serve --demo
//! cargo run -p gatehouse-client --example insight_auth_service
//! curl http://127.0.0.1:9000/
//! curl -i http://127.0.0.1:9000/me -H "Authorization: an access token"
//! ```
//!
//! `GATEHOUSE_URL` says where Gatehouse is, `SERVICE_LISTEN` where the service is to be.

mod shared;

use std::convert::Infallible;
use std::io;
use std::process::ExitCode;

use gatehouse_client::insight_auth::{Error, TokenChecker, TokenStatus};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use shared::{end, setting};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let checker = TokenChecker::builder().base_url(setting("GATEHOUSE_URL", "http://127.0.0.1:8080")).build();
    match checker {
        Ok(checker) => end(serve(checker).await),
        Err(error) => end(Err(error)),
    }
}

async fn serve(checker: TokenChecker) -> Result<(), io::Error> {
    let listener = TcpListener::bind(setting("SERVICE_LISTEN", "127.0.0.1:9000")).await?;
    println!("Listening at http://{}/", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let checker = checker.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&checker, request));
            if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                eprintln!("a connection broke: {error}");
            }
        });
    }
}

async fn answer(checker: &TokenChecker, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => (StatusCode::OK, json!({ "hello": "everybody" })),
        (&Method::GET, "/me") => match admit(checker, request.headers()).await {
            Ok(user) => (StatusCode::OK, json!({ "hello": user })),
            Err(refused) => refused,
        },
        _ => (StatusCode::NOT_FOUND, json!({ "error": "there is nothing here" })),
    };
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// The user whose access token stands in the headers, or what whoever sent them is told instead.
async fn admit(checker: &TokenChecker, headers: &HeaderMap) -> Result<String, (StatusCode, Value)> {
    let refused = |why: &str| (StatusCode::UNAUTHORIZED, json!({ "error": why }));
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match checker.check(token).await {
        Ok(TokenStatus::Good { user_id: Some(user) }) => Ok(user),
        Ok(TokenStatus::Expired) => Err(refused("renew your token")),
        Ok(TokenStatus::LoggedInElsewhere) => Err(refused("you have logged in on another device")),
        Ok(_) => Err(refused("log in first")),
        Err(error) => Err(unknown(&error)),
    }
}

/// It fails closed: who cannot be checked is not let in, but not told to log in again either.
fn unknown(error: &Error) -> (StatusCode, Value) {
    eprintln!("no token can be checked: {error}");
    (StatusCode::SERVICE_UNAVAILABLE, json!({ "error": "try again later" }))
}
