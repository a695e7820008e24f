//! The `edge_gateway` dialect: logins with name and password, pairs of tokens that renew each other, products.
//!
//! A [`Session`] is made from a name and a password, from a pair of tokens that an earlier session had, or from both.
//! It renews its access token with the refresh token, and logs in again when the server does not take that any more. It
//! can be cloned and shared between tasks at will: however many need a new token, one of them fetches it.
//!
//! ```no_run
//! use gatehouse_client::edge_gateway::{ErrorCode, Session, TokenPair};
//!
//! # fn load() -> Option<TokenPair> { None }
//! # fn save(_: &TokenPair) {}
//! # async fn journey() -> Result<(), gatehouse_client::edge_gateway::Error> {
//! let mut builder = Session::builder()
//!     .base_url("http://127.0.0.1:8080")
//!     .username("admin")
//!     .password("123456")
//!     .on_tokens(|pair| save(pair));
//! if let Some(pair) = load() {
//!     builder = builder.tokens(pair);
//! }
//! let session = builder.build()?;
//!
//! match session.create_product(Some("First Product")).await {
//!     Ok(product) => println!("{} has the key {}", product.name, product.product_key),
//!     Err(error) if error.code() == Some(ErrorCode::NameTaken) => println!("the name is taken"),
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```

mod builder;
mod login;
mod session;

use crate::line::Dialect;
use crate::wire::Caller;

pub use builder::{Builder, Credentials};
pub use session::Session;

/// The generated client: one method for each operation, without a session's logins and typed errors.
pub use crate::generated::edge_gateway as raw;
pub use raw::ErrorCode;
pub use raw::types::{Product, TokenPair};

/// Why an operation of this dialect failed.
pub type Error = crate::Error<ErrorCode>;

/// This dialect, as sessions know it.
pub(crate) struct EdgeGateway;

impl Dialect for EdgeGateway {
    type Client = raw::Client;
    type Code = ErrorCode;
    type Failure = raw::types::FailureReply;
    const SUCCESS: i64 = ErrorCode::Ok.number() as i64;
    const CLIENT: fn(&str, reqwest::Client, Caller) -> raw::Client = raw::Client::new_with_client;
}
