//! Logins that somebody has to be present for: by a code that comes by SMS, or by WeChat.

use std::fmt;
use std::sync::Arc;

use super::builder::Listener;
use super::login::{CodeOf, Entry, UserLogin, code, enter};
use super::tries::Tries;
use super::{Error, InsightAuth, Session, TokenBundle, sms_signature};
use crate::access::Access;
use crate::line::Line;
use crate::secret::Secret;

/// Logs users in to an application without their passwords. Clones are cheap.
///
/// A session that comes of it has no password to log in with again: it ends with its refresh token.
#[derive(Clone)]
pub struct SignIn {
    line: Arc<Line<InsightAuth>>,
    entry: Entry,
    listener: Option<Listener>,
}

impl SignIn {
    pub(super) fn new(line: Line<InsightAuth>, entry: Entry, listener: Option<Listener>) -> Self {
        Self { line: Arc::new(line), entry, listener }
    }

    /// Has a code sent to the mobile number by SMS, unless one was sent within the last minute, which is still good. A
    /// number that nobody has gets none, and that is not told.
    ///
    /// # Errors
    ///
    /// If the server could not be asked; [`Error::Invalid`] if the number breaks a rule of the document.
    pub async fn request_sms_code(&self, mobile: &str) -> Result<(), Error> {
        self.code(mobile).await.map(|_| ())
    }

    /// Logs in with the code that came by SMS.
    ///
    /// It has to be asked for a Code as [`request_sms_code`](Self::request_sms_code) asks, so that after more than a
    /// minute there may be another SMS. It is not sent again after it may have reached the server: the second one would
    /// find the code used.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::WrongPassword`](super::ErrorCode::WrongPassword) if the code is wrong, used or no longer good;
    /// otherwise as [`Session::token`].
    pub async fn log_in_with_sms_code(&self, mobile: &str, sms_code: impl Into<Secret>) -> Result<Session, Error> {
        let sms_code = sms_code.into();
        let mut tries = Tries::once(self.line.retry_policy());
        loop {
            let code = self.code(mobile).await?;
            let signature = sms_signature(mobile, sms_code.expose(), &code);
            match enter(&self.line, self.line.caller(), &self.entry, mobile, signature).await {
                Ok(bundle) => return Ok(self.session(bundle)),
                Err(error) => tries.again(error).await?,
            }
        }
    }

    /// A Code to be signed with what came by SMS.
    async fn code(&self, mobile: &str) -> Result<String, Error> {
        // Asked twice within a minute, the server sends one SMS.
        let mut tries = Tries::repeatable(self.line.retry_policy());
        loop {
            match code(&self.line, mobile, CodeOf::Sms).await {
                Ok(code) => return Ok(code),
                Err(error) => tries.again(error).await?,
            }
        }
    }

    fn session(&self, bundle: TokenBundle) -> Session {
        let login = UserLogin::new(None, self.entry.clone(), None, self.listener.clone());
        let (token, life) = login.keep(bundle);
        Session { access: Access::with_token(self.line.another(), login, token, life) }
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SignIn")
            .field("base_url", &self.line.base_url())
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}
