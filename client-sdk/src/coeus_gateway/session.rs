//! A session: operations that log in by themselves.

use std::fmt;
use std::sync::Arc;

use super::builder::{Builder, Credentials};
use super::raw::types::{LogoutRequest, ProjectRequest};
use super::{Error, LoginData, NewProject, ProjectCredentials, Projects};
use crate::access::{Access, Login};
use crate::reply::Reply;
use crate::secret::Secret;

/// A user's way to the server. Clones are cheap and share the token.
#[derive(Clone)]
pub struct Session {
    pub(super) access: Arc<Access<Credentials>>,
}

impl Session {
    /// The settings of a session.
    pub fn builder() -> Builder {
        Builder::of_nobody()
    }

    /// Where the server is, without a slash at the end.
    pub fn base_url(&self) -> &str {
        self.access.line().base_url()
    }

    /// The name that the user logs in with.
    pub fn user_name(&self) -> &str {
        &self.access.login().user_name
    }

    /// A token that is good for a while, for use outside of this session. [`logout`](Self::logout) ends it, too.
    ///
    /// # Errors
    ///
    /// If there is no token yet and the login fails; with
    /// [`ErrorCode::InvalidUserOrPassword`](super::ErrorCode::InvalidUserOrPassword) if name and password are not taken,
    /// [`ErrorCode::AccountBanned`](super::ErrorCode::AccountBanned) if the user is banned.
    pub async fn token(&self) -> Result<Secret, Error> {
        Ok(self.access.issued().await?.value.token)
    }

    /// What the server told at the login that the session lives from: the user's role, when and from where it was.
    ///
    /// # Errors
    ///
    /// As [`token`](Self::token).
    pub async fn login_data(&self) -> Result<LoginData, Error> {
        Ok(self.access.issued().await?.value.data())
    }

    /// The projects of this user or, for administrators, of another.
    pub fn projects(&self) -> Projects {
        Projects::new(self.clone())
    }

    /// Creates a project. Several may have the same name.
    ///
    /// It is not sent again after it may have reached the server: that would create another one.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the name is not 1 to 64 characters long.
    pub async fn create_project(&self, project: &NewProject) -> Result<Reply<ProjectCredentials>, Error> {
        let caller = self.access.line().caller();
        self.access.authorised(caller, |client| async move { client.create_project(project).await }).await
    }

    /// Deletes a project of this user.
    ///
    /// It is not sent again after it may have reached the server: the second one would find nothing to delete.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::NotFound`](super::ErrorCode::NotFound) if there is no such project of this user.
    pub async fn delete_project(&self, id: i64) -> Result<Reply<()>, Error> {
        let caller = self.access.line().caller();
        let request = &ProjectRequest { id };
        self.access.authorised(caller, |client| async move { client.delete_project(request).await }).await
    }

    /// Ends the token of this session, in all its clones. The session itself stays usable: the next operation logs in
    /// again. Without a token there is nothing to end, and nothing is sent.
    ///
    /// # Errors
    ///
    /// If the server could not be told; the session then keeps its token.
    pub async fn logout(&self) -> Result<(), Error> {
        let Some(issued) = self.access.current().await else { return Ok(()) };
        // Who is told twice finds the token ended already, and that is all that is wanted.
        let caller = self.access.line().caller().repeatable().with(Credentials::credential(&issued.value));
        let outcome =
            self.access.line().send(caller, |client| async move { client.logout(&LogoutRequest {}).await }).await;
        match outcome {
            Err(error) if !Credentials::is_stale(&error, false) => return Err(error),
            _ => self.access.reject(&issued).await,
        }
        Ok(())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session")
            .field("base_url", &self.base_url())
            .field("user_name", &self.user_name())
            .finish_non_exhaustive()
    }
}
