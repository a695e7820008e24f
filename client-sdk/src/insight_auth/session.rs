//! A session: operations that log in, and renew their token, by themselves.

use std::fmt;
use std::sync::Arc;

use super::builder::Builder;
use super::login::UserLogin;
use super::{
    ConfigDetail, ConfigLog, ConfigLogs, ConfigUpdate, Configs, Error, Function, Navigator, NewConfig, Tokens, UserInfo,
};
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

    /// The menu of the application: the modules that have a function which the user may do, after the groups that they
    /// stand in.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub async fn navigators(&self) -> Result<Reply<Vec<Navigator>>, Error> {
        let caller = self.access.line().caller();
        self.access.authorised(caller, |client| async move { client.list_navigators().await }).await
    }

    /// All functions of a module, and whether the user may do them.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::NothingRead`](super::ErrorCode::NothingRead) if there is no such module.
    pub async fn functions(&self, navigator_id: &str) -> Result<Reply<Vec<Function>>, Error> {
        let caller = self.access.line().caller();
        self.access.authorised(caller, |client| async move { client.list_functions(navigator_id).await }).await
    }

    /// The interface configs.
    pub fn configs(&self) -> Configs {
        Configs::new(self.clone())
    }

    /// An interface config with its limits.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::NothingRead`](super::ErrorCode::NothingRead) if there is no such config,
    /// [`ErrorCode::Forbidden`](super::ErrorCode::Forbidden) if the user may not see it.
    pub async fn config(&self, id: &str) -> Result<Reply<ConfigDetail>, Error> {
        let caller = self.access.line().caller();
        self.access.authorised(caller, |client| async move { client.get_config(id).await }).await
    }

    /// Adds an interface config, and gives its id.
    ///
    /// It is not sent again after it may have reached the server: the second one would find the first.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::ConfigExists`](super::ErrorCode::ConfigExists) if method and URL have one,
    /// [`ErrorCode::Forbidden`](super::ErrorCode::Forbidden) if the user may not do this,
    /// [`ErrorCode::InvalidParam`](super::ErrorCode::InvalidParam) if it contradicts itself; [`Error::Invalid`] if a field
    /// breaks a rule of the document.
    pub async fn create_config(&self, config: &NewConfig) -> Result<Reply<String>, Error> {
        let caller = self.access.line().caller();
        self.access.authorised(caller, |client| async move { client.create_config(config).await }).await
    }

    /// Replaces what an interface config says.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::NothingUpdated`](super::ErrorCode::NothingUpdated) if there is no such config; otherwise as
    /// [`create_config`](Self::create_config).
    pub async fn update_config(&self, config: &ConfigUpdate) -> Result<Reply<()>, Error> {
        let caller = self.access.line().caller();
        self.access.authorised(caller, |client| async move { client.update_config(config).await }).await
    }

    /// Deletes an interface config.
    ///
    /// It is not sent again after it may have reached the server: the second one would find nothing to delete.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::NothingDeleted`](super::ErrorCode::NothingDeleted) if there is no such config,
    /// [`ErrorCode::Forbidden`](super::ErrorCode::Forbidden) if the user may not do this.
    pub async fn delete_config(&self, id: &str) -> Result<Reply<()>, Error> {
        let caller = self.access.line().caller();
        self.access.authorised(caller, |client| async move { client.delete_config(id).await }).await
    }

    /// Has the server read its interface configs anew, for whoever changed them in the database itself.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::Forbidden`](super::ErrorCode::Forbidden) if the user may not do this.
    pub async fn load_configs(&self) -> Result<Reply<()>, Error> {
        let caller = self.access.line().caller();
        self.access.authorised(caller, |client| async move { client.load_configs().await }).await
    }

    /// The changes of interface configs.
    pub fn config_logs(&self) -> ConfigLogs {
        ConfigLogs::new(self.clone())
    }

    /// A change of an interface config with its content.
    ///
    /// # Errors
    ///
    /// As [`config`](Self::config).
    pub async fn config_log(&self, id: &str) -> Result<Reply<ConfigLog>, Error> {
        let caller = self.access.line().caller();
        self.access.authorised(caller, |client| async move { client.get_config_log(id).await }).await
    }

    /// Ends both tokens of this session, in all its clones. One that was made from a password stays usable: the next
    /// operation logs in again. One without a password is over: every operation from then on returns
    /// [`Error::LoggedOut`]. Without tokens there is nothing to end, and nothing is sent.
    ///
    /// # Errors
    ///
    /// If the server could not be told; the session then keeps its tokens.
    pub async fn logout(&self) -> Result<(), Error> {
        let current = self.access.current().await.map(|issued| issued.value);
        self.access.end(self.access.login().log_out(self.access.line(), current)).await
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
