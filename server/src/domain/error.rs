//! What can go wrong in the domain. Knows nothing of HTTP or of any dialect; each dialect maps every variant.

use std::error::Error as StdError;
use std::fmt;

/// The cause behind an [`Error`], printed once at the edge and never sent to a client.
pub type Source = Box<dyn StdError + Send + Sync>;

/// An outcome of a domain operation other than success.
#[derive(Debug)]
pub enum Error {
    /// A value breaks a rule of its field.
    InvalidInput {
        /// The field's name in the domain, such as `name` or `redirect_uri`.
        field: &'static str,
        /// What the rule asks for, in English, without the offending value.
        reason: String,
    },
    /// The credential is missing, malformed or forged.
    Unauthorized,
    /// The credential was once good: it has expired, or it (or its application) was revoked.
    TokenExpired,
    /// The caller is known, but may not do this.
    Forbidden,
    /// No such application, a wrong secret, or a disabled application; deliberately one answer.
    UnknownApp,
    /// Another application has this name.
    AppNameTaken,
    /// No such user, or a wrong password; deliberately one answer.
    WrongPassword,
    /// The user may not log in.
    Banned,
    /// Another user has this name.
    AccountTaken,
    /// Another user has this e-mail address.
    EmailTaken,
    /// Another user has this phone number.
    PhoneTaken,
    /// The owner has something else of this name.
    NameTaken,
    /// The code is not the one that was sent, or no longer good; deliberately one answer.
    WrongCode,
    /// This was done a moment ago, and may be done again only later.
    TooSoon,
    /// Too many wrong signatures: nobody logs in to this account for some minutes.
    Locked,
    /// The session was ended by a login of its user on another device.
    LoggedInElsewhere,
    /// The user has another WeChat account, and did not ask to replace it.
    WechatBound,
    /// Another interface config is for this method and URL.
    ConfigTaken,
    /// There is no such thing, or it is somebody else's; deliberately one answer.
    NotFound,
    /// The store does not answer now; the same call may succeed later.
    StoreUnavailable(Source),
    /// Something else the service depends on does not answer now, or too much waits for it; the same call may succeed
    /// later.
    Unavailable(Source),
    /// A fault of the service itself.
    Internal(Source),
}

impl Error {
    /// An [`Error::InvalidInput`] about `field`.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::InvalidInput { field, reason: reason.into() }
    }

    /// An [`Error::Internal`] caused by `source`.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }
}

impl Error {
    /// This error and its causes in one line, for the log.
    pub fn chain(&self) -> String {
        let mut chain = self.to_string();
        let mut source = StdError::source(self);
        while let Some(cause) = source {
            chain = format!("{chain}: {cause}");
            source = cause.source();
        }
        chain
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidInput { field, reason } => write!(f, "`{field}` {reason}"),
            Self::Unauthorized => f.write_str("the credential is missing or not genuine"),
            Self::TokenExpired => f.write_str("the credential is no longer valid"),
            Self::Forbidden => f.write_str("the caller may not do this"),
            Self::UnknownApp => f.write_str("unknown application or wrong secret"),
            Self::AppNameTaken => f.write_str("an application of this name exists"),
            Self::WrongPassword => f.write_str("unknown user or wrong password"),
            Self::Banned => f.write_str("the user may not log in"),
            Self::AccountTaken => f.write_str("a user of this name exists"),
            Self::EmailTaken => f.write_str("a user with this e-mail address exists"),
            Self::PhoneTaken => f.write_str("a user with this phone number exists"),
            Self::NameTaken => f.write_str("something of this name exists"),
            Self::WrongCode => f.write_str("wrong or expired code"),
            Self::TooSoon => f.write_str("this was done a moment ago"),
            Self::Locked => f.write_str("the account is locked for some minutes"),
            Self::LoggedInElsewhere => f.write_str("the user logged in elsewhere"),
            Self::WechatBound => f.write_str("the user has another WeChat account"),
            Self::ConfigTaken => f.write_str("an interface config for this method and URL exists"),
            Self::NotFound => f.write_str("there is no such thing"),
            Self::StoreUnavailable(_) => f.write_str("the store is unavailable"),
            Self::Unavailable(_) => f.write_str("a service that this one needs is unavailable"),
            Self::Internal(_) => f.write_str("internal fault"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::StoreUnavailable(source) | Self::Unavailable(source) | Self::Internal(source) => {
                Some(source.as_ref())
            }
            Self::InvalidInput { .. }
            | Self::Unauthorized
            | Self::TokenExpired
            | Self::Forbidden
            | Self::UnknownApp
            | Self::AppNameTaken
            | Self::WrongPassword
            | Self::Banned
            | Self::AccountTaken
            | Self::EmailTaken
            | Self::PhoneTaken
            | Self::NameTaken
            | Self::WrongCode
            | Self::TooSoon
            | Self::Locked
            | Self::LoggedInElsewhere
            | Self::WechatBound
            | Self::ConfigTaken
            | Self::NotFound => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_says_its_own_part_and_leaves_the_rest_to_the_source() {
        let error = Error::internal("disk full");
        assert_eq!(error.to_string(), "internal fault");
        assert_eq!(error.source().map(ToString::to_string), Some("disk full".to_owned()));
        assert_eq!(Error::invalid("name", "must not be empty").to_string(), "`name` must not be empty");
        assert!(Error::UnknownApp.source().is_none());
    }
}
