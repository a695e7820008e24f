//! A session: operations that log in, and renew their token, by themselves.

use std::fmt;
use std::sync::Arc;

use super::builder::Builder;
use super::login::UserLogin;
use super::{Error, Product, TokenPair};
use crate::access::Access;
use crate::reply::Reply;
use crate::secret::Secret;

/// A user's way to the server. Clones are cheap and share the tokens.
///
/// The access token is renewed shortly before it expires, and when the server refuses it. One that is made from tokens
/// alone ends with its refresh token: every operation then returns the error with which the server refused that.
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

    /// The name of the user, if the session was made from it.
    pub fn username(&self) -> Option<&str> {
        self.access.login().username()
    }

    /// An access token that is good for a while, for use outside of this session.
    ///
    /// # Errors
    ///
    /// If there is no token yet and the login fails; with [`ErrorCode::WrongPassword`](super::ErrorCode::WrongPassword)
    /// if name and password are not taken.
    pub async fn token(&self) -> Result<Secret, Error> {
        Ok(self.access.issued().await?.value)
    }

    /// The pair of tokens that the session has at present, for a later session to begin with; none before the first
    /// login. Save it when no operation is under way any more, or each one as it comes, with
    /// [`on_tokens`](Builder::on_tokens): the next renewal makes it useless.
    pub fn tokens(&self) -> Option<TokenPair> {
        self.access.login().pair().as_ref().map(TokenPair::from)
    }

    /// Registers a product of the user, under a name of the server's making if none is given.
    ///
    /// Though it is a GET, it is not sent again after it may have reached the server: that would register another one.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::NameTaken`](super::ErrorCode::NameTaken) if the user has a product of this name;
    /// [`Error::Invalid`] if the name is not 1 to 64 characters long.
    pub async fn create_product(&self, name: Option<&str>) -> Result<Reply<Product>, Error> {
        self.access
            .authorised(self.access.line().caller(), |client| async move { client.create_product(name).await })
            .await
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session")
            .field("base_url", &self.base_url())
            .field("username", &self.username())
            .finish_non_exhaustive()
    }
}
