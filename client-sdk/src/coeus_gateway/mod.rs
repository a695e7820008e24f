//! The `coeus_gateway` dialect: registration by e-mail, logins with a digest of the password, projects.
//!
//! A [`Registration`] makes users; a [`Session`] is one's way to the server. It takes the password as the user types it
//! and digests it; what is kept and sent is the digest. It logs in when it first has to and when the server no longer
//! takes its token, and can be cloned and shared between tasks at will.
//!
//! ```no_run
//! use futures_util::TryStreamExt;
//! use gatehouse_client::coeus_gateway::{NewProject, Session};
//!
//! # async fn journey() -> Result<(), gatehouse_client::coeus_gateway::Error> {
//! let session = Session::builder()
//!     .base_url("http://127.0.0.1:8080")
//!     .user_name("admin")
//!     .password("123456")
//!     .build()?;
//!
//! let created = session.create_project(&NewProject::new(1, "My Project")).await?;
//! println!("its key is {}", created.project_key);
//!
//! let mut projects = session.projects().size(50).items();
//! while let Some(project) = projects.try_next().await? {
//!     println!("{} {}", project.id, project.project_name);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Somebody new registers with a code that comes by e-mail:
//!
//! ```no_run
//! use gatehouse_client::coeus_gateway::Registration;
//!
//! # fn code_of_the_mail() -> String { String::new() }
//! # async fn join() -> Result<(), gatehouse_client::coeus_gateway::Error> {
//! let registration = Registration::builder().base_url("http://127.0.0.1:8080").build()?;
//! registration.send_code("somebody", "somebody@example.com").await?;
//! let code = code_of_the_mail();
//! registration.register("somebody", "their password", "somebody@example.com", &code).await?;
//! # Ok(())
//! # }
//! ```

mod builder;
mod login;
mod projects;
mod registration;
mod session;

use crate::line::Dialect;
use crate::wire::Caller;
use crate::wire::envelope::{Envelope, Opened};

pub use builder::{Builder, Credentials};
pub use projects::{ProjectPage, Projects};
pub use registration::{Anybody, Registration, RegistrationBuilder};
pub use session::Session;

/// The generated client: one method for each operation, without a session's logins and typed errors.
pub use crate::generated::coeus_gateway as raw;
pub use raw::ErrorCode;
pub use raw::types::{LoginData, NewProject, Project, ProjectCredentials};

/// Why an operation of this dialect failed.
pub type Error = crate::Error<ErrorCode>;

/// This dialect, as sessions know it.
pub(crate) struct CoeusGateway;

impl Dialect for CoeusGateway {
    type Client = raw::Client;
    type Code = ErrorCode;
    type Failure = Refused;
    const SUCCESS: i64 = ErrorCode::Ok.number() as i64;
    const CLIENT: fn(&str, reqwest::Client, Caller) -> raw::Client = raw::Client::new_with_client;
}

/// What all failures have in common: their data is an empty object or, with HTTP 401, null.
#[derive(serde::Deserialize)]
pub(crate) struct Refused {
    header: raw::types::Head,
}

impl Envelope for Refused {
    type Data = ();

    fn open(self) -> Opened<()> {
        Opened { code: i64::from(self.header.code), message: Some(self.header.message), trace_id: None, data: None }
    }
}

impl NewProject {
    /// A project called `project_name`. What `project_type` means is the caller's own affair.
    pub fn new(project_type: i32, project_name: impl Into<String>) -> Self {
        Self { project_type, project_name: project_name.into() }
    }
}
