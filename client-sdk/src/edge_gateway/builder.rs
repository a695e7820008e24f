//! What a user logs in with, and the session made from it.

use std::fmt;
use std::sync::Arc;

use super::login::{Pair, UserLogin};
use super::{Error, Session, TokenPair};
use crate::access::Access;
use crate::builder::filled;
use crate::secret::Secret;

/// Makes a [`Session`].
pub type Builder = crate::Builder<Credentials>;

/// What is told of every new pair of tokens.
pub(super) type Listener = Arc<dyn Fn(&TokenPair) + Send + Sync>;

/// Name and password, or a pair of tokens, or both.
#[derive(Clone, Default)]
pub struct Credentials {
    username: String,
    password: Option<Secret>,
    pair: Option<Pair>,
    listener: Option<Listener>,
}

impl Builder {
    pub(super) fn of_nobody() -> Self {
        Self::new(Credentials::default())
    }

    /// The name of the user, or the e-mail address or the phone number.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.credentials.username = username.into();
        self
    }

    /// The password as the user types it.
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.credentials.password = Some(password.into());
        self
    }

    /// Begins with these tokens instead of a login: a pair that [`Session::tokens`] or [`on_tokens`](Self::on_tokens)
    /// gave. The access token is used until the server refuses it, since how long it has still to live cannot be told
    /// without trusting the local clock; then the refresh token is exchanged.
    ///
    /// A pair must be in use by one session only: the server takes a refresh token that comes back after half a minute
    /// for a stolen one, and ends all that was made from it.
    pub fn tokens(mut self, pair: TokenPair) -> Self {
        self.credentials.pair = Some(pair.into());
        self
    }

    /// Calls `listener` with each new pair of tokens before it is used, so that it can be saved. It should be quick:
    /// whoever needs a token waits for it.
    pub fn on_tokens(mut self, listener: impl Fn(&TokenPair) + Send + Sync + 'static) -> Self {
        self.credentials.listener = Some(Arc::new(listener));
        self
    }

    /// Checks the settings. Nothing is sent before the first operation.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], which names the setting, if the base URL is no absolute `http` or `https` URL or has a user,
    /// a query or a fragment; if there are neither tokens nor both name and password; if a token is empty; if a header
    /// cannot have the user agent or the language; or if no HTTP client can be made.
    pub fn build(self) -> Result<Session, Error> {
        let (line, Credentials { username, password, pair, listener }) = self.connect()?;
        let is_needed = pair.is_none() || password.is_some() || !username.is_empty();
        let account = if is_needed {
            let password = password.unwrap_or_else(|| Secret::new(""));
            filled("username", &username)?;
            filled("password", password.expose())?;
            Some((username, password))
        } else {
            None
        };
        if let Some(pair) = &pair {
            filled("tokens.access_token", pair.access.expose())?;
            filled("tokens.refresh_token", pair.refresh.expose())?;
        }
        let access_token = pair.as_ref().map(|pair| pair.access.clone());
        let login = UserLogin::new(account, pair, listener);
        let access = match access_token {
            Some(token) => Access::with_token(line, login, token, None),
            None => Access::new(line, login),
        };
        Ok(Session { access })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Credentials")
            .field("username", &self.username)
            .field("password", &self.password)
            .field("pair", &self.pair)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody() -> Builder {
        Builder::of_nobody().base_url("http://127.0.0.1:1/")
    }

    fn pair(refresh_token: &str) -> TokenPair {
        TokenPair { access_token: "hunter2a".to_owned(), expire: 1, refresh_token: refresh_token.to_owned() }
    }

    #[test]
    fn either_a_user_or_tokens_are_enough() {
        nobody().username("admin").password("hunter2").build().unwrap();
        nobody().tokens(pair("hunter2r")).build().unwrap();
        nobody().tokens(pair("hunter2r")).username("admin").password("hunter2").build().unwrap();
    }

    #[test]
    fn bad_settings_are_named() {
        let refused = |builder: Builder| builder.build().map(|_| ()).unwrap_err().to_string();
        assert!(refused(nobody().base_url("")).contains("`base_url` is no absolute URL"));
        assert!(refused(nobody()).contains("`username` is empty"));
        assert!(refused(nobody().password("hunter2")).contains("`username` is empty"));
        assert!(refused(nobody().username("admin")).contains("`password` is empty"));
        assert!(refused(nobody().tokens(pair("r")).username("admin")).contains("`password` is empty"));
        assert!(refused(nobody().tokens(pair(" "))).contains("`tokens.refresh_token` is empty"));
    }

    #[test]
    fn debug_hides_password_and_tokens() {
        let builder = nobody().tokens(pair("hunter2r")).username("admin").password("hunter2");
        assert!(!format!("{builder:?}").contains("hunter2"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("hunter2"));
    }
}
