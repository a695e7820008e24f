//! A session: operations that log in by themselves.

use std::fmt;
use std::sync::Arc;

use super::builder::{Builder, Credentials};
use super::events::Connect;
use super::{AppCredentials, Apps, Error, GoApi, NewApp};
use crate::access::Access;
use crate::line::Line;
use crate::rate::RateState;
use crate::reply::Reply;
use crate::secret::Secret;

/// An application's way to the server. Clones are cheap and share the token.
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
        self.line().base_url()
    }

    /// The id of the application.
    pub fn app_id(&self) -> &str {
        &self.access.login().app_id
    }

    /// The rate limit as the last reply to this session stated it.
    pub fn last_rate(&self) -> Option<RateState> {
        self.line().last_rate()
    }

    /// A token that is good for a while, for use outside of this session. It is the session's own: whoever revokes it
    /// makes the session log in again.
    ///
    /// # Errors
    ///
    /// If there is no token yet and the login fails; with [`ErrorCode::UnknownApp`](super::ErrorCode::UnknownApp) if the credentials are not taken.
    pub async fn token(&self) -> Result<Secret, Error> {
        Ok(self.access.issued().await?.value)
    }

    /// Asks whether the service answers. This needs no token.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub async fn ping(&self) -> Result<Reply<()>, Error> {
        self.line().send(self.line().caller(), |client| async move { client.ping().await }).await
    }

    /// As [`ping`](Self::ping), on the path that is there for internal networks only.
    ///
    /// # Errors
    ///
    /// If the service does not answer; with status 404 if this is no internal network to it.
    pub async fn ping_internal(&self) -> Result<Reply<()>, Error> {
        self.line().send(self.line().caller(), |client| async move { client.ping_internal().await }).await
    }

    /// Registers an application. The reply has its secret, which the server shows this once.
    ///
    /// It is not sent again after it may have reached the server: the second one would find the name taken, and the
    /// secret would be lost.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::AppExists`](super::ErrorCode::AppExists) if the name is taken; [`Error::Invalid`] if a field breaks a rule of the document.
    pub async fn create_app(&self, app: &NewApp) -> Result<Reply<AppCredentials>, Error> {
        self.access.authorised(self.line().caller(), |client| async move { client.create_app(app).await }).await
    }

    /// The applications that this one registered.
    pub fn apps(&self) -> Apps {
        Apps::new(self.clone())
    }

    /// Follows what happens to this application.
    pub fn events(&self) -> Connect {
        Connect::new(self.clone())
    }

    pub(super) fn line(&self) -> &Line<GoApi> {
        self.access.line()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session")
            .field("base_url", &self.base_url())
            .field("app_id", &self.app_id())
            .field("app_secret", &self.access.login().app_secret)
            .finish_non_exhaustive()
    }
}
