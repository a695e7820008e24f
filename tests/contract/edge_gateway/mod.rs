//! `edge_gateway`: one exchange a test, named operation and case.

mod broken;
mod claims;
mod create_product;
mod envelope;
mod families;
mod login;
mod products;
mod refresh_token;
mod refused_refresh;
mod refused_tokens;
mod secrets;
mod settings;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, Fixture},
    wire::{Exchange, Request},
};
use gatehouse_server::domain::{
    origin::Origin,
    password::Digest,
    user::{Handle, NewUser},
};
use serde_json::{Value, json};

use crate::Dialect;

/// What the tests about every document need to know.
pub const DIALECT: Dialect = Dialect {
    name: "edge_gateway",
    credential: |server, _scheme| Box::pin(async { ("token", Pair::of_admin(server).await.access) }),
    prepare: |server, operation| {
        Box::pin(async move {
            match operation {
                "refreshToken" => vec![("refreshToken", Pair::of_admin(server).await.refresh.into())],
                _ => Vec::new(),
            }
        })
    },
};

const LOGIN: &str = "/v1.0/openapi/auth/login";
const REFRESH: &str = "/v1.0/openapi/token";
const PRODUCT: &str = "/v1.0/openapi/createProduct";

/// An ordinary user beside the administrator, who also logs in by an address.
const LORY: &str = "lory";
const LORY_EMAIL: &str = "lory@example.com";
const LORY_PASSWORD: &str = "a parrot of 9";

/// The tokens of a login or a refresh.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    access: String,
    refresh: String,
}

impl Pair {
    /// Logs the administrator in.
    async fn of_admin(server: &Fixture) -> Self {
        Self::of(server, ADMIN, ADMIN_PASSWORD).await
    }

    /// Logs a user in.
    async fn of(server: &Fixture, username: &str, password: &str) -> Self {
        Self::read(&server.send(login_request(username, password)).await)
    }

    /// What the refresh token of this pair is exchanged for.
    async fn exchange(&self, server: &Fixture) -> Self {
        Self::read(&server.send(refresh_request(&self.refresh)).await)
    }

    /// The pair of a reply.
    fn read(exchange: &Exchange) -> Self {
        let reply = exchange.reply.json();
        let text = |name: &str| {
            let token = reply["result"][name].as_str();
            token.unwrap_or_else(|| panic!("there is no {name}: {exchange}")).to_owned()
        };
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// A login with these credentials.
fn login_request(username: &str, password: &str) -> Request {
    Request::post(LOGIN).json(&json!({ "username": username, "password": password }))
}

/// An exchange of this refresh token.
fn refresh_request(token: &str) -> Request {
    Request::post(format!("{REFRESH}/{token}"))
}

/// A request for a product without a name.
fn product_request(token: &str) -> Request {
    Request::get(PRODUCT).header("x-token", token)
}

/// The code with which an access token is received.
async fn code_of_access(server: &Fixture, token: &str) -> i64 {
    server.send(product_request(token)).await.reply.code()
}

/// The code with which a refresh token is received.
async fn code_of_refresh(server: &Fixture, token: &str) -> i64 {
    server.send(refresh_request(token)).await.reply.code()
}

/// Adds the ordinary user; gives the numeric id.
async fn add_lory(server: &Fixture) -> i64 {
    let email = Some(Handle::email(LORY_EMAIL).unwrap());
    let new = NewUser { email, ..NewUser::new(Handle::account(LORY).unwrap()) };
    server.core.users.create(&Origin::command("test"), new, Digest::of(LORY_PASSWORD)).await.unwrap().id
}

/// A token's header and claims.
fn parts(token: &str) -> (Value, Value) {
    let part = |at: usize| {
        let encoded = token.split('.').nth(at).expect("a token has three parts");
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).expect("base64")).expect("JSON")
    };
    (part(0), part(1))
}

/// The same token with another header or other claims, signed with the right key.
fn resigned(server: &Fixture, token: &str, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let (mut header, mut claims) = parts(token);
    change(&mut header, &mut claims);
    server.sign("edge_gateway", &header.to_string(), &claims.to_string())
}

/// The same token with this signature.
fn with_signature(token: &str, signature: &[u8]) -> String {
    let (signed, _) = token.rsplit_once('.').expect("a token has three parts");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The same claims without a signature.
fn unsigned(token: &str) -> String {
    let (_, claims) = parts(token);
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    format!("{header}.{}.", URL_SAFE_NO_PAD.encode(claims.to_string()))
}
