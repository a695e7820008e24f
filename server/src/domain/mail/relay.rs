//! The address of a mail relay, as an operator writes it into the settings.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::domain::secret::Secret;

/// The mail server that takes our messages, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) login: Option<Login>,
}

/// A user of the relay.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) user: Secret<String>,
    pub(super) password: Secret<String>,
}

/// When the connection is encrypted. Where it is, the certificate must be one that we trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// From the first byte (RFC 8314).
    Implicit,
    /// By STARTTLS (RFC 3207) before anything else, or not at all.
    Starttls,
    /// As [`Starttls`](Self::Starttls), except that a relay at an address of loopback need not offer it.
    StarttlsBeyondLoopback,
    /// Never, because the operator says so.
    Never,
}

impl Relay {
    /// Reads `smtp://[user:password@]host[:587][?tls=required|none]` or `smtps://[user:password@]host[:465]`. User and
    /// password are percent-encoded.
    ///
    /// # Errors
    /// What is asked for, never what was given: that can hold a password.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "must be of the form `smtp://user:password@host:587` or `smtps://user:password@host:465`, \
                            with special characters of user and password percent-encoded";
        let url = Url::parse(text).map_err(|_| FORM)?;
        let host = url.host_str().map(|host| host.trim_matches(['[', ']']));
        let host = host.filter(|host| !host.is_empty() && !host.contains('%')).ok_or(FORM)?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(FORM);
        }
        let (port, encryption) = match (url.scheme(), url.query()) {
            ("smtps", None) => (465, Encryption::Implicit),
            ("smtps", Some(_)) => return Err("must have no options after `?` with `smtps`, which is always encrypted"),
            ("smtp", None) => (587, Encryption::StarttlsBeyondLoopback),
            ("smtp", Some("tls=required")) => (587, Encryption::Starttls),
            ("smtp", Some("tls=none")) => (587, Encryption::Never),
            ("smtp", Some(_)) => return Err("knows no other option than `?tls=required` and `?tls=none`"),
            _ => return Err(FORM),
        };
        let decode = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => return Err("must have both a user and a password, or neither"),
            (user, Some(password)) => Some(Login {
                user: Secret::new(decode(user).map_err(|_| FORM)?),
                password: Secret::new(decode(password).map_err(|_| FORM)?),
            }),
        };
        Ok(Self { host: host.to_owned(), port: url.port().unwrap_or(port), encryption, login })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, u16, Encryption) {
        let relay = Relay::parse(text).unwrap();
        (relay.host, relay.port, relay.encryption)
    }

    #[test]
    fn scheme_and_option_decide_about_encryption() {
        let host = || "mail.example.com".to_owned();
        assert_eq!(read("smtps://mail.example.com"), (host(), 465, Encryption::Implicit));
        assert_eq!(read("smtp://mail.example.com/"), (host(), 587, Encryption::StarttlsBeyondLoopback));
        assert_eq!(read("smtp://mail.example.com:2525?tls=required"), (host(), 2525, Encryption::Starttls));
        assert_eq!(read("smtp://mail.example.com:25?tls=none"), (host(), 25, Encryption::Never));
        assert_eq!(read("smtp://[::1]:25"), ("::1".to_owned(), 25, Encryption::StarttlsBeyondLoopback));
    }

    #[test]
    fn user_and_password_are_decoded_and_never_printed() {
        let relay = Relay::parse("smtps://robot%40example.com:p%40ss%2Fw%3Ard@127.0.0.1").unwrap();
        assert!(!format!("{relay:?}").contains("p@ss") && !format!("{relay:?}").contains("robot"), "{relay:?}");
        let login = relay.login.unwrap();
        assert_eq!(login.user.expose(), "robot@example.com");
        assert_eq!(login.password.expose(), "p@ss/w:rd");
    }

    #[test]
    fn what_is_refused_is_not_repeated() {
        for bad in [
            "hunter2",
            "mailto:hunter2@example.com",
            "http://u:hunter2@example.com",
            "smtp://u:hunter2@",
            "smtp://u:hunter2@example.com:port",
            "smtp://u:hunter2@example.com/path",
            "smtp://u:hunter2@example.com#fragment",
            "smtp://u:hunter2@example.com?tls=opportunistic",
            "smtp://u:hunter2@example.com?tls=none&tls=required",
            "smtps://u:hunter2@example.com?tls=none",
            "smtp://hunter2@example.com",
            "smtp://:hunter2@example.com",
            "smtp://u:hunter2%ff@example.com",
            "smtp://u:hunter2@exa%20mple.com",
        ] {
            let said = Relay::parse(bad).map(|_| ()).expect_err(bad);
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
