//! The credentials of an application, and the session made from them.

use std::time::Duration;

use super::raw::{credentials, types};
use super::{Error, ErrorCode, GoApi, Session};
use crate::access::{Access, Login};
use crate::builder::filled;
use crate::line::Line;
use crate::secret::Secret;
use crate::wire::Credential;

/// Makes a [`Session`].
pub type Builder = crate::Builder<Credentials>;

/// What an application logs in with.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub(super) app_id: String,
    pub(super) app_secret: Secret,
}

impl Builder {
    pub(super) fn of_nobody() -> Self {
        Self::new(Credentials { app_id: String::new(), app_secret: Secret::new("") })
    }

    /// The id of the application.
    pub fn app_id(mut self, app_id: impl Into<String>) -> Self {
        self.credentials.app_id = app_id.into();
        self
    }

    /// The secret of the application.
    pub fn app_secret(mut self, app_secret: impl Into<Secret>) -> Self {
        self.credentials.app_secret = app_secret.into();
        self
    }

    /// Checks the settings. Nothing is sent before the first operation.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], which names the setting, if the base URL is no absolute `http` or `https` URL or has a user,
    /// a query or a fragment; if an id or a secret is empty; if a header cannot have the user agent or the language;
    /// or if no HTTP client can be made.
    pub fn build(self) -> Result<Session, Error> {
        let (line, credentials) = self.connect()?;
        filled("app_id", &credentials.app_id)?;
        filled("app_secret", credentials.app_secret.expose())?;
        Ok(Session { access: Access::new(line, credentials) })
    }
}

impl Login for Credentials {
    type Dialect = GoApi;
    type Token = Secret;

    async fn log_in(&self, line: &Line<GoApi>) -> Result<(Secret, Duration), Error> {
        let request =
            types::TokenRequest { app_id: self.app_id.clone(), app_secret: self.app_secret.expose().to_owned() };
        // The server makes a token of nothing but the credentials; one more of them does no harm.
        let caller = line.caller().repeatable();
        let token = line.send(caller, |client| async move { client.issue_token(&request).await }).await?.into_inner();
        let life = Duration::from_secs(token.expires_in.try_into().unwrap_or(0));
        Ok((Secret::new(token.token), life))
    }

    fn credential(token: &Secret) -> Credential {
        credentials::bearer_auth(token.expose())
    }

    /// The old token has expired or was revoked, or, unless it was made just now, the server has forgotten its key.
    fn is_stale(error: &Error, fresh: bool) -> bool {
        match error.code() {
            Some(ErrorCode::AuthorizationExpired) => true,
            Some(ErrorCode::Unauthorized) => !fresh,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Builder {
        Builder::of_nobody().base_url("http://127.0.0.1:1/").app_id("id").app_secret("hunter2hunter2")
    }

    #[test]
    fn bad_settings_are_named() {
        let refused = |builder: Builder| builder.build().map(|_| ()).unwrap_err().to_string();
        assert!(refused(good().base_url("")).contains("`base_url` is no absolute URL"));
        assert!(refused(good().app_id("")).contains("`app_id` is empty"));
        assert!(refused(good().app_secret(" ")).contains("`app_secret` is empty"));
    }

    #[test]
    fn debug_hides_the_secret() {
        assert!(!format!("{:?}", good()).contains("hunter2"));
        assert!(!format!("{:?}", good().build().unwrap()).contains("hunter2"));
    }
}
