//! A session: operations that log in, and renew their token, by themselves.

use std::fmt;
use std::sync::Arc;

use super::builder::Builder;
use super::login::UserLogin;
use super::{Error, Tokens, UserInfo};
use crate::access::Access;
use crate::reply::Reply;
use crate::secret::Secret;

/// A user's way to the server. Clones are cheap and share the tokens.
///
/// The access token is renewed shortly before it expires, and when the server refuses it; when the refresh token is used
/// up, the session logs in again. One without a password ends with its refresh token, and one whose user logs in
/// elsewhere to an application that admits one device ends with that: every operation then returns the error with which
/// the server said so.
#[derive(Clone)]
pub struct Session {
    pub(super) access: Arc<Access<UserLogin>>,
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

    /// What the user is called at logins, if the session was made from it.
    pub fn account(&self) -> Option<&str> {
        self.access.login().account()
    }

    /// Who is logged in, as the last login or renewal told; nobody before the first one.
    pub fn user(&self) -> Option<UserInfo> {
        self.access.login().user()
    }

    /// An access token that is good for a while, for use outside of this session. [`logout`](Self::logout) ends it, too.
    ///
    /// # Errors
    ///
    /// If there is no token yet and the login fails; with [`ErrorCode::WrongPassword`](super::ErrorCode::WrongPassword)
    /// if account and password are not taken, [`ErrorCode::Locked`](super::ErrorCode::Locked) after too many of those,
    /// [`ErrorCode::Banned`](super::ErrorCode::Banned) if the user is banned, and
    /// [`ErrorCode::Forbidden`](super::ErrorCode::Forbidden) if application or tenant do not admit the user.
    pub async fn token(&self) -> Result<Secret, Error> {
        Ok(self.access.issued().await?.value)
    }

    /// The tokens that the session has at present, for a later session to begin with; none before the first login.
    pub fn tokens(&self) -> Option<Tokens> {
        self.access.login().pair().as_ref().map(Tokens::from)
    }

    /// Asks the server whether the access token is good, after logging in or renewing it where that is needed.
    ///
    /// # Errors
    ///
    /// As [`token`](Self::token); and with [`ErrorCode::LoggedInElsewhere`](super::ErrorCode::LoggedInElsewhere) if the
    /// user has logged in on another device, and the application admits one.
    pub async fn check(&self) -> Result<Reply<()>, Error> {
        let caller = self.access.line().caller();
        self.access.authorised(caller, |client| async move { client.get_token_status().await }).await
    }

    /// Ends both tokens of this session, in all its clones. One that was made from a password stays usable: the next
    /// operation logs in again. Without tokens there is nothing to end, and nothing is sent.
    ///
    /// # Errors
    ///
    /// If the server could not be told; the session then keeps its tokens.
    pub async fn logout(&self) -> Result<(), Error> {
        self.access.end(self.access.login().log_out(self.access.line())).await
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session")
            .field("base_url", &self.base_url())
            .field("account", &self.account())
            .finish_non_exhaustive()
    }
}
