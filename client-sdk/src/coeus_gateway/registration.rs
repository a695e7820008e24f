//! Registration: a code by e-mail, and the user that is made with it. Neither needs a token.

use std::fmt;
use std::sync::Arc;

use super::raw::types::{AuthCodeRequest, RegisterRequest};
use super::{CoeusGateway, Error};
use crate::digest;
use crate::line::Line;
use crate::reply::Reply;
use crate::secret::Secret;

/// Makes a [`Registration`].
pub type RegistrationBuilder = crate::Builder<Anybody>;

/// Who registers has nothing to log in with yet.
#[derive(Clone, Copy, Debug)]
pub struct Anybody;

impl RegistrationBuilder {
    /// Checks the settings. Nothing is sent before the first operation.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], which names the setting, if the base URL is no absolute `http` or `https` URL or has a user,
    /// a query or a fragment; if a header cannot have the user agent or the language; or if no HTTP client can be made.
    pub fn build(self) -> Result<Registration, Error> {
        let (line, Anybody) = self.connect()?;
        Ok(Registration { line: Arc::new(line) })
    }
}

/// Registers users. Clones are cheap.
#[derive(Clone)]
pub struct Registration {
    line: Arc<Line<CoeusGateway>>,
}

impl Registration {
    /// The settings of a registration.
    pub fn builder() -> RegistrationBuilder {
        RegistrationBuilder::new(Anybody)
    }

    /// Has a code sent to the e-mail address. It is good for a few minutes, for this name and this address, and for
    /// one registration.
    ///
    /// It is not sent again after it may have reached the server: the second one would come too soon.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::TooManyRequests`](super::ErrorCode::TooManyRequests) if the last code was sent less than a
    /// minute ago, [`ErrorCode::InvalidParams`](super::ErrorCode::InvalidParams) if name or address are none;
    /// [`Error::Invalid`] if one breaks a rule of the document.
    pub async fn send_code(&self, user_name: &str, email: &str) -> Result<Reply<()>, Error> {
        let request = AuthCodeRequest { user_name: user_name.to_owned(), email: email.to_owned() };
        self.line.send(self.line.caller(), |client| async move { client.send_auth_code(&request).await }).await
    }

    /// Registers a user with the code that came to the e-mail address. The password is the one that the user types; its
    /// digest is sent.
    ///
    /// It is not sent again after it may have reached the server: the second one would find the code used.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::InvalidAuthCode`](super::ErrorCode::InvalidAuthCode) if the code is wrong, expired or used,
    /// [`ErrorCode::EmailExists`](super::ErrorCode::EmailExists) or [`ErrorCode::DataExists`](super::ErrorCode::DataExists)
    /// if address or name are taken; [`Error::Invalid`] if the password is empty, or a field breaks a rule of the
    /// document.
    pub async fn register(
        &self,
        user_name: &str,
        password: impl Into<Secret>,
        email: &str,
        code: &str,
    ) -> Result<Reply<()>, Error> {
        let password = password.into();
        // Nobody could see it from the digest.
        if password.expose().is_empty() {
            return Err(Error::Invalid("`password` is empty".to_owned()));
        }
        let request = RegisterRequest {
            user_name: user_name.to_owned(),
            password: digest::of(password.expose()).expose().to_owned(),
            email: email.to_owned(),
            reg_code: code.to_owned(),
        };
        self.line.send(self.line.caller(), |client| async move { client.register(&request).await }).await
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Registration").field("base_url", &self.line.base_url()).finish_non_exhaustive()
    }
}
