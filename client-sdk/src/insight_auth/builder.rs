//! What a user logs in with and to, and the session made from it.

use std::fmt;
use std::sync::Arc;

use super::login::{Account, Entry, UserLogin};
use super::tokens::Pair;
use super::{Error, PasswordDigest, Session, SignIn, Tokens};
use crate::access::Access;
use crate::builder::{config, filled};
use crate::digest;
use crate::secret::Secret;

/// Makes a [`Session`], or a [`SignIn`].
pub type Builder = crate::Builder<Credentials>;

/// What is told of all new tokens.
pub(super) type Listener = Arc<dyn Fn(&Tokens) + Send + Sync>;

/// Account and password, or tokens, or both; and what the user logs in to.
#[derive(Clone, Default)]
pub struct Credentials {
    account: String,
    digest: Option<Secret>,
    entry: Entry,
    pair: Option<Pair>,
    listener: Option<Listener>,
}

impl Builder {
    pub(super) fn of_nobody() -> Self {
        Self::new(Credentials::default())
    }

    /// The account of the user, or the mobile number or the e-mail address.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.credentials.account = account.into();
        self
    }

    /// The password as the user types it. Only its digest is kept, and what is sent is a signature made from that.
    pub fn password(self, password: impl Into<Secret>) -> Self {
        let digest = digest::of(password.into().expose());
        self.password_digest(digest)
    }

    /// The MD5 digest of the password, 32 hexadecimal digits, for those who do not have the password itself. It is as
    /// good as the password: keep it as secret.
    pub fn password_digest(mut self, digest: impl Into<Secret>) -> Self {
        self.credentials.digest = Some(digest.into());
        self
    }

    /// The id of the application that the user logs in to.
    pub fn app_id(mut self, app_id: impl Into<String>) -> Self {
        self.credentials.entry.app_id = app_id.into();
        self
    }

    /// The id of the tenant that the user logs in to; both user and application have to belong to it. No tenant unless
    /// told otherwise.
    pub fn tenant_id(mut self, tenant_id: impl Into<String>) -> Self {
        self.credentials.entry.tenant_id = Some(tenant_id.into());
        self
    }

    /// What the client calls its device. Nothing unless told otherwise.
    pub fn device_id(mut self, device_id: impl Into<String>) -> Self {
        self.credentials.entry.device_id = Some(device_id.into());
        self
    }

    /// Begins with these tokens instead of a login: those that [`Session::tokens`] or [`on_tokens`](Self::on_tokens)
    /// gave. The access token is used until the server refuses it; then the refresh token renews it.
    ///
    /// Tokens should be in use by one session only: with every renewal the other one loses its access token, and the
    /// server renews twelve times.
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.credentials.pair = Some(tokens.into());
        self
    }

    /// Calls `listener` with all new tokens before they are used, so that they can be saved. It should be quick: whoever
    /// needs a token waits for it.
    pub fn on_tokens(mut self, listener: impl Fn(&Tokens) + Send + Sync + 'static) -> Self {
        self.credentials.listener = Some(Arc::new(listener));
        self
    }

    /// Checks the settings. Nothing is sent before the first operation.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], which names the setting, if the base URL is no absolute `http` or `https` URL or has a user,
    /// a query or a fragment; if there are neither tokens nor account, password and application; if a digest is not 32
    /// hexadecimal digits; if a token is empty; if a header cannot have the user agent or the language; or if no HTTP
    /// client can be made.
    pub fn build(self) -> Result<Session, Error> {
        let (line, Credentials { account, digest, entry, pair, listener }) = self.connect()?;
        let is_needed = pair.is_none() || digest.is_some() || !account.is_empty();
        let account = if is_needed {
            filled("account", &account)?;
            let digest = digest_of(digest)?;
            filled("app_id", &entry.app_id)?;
            Some(Account { name: account, digest })
        } else {
            None
        };
        if let Some(pair) = &pair {
            filled("tokens.access_token", pair.access.expose())?;
            filled("tokens.refresh_token", pair.refresh.expose())?;
        }
        let access_token = pair.as_ref().map(|pair| pair.access.clone());
        let login = UserLogin::new(account, entry, pair, listener);
        let access = match access_token {
            Some(token) => Access::with_token(line, login, token, None),
            None => Access::new(line, login),
        };
        Ok(Session { access })
    }

    /// Checks the settings for logins without a password: by a code that comes by SMS, or by WeChat. Nothing is sent
    /// before the first operation.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build); and [`Error::Config`] if there is an account, a password or tokens, since they would not
    /// be used.
    pub fn sign_in(self) -> Result<SignIn, Error> {
        let (line, Credentials { account, digest, entry, pair, listener }) = self.connect()?;
        filled("app_id", &entry.app_id)?;
        for (setting, is_there) in
            [("account", !account.is_empty()), ("password", digest.is_some()), ("tokens", pair.is_some())]
        {
            if is_there {
                return Err(config(format!("`{setting}` is of no use for a sign-in")));
            }
        }
        Ok(SignIn::new(line, entry, listener))
    }
}

/// The digest of a password that is there, and not empty.
fn digest_of(digest: Option<Secret>) -> Result<PasswordDigest, Error> {
    let digest = digest.unwrap_or_else(|| Secret::new(""));
    filled("password", digest.expose())?;
    if digest.expose() == digest::of("").expose() {
        return Err(config("`password` is empty"));
    }
    digest.expose().parse().map_err(|error| config(format!("`password_digest` is {error}")))
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Credentials")
            .field("account", &self.account)
            .field("digest", &self.digest)
            .field("entry", &self.entry)
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

    fn good() -> Builder {
        nobody().app_id("app").account("admin").password("hunter2hunter2")
    }

    fn tokens(refresh: &str) -> Tokens {
        Tokens { access_token: "hunter2a".to_owned(), refresh_token: refresh.to_owned() }
    }

    #[test]
    fn either_a_user_or_tokens_are_enough() {
        good().build().unwrap();
        good().password_digest("E10ADC3949BA59ABBE56E057F20F883E").build().unwrap();
        nobody().tokens(tokens("hunter2r")).build().unwrap();
        good().tokens(tokens("hunter2r")).build().unwrap();
        nobody().app_id("app").sign_in().unwrap();
    }

    #[test]
    fn bad_settings_are_named() {
        let refused = |builder: Builder| builder.build().map(|_| ()).unwrap_err().to_string();
        assert!(refused(good().base_url("")).contains("`base_url` is no absolute URL"));
        assert!(refused(nobody()).contains("`account` is empty"));
        assert!(refused(good().app_id(" ")).contains("`app_id` is empty"));
        assert!(refused(good().password("")).contains("`password` is empty"));
        assert!(refused(good().password_digest("")).contains("`password` is empty"));
        assert!(refused(good().password_digest("hunter2")).contains("`password_digest` is not 32"));
        assert!(refused(nobody().tokens(tokens("r")).account("admin")).contains("`password` is empty"));
        assert!(refused(nobody().tokens(tokens(" "))).contains("`tokens.refresh_token` is empty"));
        let refused = |builder: Builder| builder.sign_in().map(|_| ()).unwrap_err().to_string();
        assert!(refused(nobody()).contains("`app_id` is empty"));
        assert!(refused(good()).contains("`account` is of no use"));
        assert!(refused(nobody().app_id("app").tokens(tokens("r"))).contains("`tokens` is of no use"));
    }

    #[test]
    fn debug_hides_password_digest_and_tokens() {
        let digest = digest::of("hunter2hunter2");
        let builder = good().tokens(tokens("hunter2r"));
        let printed = format!("{builder:?} {:?} {:?}", builder.clone().build().unwrap(), tokens("hunter2r"));
        assert!(!printed.contains("hunter2") && !printed.contains(digest.expose()), "{printed}");
    }
}
