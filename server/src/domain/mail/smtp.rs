//! One try to hand a letter to the relay, step by step: `lettre` speaks the protocol, and every step has its time.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::Letter;
use super::relay::{Encryption, Relay};
use crate::domain::Error;
use crate::domain::queue::{Deliver, Failure, Pace};

/// A name that stands for more addresses than these is tried at the first ones only.
const ADDRESSES: usize = 4;

/// What is needed to deliver by SMTP.
#[derive(Clone)]
pub struct Smtp {
    relay: Relay,
    /// `None` where the operator wants no encryption.
    tls: Option<TlsParameters>,
    timeout: Duration,
    pace: Pace,
}

impl Smtp {
    /// Delivers through `relay`. Certificates are trusted if they come from the system's authorities or from those in
    /// `authorities`, a text of PEM. Each step of a delivery (connection, TLS, login, message) has `timeout`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `authorities` that are none, [`Error::Internal`] where TLS cannot be set up, for
    /// want of any trusted authority mostly.
    pub fn new(relay: Relay, authorities: Option<&[u8]>, timeout: Duration) -> Result<Self, Error> {
        let tls = match relay.encryption {
            Encryption::Never => None,
            Encryption::Implicit | Encryption::Starttls | Encryption::StarttlsBeyondLoopback => {
                Some(tls(&relay.host, authorities)?)
            }
        };
        Ok(Self { relay, tls, timeout, pace: Pace::default() })
    }

    /// The same at another pace.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Hands the letter over.
    async fn hand_over(&self, letter: &Letter) -> Result<(), Failure> {
        let mut connection = self.connect(&ClientId::Domain(letter.sender_domain.clone())).await?;
        if let Some(login) = &self.relay.login {
            let credentials = Credentials::new(login.user.expose().clone(), login.password.expose().clone());
            self.step("login", connection.auth(DEFAULT_MECHANISMS, &credentials)).await?;
        }
        // lettre ends the last line once more, which would show as an empty one.
        let content = letter.content.strip_suffix(b"\r\n").unwrap_or(&letter.content);
        self.step("message", connection.send(&letter.envelope, content)).await?;
        // The relay has the message. How the connection ends changes nothing about that.
        let _farewell = self.step("farewell", connection.quit()).await;
        Ok(())
    }

    /// A connection at the first address that answers, encrypted where it has to be.
    async fn connect(&self, hello: &ClientId) -> Result<AsyncSmtpConnection, Failure> {
        let target = (self.relay.host.as_str(), self.relay.port);
        let addresses = self.step("name", tokio::net::lookup_host(target)).await?;
        let mut outcome = Err(Failure::passing("name", "the relay's name has no address"));
        for address in addresses.take(ADDRESSES) {
            outcome = self.connect_to(address, hello).await;
            if outcome.as_ref().map_or_else(|failure| !failure.may_pass, |_| true) {
                break;
            }
        }
        outcome
    }

    async fn connect_to(&self, address: SocketAddr, hello: &ClientId) -> Result<AsyncSmtpConnection, Failure> {
        let from_the_start = self.tls.clone().filter(|_| self.relay.encryption == Encryption::Implicit);
        let connecting = AsyncSmtpConnection::connect_tokio1(address, None, hello, from_the_start, None);
        let mut connection = self.step("connection", connecting).await?;
        let may_be_plain = match self.relay.encryption {
            Encryption::Implicit | Encryption::Never => return Ok(connection),
            Encryption::Starttls => false,
            Encryption::StarttlsBeyondLoopback => address.ip().to_canonical().is_loopback(),
        };
        match &self.tls {
            Some(tls) if connection.can_starttls() => {
                self.step("TLS", connection.starttls(tls.clone(), hello)).await?;
                Ok(connection)
            }
            _ if may_be_plain => Ok(connection),
            _ => Err(Failure::passing("TLS", "the relay does not offer STARTTLS, and nothing is sent in plain text")),
        }
    }

    /// Awaits one step, for its time.
    async fn step<T, E: Into<Cause>>(
        &self,
        step: &'static str,
        doing: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(self.timeout, doing).await {
            Ok(outcome) => outcome.map_err(|error| error.into().at(step)),
            Err(_) => Err(Failure::passing(step, format!("no answer within {:?}", self.timeout))),
        }
    }
}

impl Deliver for Smtp {
    type Letter = Letter;

    const WHAT: &'static str = "mail";

    const TAKER: &'static str = "the relay";

    fn pace(&self) -> &Pace {
        &self.pace
    }

    async fn deliver(&self, letter: &Letter) -> Result<(), Failure> {
        self.hand_over(letter).await
    }
}

fn tls(host: &str, authorities: Option<&[u8]>) -> Result<TlsParameters, Error> {
    let mut tls = TlsParameters::builder(host.to_owned());
    if let Some(pem) = authorities {
        let none = || Error::invalid("authorities", "must hold certificates in PEM");
        // Without this look a file of something else would be taken for one of no certificates.
        if !pem.windows(BEGIN.len()).any(|part| part == BEGIN) {
            return Err(none());
        }
        tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(|_| none())?);
    }
    tls.build().map_err(Error::internal)
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// What a step can fail of.
enum Cause {
    Io(io::Error),
    Smtp(SmtpError),
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<SmtpError> for Cause {
    fn from(error: SmtpError) -> Self {
        Self::Smtp(error)
    }
}

impl Cause {
    fn at(self, step: &'static str) -> Failure {
        match self {
            Self::Io(error) => Failure::passing(step, error.to_string()),
            Self::Smtp(error) => {
                if let Some(code) = error.status() {
                    let reason = format!("the relay answered {code}{}", enhanced(&error));
                    return Failure { step, reason, may_pass: error.is_transient() };
                }
                if error.is_response() {
                    return Failure::passing(step, "the relay ended its reply early, or it is no SMTP");
                }
                // What is left are texts of lettre, of TLS and of the operating system.
                Failure { step, reason: error.to_string(), may_pass: !error.is_client() }
            }
        }
    }
}

/// The enhanced status code (RFC 3463) with a space before it, if the relay's words begin with one.
fn enhanced(error: &SmtpError) -> String {
    let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let first = words.split_whitespace().next().unwrap_or_default();
    let numbers: Vec<_> = first.split('.').collect();
    let is_number = |part: &&str| matches!(part.len(), 1..=3) && part.bytes().all(|byte| byte.is_ascii_digit());
    if numbers.len() == 3 && numbers.iter().all(is_number) { format!(" ({first})") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_something_else_holds_no_authority() {
        let relay = Relay::parse("smtps://example.com").unwrap();
        for bad in ["", "hello", "-----BEGIN CERTIFICATE-----\nhello\n", "-----BEGIN PRIVATE KEY-----"] {
            let outcome = Smtp::new(relay.clone(), Some(bad.as_bytes()), Duration::from_secs(1));
            assert!(matches!(outcome, Err(Error::InvalidInput { field: "authorities", .. })), "{bad}");
        }
    }

    #[test]
    fn without_encryption_no_authority_is_needed() {
        let relay = Relay::parse("smtp://example.com?tls=none").unwrap();
        assert!(Smtp::new(relay, Some(b"hello"), Duration::from_secs(1)).unwrap().tls.is_none());
    }
}
