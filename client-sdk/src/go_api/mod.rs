//! The `go_api` dialect: application credentials, tokens, applications, events.
//!
//! A [`Session`] is made from the credentials of an application. It logs in when it first has to, renews its token
//! before it expires and when the server no longer takes it, and can be cloned and shared between tasks at will.
//!
//! ```no_run
//! use futures_util::TryStreamExt;
//! use gatehouse_client::go_api::{ErrorCode, NewApp, Session};
//!
//! # async fn journey() -> Result<(), gatehouse_client::go_api::Error> {
//! let session = Session::builder()
//!     .base_url("http://127.0.0.1:8080")
//!     .app_id("go-api-demo0001")
//!     .app_secret("demodemodemodemodemodemodemodemo")
//!     .build()?;
//!
//! let app = NewApp::new("My Application").description("What it is for");
//! match session.create_app(&app).await {
//!     Ok(credentials) => println!("{} is registered", credentials.app_id),
//!     Err(error) if error.code() == Some(ErrorCode::AppExists) => println!("the name is taken"),
//!     Err(error) => return Err(error),
//! }
//!
//! let mut apps = session.apps().size(50).items();
//! while let Some(app) = apps.try_next().await? {
//!     println!("{} {}", app.app_id, app.app_name);
//! }
//! # Ok(())
//! # }
//! ```

mod apps;
mod builder;
pub mod events;
mod session;

pub use apps::Apps;
pub use builder::{Builder, Credentials};
pub use session::Session;

/// The generated client: one method for each operation, without a session's logins and typed errors.
pub use crate::generated::go_api as raw;
pub use raw::ErrorCode;
pub use raw::types::{App, AppCredentials, AppList, AppStatus, NewApp, Pagination};

use crate::line::Dialect;
use crate::wire::Caller;

/// Why an operation of this dialect failed.
pub type Error = crate::Error<ErrorCode>;

/// This dialect, as sessions know it.
pub(crate) struct GoApi;

impl Dialect for GoApi {
    type Client = raw::Client;
    type Code = ErrorCode;
    type Failure = raw::types::FailureReply;
    const SUCCESS: i64 = ErrorCode::Ok.number() as i64;
    const CLIENT: fn(&str, reqwest::Client, Caller) -> raw::Client = raw::Client::new_with_client;
}

impl NewApp {
    /// An application called `app_name`, of which nothing else is said.
    pub fn new(app_name: impl Into<String>) -> Self {
        Self { app_name: app_name.into(), description: None, redirect_uri: None }
    }

    /// Says what the application is for.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Says where its users are sent back to: an absolute http or https URL.
    pub fn redirect_uri(mut self, redirect_uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(redirect_uri.into());
        self
    }
}
