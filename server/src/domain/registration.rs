//! Registration: whoever receives a code at an address may make a user of that address.

use std::sync::Arc;

use super::Error;
use super::audit::{Audit, AuditKind};
use super::code::Codes;
use super::mail::{Language, Mail, Message};
use super::origin::Origin;
use super::password::Digest;
use super::user::{Handle, NewUser, User, Users};

/// The operations of registration.
pub struct Registrations {
    users: Arc<Users>,
    codes: Codes,
    mail: Mail,
    audit: Audit,
}

impl Registrations {
    pub(super) const fn new(users: Arc<Users>, codes: Codes, mail: Mail, audit: Audit) -> Self {
        Self { users, codes, mail, audit }
    }

    /// Mails a code to `email`, with which `account` may be registered for that address. Whether either is taken shows
    /// only to whoever reads the mail.
    ///
    /// # Errors
    /// [`Error::TooSoon`] if the address got a code a moment ago; [`Error::Unavailable`] if no mail can be sent now.
    pub async fn send_code(&self, account: &Handle, email: &Handle, language: Language) -> Result<(), Error> {
        let bound = bound(account, email);
        let code = self.codes.issue(email.folded(), &bound)?;
        let minutes = self.codes.life().as_secs().div_ceil(60);
        let message = Message::registration_code(email.written(), account.written(), &code, minutes, language);
        let sent = match message {
            Ok(message) => self.mail.send(message).await,
            Err(error) => Err(error),
        };
        if sent.is_err() {
            self.codes.forget(email.folded(), &bound);
        }
        sent
    }

    /// Makes the user `account` of the address `email`. The code is spent by this, whatever comes of it.
    ///
    /// # Errors
    /// [`Error::WrongCode`] if the code is not the one that was sent to this address for this account, or no longer
    /// good; then as [`Users::create`].
    pub async fn register(
        &self,
        origin: &Origin,
        account: Handle,
        email: Handle,
        digest: Digest,
        code: &str,
    ) -> Result<User, Error> {
        if let Err(error) = self.codes.take(email.folded(), &bound(&account, &email), code) {
            self.audit.refusal(origin, AuditKind::CodeFailed, None, Some(email.folded())).await;
            return Err(error);
        }
        let new = NewUser { email: Some(email), ..NewUser::new(account) };
        self.users.create(origin, new, digest).await
    }
}

/// What a code is bound to: the account, and the address to which it was mailed. Folding makes one of addresses whose
/// mailboxes may be different people's (`straße.de` and `strasse.de`), so that only the case of ASCII is left out here.
fn bound(account: &Handle, email: &Handle) -> String {
    format!("{} {}", account.folded(), email.written().to_ascii_lowercase())
}
