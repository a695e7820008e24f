//! Logins by signature: `md5(md5(account + md5(password)) + Code)` proves the password without sending it.
//!
//! A Code is good for one try of one account, whoever tries: it is taken before anything is compared. Each wrong signature
//! counts against the account, in the store, so that no restart forgives it; an account that nobody has is treated alike.
//!
//! A verification code that was sent by SMS stands in the password's place where the Code was asked for so.

mod outstanding;

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time;
use aws_lc_rs::digest::{SHA256, digest};
use md5::{Digest as _, Md5};
use moka::sync::Cache;
use tokio::sync::Mutex;

use crate::store::{LoginFailureRow, Store};

use super::Error;
use super::audit::{Audit, AuditKind};
use super::clock::{Clock, Timestamp};
use super::mail::Language;
use super::origin::Origin;
use super::random::Random;
use super::secret::Secret;
use super::sms::Sms;
use super::user::{Handle, User, Users};

use outstanding::Outstanding;
pub(super) use outstanding::Proof;

/// Wrong signatures that an account is forgiven within [`WINDOW`].
const FORGIVEN: usize = 5;

/// Within what time wrong signatures are counted.
const WINDOW: Duration = Duration::from_secs(600);

/// For how long an account is locked.
const LOCK: Duration = Duration::from_secs(600);

/// Accounts that are logged in to at once.
const ACCOUNTS: u64 = 100_000;

/// How far a clock may step back before a lock that ends too far in the future is given up.
const SLACK: Duration = Duration::from_secs(60);

/// What logins by signature are made with.
pub(super) struct Parts {
    pub store: Store,
    pub users: Arc<Users>,
    pub sms: Sms,
    pub audit: Audit,
    pub clock: Clock,
    pub random: Random,
    /// How long a Code is good.
    pub code_life: Duration,
}

/// The operations of logins by signature.
pub struct Signatures {
    parts: Parts,
    outstanding: Outstanding,
    /// By account, whose turn it is to log in.
    turns: Cache<String, Arc<Mutex<()>>>,
}

/// Whose signature is to be checked.
struct Subject {
    /// Under which failures are counted and Codes kept.
    key: String,
    user: Option<User>,
    /// The digest of the password, if it is kept.
    digest: Option<Secret<String>>,
}

impl Signatures {
    pub(super) fn new(parts: Parts) -> Self {
        let outstanding = Outstanding::new(parts.code_life);
        let turns = Cache::builder().max_capacity(ACCOUNTS).time_to_idle(WINDOW).build();
        Self { parts, outstanding, turns }
    }

    /// A Code for one login of `account`: 32 hexadecimal digits. An account that nobody has gets one as well.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn code(&self, account: &str) -> Result<String, Error> {
        let subject = self.subject(account).await?;
        Ok(self.add(subject.key, Proof::Password))
    }

    /// As [`code`](Self::code), for a login with the verification code that goes out by SMS: to `account` if it is a mobile
    /// number, whether a user has it or not, else to that of the user. Whether one was sent shows to nobody else.
    ///
    /// # Errors
    /// Those of the store, and that the outbox cannot be written.
    pub async fn code_by_sms(&self, account: &str, language: Language) -> Result<String, Error> {
        let subject = self.subject(account).await?;
        let own = subject.user.as_ref().and_then(|user| user.phone.as_deref());
        let Some(mobile) = Handle::phone(account).ok().or_else(|| Handle::phone(own?).ok()) else {
            return Ok(self.add(subject.key, Proof::Nothing));
        };
        // An account may look like the number of somebody else, who then gets the code, and logs in to nothing with it.
        let is_own = own.and_then(|own| Handle::phone(own).ok()).is_some_and(|own| own.folded() == mobile.folded());
        match self.parts.sms.send_code(&mobile, language).await {
            Ok(_) | Err(Error::TooSoon) => {}
            // Who has no number is not told either that none can be sent to.
            Err(error @ Error::Unavailable(_)) => tracing::warn!(error = error.chain(), "a code was not sent"),
            Err(error) => return Err(error),
        }
        Ok(self.add(subject.key, if is_own { Proof::Sms(mobile) } else { Proof::Nothing }))
    }

    fn add(&self, subject: String, proof: Proof) -> String {
        let code = self.parts.random.hex(32);
        self.outstanding.add(subject, code.clone(), proof, self.parts.clock.elapsed());
        code
    }

    /// The user who signed with `account` and one of its Codes, and that Code.
    ///
    /// # Errors
    /// [`Error::Locked`] after too many wrong signatures; [`Error::WrongPassword`] for another one, and if no Code is left;
    /// [`Error::Banned`] for a banned user whose signature is right.
    pub async fn log_in(&self, origin: &Origin, account: &str, signature: &str) -> Result<(User, String), Error> {
        let parts = &self.parts;
        let subject = self.subject(account).await?;
        let id = subject.user.as_ref().map(|user| user.id);
        // One after the other for each account: of many that guess at once, no more are compared than are forgiven.
        let turn = self.turns.get_with(subject.key.clone(), Arc::default);
        let _alone = turn.lock().await;
        let now = parts.clock.now();
        let failures = parts.store.login_failures(&subject.key).await?;
        if failures.as_ref().is_some_and(|failures| is_locked(failures, now)) {
            parts.audit.refusal(origin, AuditKind::LoginLocked, id, Some(account)).await;
            return Err(Error::Locked);
        }
        let signed = |code: &str, proof: &Proof| {
            let digest = self.digest(proof, &subject);
            // Without a digest the same is computed, with one that nothing has.
            is_signed(signature, account, digest.as_ref().map_or("", |digest| digest.expose()), code)
                && digest.is_some()
        };
        let taken = self.outstanding.take(&subject.key, parts.clock.elapsed(), signed);
        // Of any number that have signed with one verification code, with a Code each, one has it.
        let taken = taken.filter(|(_, proof)| !matches!(proof, Proof::Sms(mobile) if !self.parts.sms.spend(mobile)));
        let Some((user, (code, _))) = subject.user.zip(taken) else {
            self.fail(origin, &subject.key, id, account, now).await?;
            return Err(Error::WrongPassword);
        };
        if failures.is_some() {
            parts.store.forget_login_failures(&subject.key).await?;
        }
        if user.banned {
            parts.audit.refusal(origin, AuditKind::LoginBanned, id, None).await;
            return Err(Error::Banned);
        }
        Ok((user, code))
    }

    /// Forgets failures that count no more.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn purge(&self) -> Result<u64, Error> {
        let kept = i64::try_from((WINDOW + LOCK).as_millis()).unwrap_or(i64::MAX);
        Ok(self.parts.store.purge_login_failures(self.parts.clock.now().millis().saturating_sub(kept)).await?)
    }

    /// The digest of what has to be signed with; none if there is nothing.
    fn digest(&self, proof: &Proof, subject: &Subject) -> Option<Secret<String>> {
        match proof {
            Proof::Password => subject.digest.clone(),
            Proof::Sms(mobile) => {
                let code = self.parts.sms.pending(mobile)?;
                Some(Secret::new(hex::encode(Md5::digest(code.expose().as_bytes()))))
            }
            Proof::Nothing => None,
        }
    }

    async fn subject(&self, account: &str) -> Result<Subject, Error> {
        let signer = self.parts.users.signer(account).await?;
        let key = match &signer {
            Some((user, _)) => format!("user:{}", user.id),
            None => {
                let folded = Handle::fold(account).unwrap_or_default();
                format!("none:{}", hex::encode(digest(&SHA256, folded.as_bytes())))
            }
        };
        let (user, digest) = signer.map_or((None, None), |(user, digest)| (Some(user), digest));
        Ok(Subject { key, user, digest })
    }

    /// Counts a failure, and locks the account after too many.
    async fn fail(
        &self,
        origin: &Origin,
        subject: &str,
        id: Option<i64>,
        account: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let parts = &self.parts;
        let row = parts.store.record_login_failure(subject, now.millis(), |row| failed(row, now)).await?;
        let kind = if row.locked_until.is_some() { AuditKind::LoginLocked } else { AuditKind::LoginFailed };
        parts.audit.refusal(origin, kind, id, Some(account)).await;
        Ok(())
    }
}

/// Whether nobody logs in now.
fn is_locked(row: &LoginFailureRow, now: Timestamp) -> bool {
    let until = row.locked_until.map(Timestamp::from_millis);
    until.is_some_and(|until| now < until && until <= now.plus(LOCK + SLACK))
}

/// What a row of failures is after one more.
fn failed(mut row: LoginFailureRow, now: Timestamp) -> LoginFailureRow {
    let counts = |at: &Timestamp| now < at.plus(WINDOW) && *at <= now.plus(SLACK);
    let recent = row.recent.split(',').filter_map(|at| at.parse().ok()).map(Timestamp::from_millis);
    let mut recent: Vec<_> = recent.filter(counts).collect();
    recent.push(now);
    row.locked_until = (recent.len() > FORGIVEN).then(|| now.plus(LOCK).millis());
    // More than those that lock an account are of no interest, and the column is not endless.
    let oldest = recent.len().saturating_sub(FORGIVEN + 1);
    row.recent = recent[oldest..].iter().map(|at| at.millis().to_string()).collect::<Vec<_>>().join(",");
    row
}

/// The signature of the documented system. It is compared in constant time, in whatever case its digits are.
fn is_signed(signature: &str, account: &str, digest: &str, code: &str) -> bool {
    let md5 = |text: String| hex::encode(Md5::digest(text.as_bytes()));
    let expected = md5(format!("{}{code}", md5(format!("{account}{digest}"))));
    let signature = signature.to_ascii_lowercase();
    constant_time::verify_slices_are_equal(expected.as_bytes(), signature.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(recent: &str) -> LoginFailureRow {
        LoginFailureRow { subject: "user:1".to_owned(), recent: recent.to_owned(), last_at: 0, locked_until: None }
    }

    #[test]
    fn a_signature_is_the_documented_one() {
        // Computed by md5sum of the GNU coreutils; the password is `123456`.
        let (digest, code) = ("e10adc3949ba59abbe56e057f20f883e", "404a257bc35a4540aed079dc4b48d957");
        let signature = "6821a080527d775101b624d632899fee";
        assert!(is_signed(signature, "admin", digest, code));
        assert!(is_signed(&signature.to_uppercase(), "admin", digest, code));
        assert!(!is_signed(signature, "Admin", digest, code));
        assert!(!is_signed("", "admin", digest, code));
    }

    #[test]
    fn the_sixth_failure_within_ten_minutes_locks() {
        let mut seen = row("");
        for minute in 0..6 {
            assert_eq!(seen.locked_until, None, "{minute}");
            seen = failed(seen, Timestamp::from_seconds(minute * 60));
        }
        assert_eq!(seen.locked_until, Some(300_000 + 600_000));
    }

    #[test]
    fn failures_of_more_than_ten_minutes_ago_do_not_count() {
        let mut seen = row("");
        for failure in 0..20 {
            seen = failed(seen, Timestamp::from_seconds(failure * 121));
            assert_eq!(seen.locked_until, None, "{failure}");
        }
        assert!(seen.recent.len() <= 128);
    }

    #[test]
    fn failures_of_a_clock_that_was_set_back_do_not_count() {
        let mut seen = row("");
        for _ in 0..5 {
            seen = failed(seen, Timestamp::from_seconds(10_000));
        }
        assert_eq!(failed(seen, Timestamp::from_seconds(10_000 - 3600)).locked_until, None);
    }
}
