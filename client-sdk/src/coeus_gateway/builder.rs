//! What a user logs in with, and the session made from it.

use super::{Error, Session};
use crate::access::Access;
use crate::builder::{config, filled};
use crate::digest;
use crate::secret::Secret;

/// Makes a [`Session`].
pub type Builder = crate::Builder<Credentials>;

/// The name of a user, and the digest of the password.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub(super) user_name: String,
    pub(super) digest: Secret,
}

impl Builder {
    pub(super) fn of_nobody() -> Self {
        Self::new(Credentials { user_name: String::new(), digest: Secret::new("") })
    }

    /// The name of the user, or the e-mail address or the phone number.
    pub fn user_name(mut self, user_name: impl Into<String>) -> Self {
        self.credentials.user_name = user_name.into();
        self
    }

    /// The password as the user types it. Only its digest is kept.
    pub fn password(self, password: impl Into<Secret>) -> Self {
        let digest = digest::of(password.into().expose());
        self.password_digest(digest)
    }

    /// The MD5 digest of the password, 32 hexadecimal digits, for those who do not have the password itself. It is as
    /// good as the password: keep it as secret.
    pub fn password_digest(mut self, digest: impl Into<Secret>) -> Self {
        self.credentials.digest = digest.into();
        self
    }

    /// Checks the settings. Nothing is sent before the first operation.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], which names the setting, if the base URL is no absolute `http` or `https` URL or has a user,
    /// a query or a fragment; if the name is empty or there is no password; if a digest is not 32 hexadecimal digits;
    /// if a header cannot have the user agent or the language; or if no HTTP client can be made.
    pub fn build(self) -> Result<Session, Error> {
        let (line, Credentials { user_name, digest }) = self.connect()?;
        filled("user_name", &user_name)?;
        filled("password", digest.expose())?;
        if digest.expose() == digest::of("").expose() {
            return Err(config("`password` is empty"));
        }
        let digest =
            digest::parse(digest.expose()).ok_or_else(|| config("`password_digest` is not 32 hexadecimal digits"))?;
        Ok(Session { access: Access::new(line, Credentials { user_name, digest }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Builder {
        Builder::of_nobody().base_url("http://127.0.0.1:1/").user_name("admin").password("hunter2hunter2")
    }

    #[test]
    fn bad_settings_are_named() {
        let refused = |builder: Builder| builder.build().map(|_| ()).unwrap_err().to_string();
        assert!(refused(good().base_url("")).contains("`base_url` is no absolute URL"));
        assert!(refused(good().user_name(" ")).contains("`user_name` is empty"));
        assert!(refused(good().password("")).contains("`password` is empty"));
        assert!(refused(good().password_digest("")).contains("`password` is empty"));
        assert!(refused(good().password_digest("hunter2")).contains("`password_digest` is not 32"));
    }

    #[test]
    fn a_digest_may_have_capitals() {
        let session = good().password_digest("E10ADC3949BA59ABBE56E057F20F883E").build();
        assert!(session.is_ok());
    }

    #[test]
    fn debug_hides_password_and_digest() {
        let digest = digest::of("hunter2hunter2");
        let builder = good();
        let printed = format!("{builder:?} {:?}", builder.clone().build().unwrap());
        assert!(!printed.contains("hunter2") && !printed.contains(digest.expose()), "{printed}");
    }
}
