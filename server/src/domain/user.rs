//! Users: who may log in through every dialect, with the same password.

mod handle;

use std::sync::Arc;

use crate::store::{self, AuditRow, HandleKind, NewUserRow, PasswordRow, Store, Unique, UserRow};

use super::Error;
use super::audit::{Audit, AuditKind};
use super::clock::{Clock, Timestamp};
use super::near::Near;
use super::origin::Origin;
use super::password::{Digest, Passwords};
use super::random::Random;
use super::secret::Secret;
use super::vault::{Place, Vault};

pub use handle::Handle;

/// Users remembered at once; some 500 bytes each.
const CACHE_CAPACITY: u64 = 20_000;

/// Where the recoverable digest of a password is sealed.
const PASSWORD_COLUMN: &str = "user_account|password_sealed";

/// The version of a password that was never changed.
const FIRST_PASSWORD: i64 = 1;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The numeric id, which some dialects show.
    pub id: i64,
    /// The other id, which the others show: 32 hexadecimal digits.
    pub uid: String,
    /// What clients call the user, and one of the names to log in with.
    pub account: String,
    /// The name that people see.
    pub name: String,
    /// The e-mail address, to log in with as well.
    pub email: Option<String>,
    /// The phone number, to log in with as well.
    pub phone: Option<String>,
    /// Whether the user may not log in.
    pub banned: bool,
    /// Whether the user may do what only administrators may.
    pub is_admin: bool,
    /// Whether the user came with the installation.
    pub builtin: bool,
    /// Sessions begun before this moment are over.
    pub tokens_valid_from: Timestamp,
    /// When the user was made.
    pub created_at: Timestamp,
    /// The address of a picture of the user.
    pub head_img: Option<String>,
}

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name to log in with.
    pub account: Handle,
    /// The name that people see; the account if there is none.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<Handle>,
    /// The phone number.
    pub phone: Option<Handle>,
    /// Whether the user may do what only administrators may.
    pub is_admin: bool,
    /// Whether the user comes with the installation.
    pub builtin: bool,
    /// The other id, where one is given: 32 hexadecimal digits.
    pub uid: Option<String>,
    /// The address of a picture of the user.
    pub head_img: Option<String>,
}

impl NewUser {
    /// An ordinary user of whom only the name is known.
    pub const fn new(account: Handle) -> Self {
        Self {
            account,
            name: None,
            email: None,
            phone: None,
            is_admin: false,
            builtin: false,
            uid: None,
            head_img: None,
        }
    }
}

/// What users are made with.
pub(super) struct Parts {
    pub store: Store,
    pub passwords: Passwords,
    pub vault: Arc<Vault>,
    pub audit: Audit,
    pub clock: Clock,
    pub random: Random,
    /// Whether digests are kept so that signatures made with them can be checked.
    pub signature_login: bool,
}

/// The operations on users.
pub struct Users {
    parts: Parts,
    by_id: Near<i64, User>,
}

impl Users {
    pub(super) fn new(parts: Parts) -> Self {
        Self { parts, by_id: Near::new(CACHE_CAPACITY) }
    }

    /// Makes a user. Names and addresses are settled by the database.
    ///
    /// # Errors
    /// [`Error::EmailTaken`], [`Error::AccountTaken`] or [`Error::PhoneTaken`], in this order if there are several;
    /// [`Error::Unavailable`] if too many passwords wait to be hashed.
    pub async fn create(&self, origin: &Origin, new: NewUser, digest: Digest) -> Result<User, Error> {
        let (row, handles) = self.rows(new, digest).await?;
        let account = row.account.clone();
        let record = |id| self.registered(origin, id, &account);
        self.parts.store.insert_user(row, handles, record).await.map(User::from).map_err(refused)
    }

    /// Makes a user to whom a WeChat account is bound from the beginning. Whoever is refused leaves nobody behind. With
    /// `replace` another user loses the account.
    ///
    /// # Errors
    /// Those of [`create`](Self::create); without `replace` [`Error::WechatBound`] if the account is another user's.
    pub(super) async fn create_with_wechat(
        &self,
        origin: &Origin,
        new: NewUser,
        digest: Digest,
        union_id: &str,
        replace: bool,
    ) -> Result<User, Error> {
        let parts = &self.parts;
        let (row, handles) = self.rows(new, digest).await?;
        let account = row.account.clone();
        let records = |id| {
            let bound = parts.audit.row(origin, AuditKind::WechatBound, Some(id), Some(union_id));
            [self.registered(origin, id, &account), bound]
        };
        let made = parts.store.insert_wechat_user(row, handles, union_id, replace, records).await;
        made.map(User::from).map_err(refused)
    }

    /// A user as the store takes it, and what the user logs in with.
    async fn rows(&self, new: NewUser, digest: Digest) -> Result<(NewUserRow, Vec<(HandleKind, String)>), Error> {
        let parts = &self.parts;
        let uid = new.uid.unwrap_or_else(|| parts.random.hex(32));
        let password = self.password_row(&uid, FIRST_PASSWORD, digest).await?;
        let mut handles = Vec::new();
        let mut claim = |kind, handle: &Handle| handles.push((kind, handle.folded().to_owned()));
        new.email.iter().for_each(|email| claim(HandleKind::Email, email));
        claim(HandleKind::Account, &new.account);
        new.phone.iter().for_each(|phone| claim(HandleKind::Phone, phone));
        let written = |handle: &Option<Handle>| handle.as_ref().map(|handle| handle.written().to_owned());
        let row = NewUserRow {
            uid,
            account: new.account.written().to_owned(),
            name: new.name.unwrap_or_else(|| new.account.written().to_owned()),
            email: written(&new.email),
            phone: written(&new.phone),
            password_hash: password.hash,
            password_sealed: password.sealed,
            is_admin: new.is_admin,
            builtin: new.builtin,
            created_at: parts.clock.now().millis(),
            head_img: new.head_img,
        };
        Ok((row, handles))
    }

    fn registered(&self, origin: &Origin, id: i64, account: &str) -> AuditRow {
        self.parts.audit.row(origin, AuditKind::UserRegistered, Some(id), Some(account))
    }

    /// The user who logs in by this account, address or number, if the digest is that of the user's password. `None` is
    /// what a client sent that can be no digest. A refusal is recorded.
    ///
    /// # Errors
    /// [`Error::WrongPassword`] if there is no such user or the digest is another one, each after the same work;
    /// [`Error::Banned`] for a banned user whose password is right; [`Error::Unavailable`] if too many wait already.
    pub async fn authenticate(&self, origin: &Origin, handle: &str, digest: Option<Digest>) -> Result<User, Error> {
        let parts = &self.parts;
        let row = match Handle::fold(handle) {
            Some(folded) => parts.store.user_by_handle(&folded).await?,
            None => None,
        };
        let possible = digest.is_some();
        let digest = digest.unwrap_or_else(|| Digest::of(""));
        let hash = row.as_ref().map(|row| row.password_hash.as_str());
        let genuine = parts.passwords.verify(digest.clone(), hash).await? && possible;
        let id = row.as_ref().map(|row| row.id);
        let Some(row) = row.filter(|_| genuine) else {
            parts.audit.refusal(origin, AuditKind::LoginFailed, id, Some(handle)).await;
            return Err(Error::WrongPassword);
        };
        if row.banned {
            parts.audit.refusal(origin, AuditKind::LoginBanned, id, None).await;
            return Err(Error::Banned);
        }
        if self.lacks_digest(row.password_sealed.as_deref())
            && let Err(error) = self.keep_digest(&row, &digest).await
        {
            // The next login tries again, and this one needs no digest.
            tracing::warn!(error = error.chain(), "a password digest could not be kept for signature logins");
        }
        Ok(row.into())
    }

    /// Whether the digest of a password is to be kept and is not: the password was set, or the digests were dropped, while
    /// signature logins were off.
    pub(super) fn lacks_digest(&self, sealed: Option<&str>) -> bool {
        self.parts.signature_login && sealed.is_none()
    }

    /// Keeps the digest of the password that a row has. Whoever is logged in stays so.
    async fn keep_digest(&self, row: &UserRow, digest: &Digest) -> Result<(), Error> {
        let sealed = self.seal(&row.uid, row.password_version, digest).await?;
        let password =
            PasswordRow { hash: row.password_hash.clone(), sealed: Some(sealed), version: row.password_version };
        Ok(self.parts.store.keep_sealed_password(row.id, password).await?)
    }

    async fn seal(&self, uid: &str, version: i64, digest: &Digest) -> Result<String, Error> {
        let place = Place { column: PASSWORD_COLUMN, row: uid, version };
        self.parts.vault.seal(place, digest.expose()).await
    }

    /// A password as it is stored, of the user with this other id.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if too many passwords wait to be hashed; those of the vault.
    pub(super) async fn password_row(&self, uid: &str, version: i64, digest: Digest) -> Result<PasswordRow, Error> {
        let parts = &self.parts;
        let sealed = match parts.signature_login {
            true => Some(self.seal(uid, version, &digest).await?),
            false => None,
        };
        Ok(PasswordRow { hash: parts.passwords.hash(digest).await?, sealed, version })
    }

    /// Whether a stored hash is that of this password.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if too many wait already.
    pub(super) async fn is_password(&self, digest: Digest, hash: &str) -> Result<bool, Error> {
        self.parts.passwords.verify(digest, Some(hash)).await
    }

    /// As [`Apps::version`](super::app::Apps::version), of users.
    pub(super) fn version(&self) -> u64 {
        self.by_id.version()
    }

    /// Called after a commit that changes many users.
    pub(super) fn forget_all(&self) {
        self.by_id.forget_all();
    }

    /// The user who logs in by this account, address or number, with the digest of the password if it is kept.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn signer(&self, handle: &str) -> Result<Option<(User, Option<Secret<String>>)>, Error> {
        let Some(folded) = Handle::fold(handle) else { return Ok(None) };
        let Some(row) = self.parts.store.user_by_handle(&folded).await? else { return Ok(None) };
        let sealed = row.password_sealed.as_deref().filter(|_| self.parts.signature_login);
        let digest = match sealed {
            Some(sealed) => {
                let place = Place { column: PASSWORD_COLUMN, row: &row.uid, version: row.password_version };
                Some(self.parts.vault.open(place, sealed).await?)
            }
            None => None,
        };
        Ok(Some((row.into(), digest)))
    }

    /// The user with this numeric id.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn by_id(&self, id: i64) -> Result<Option<Arc<User>>, Error> {
        if let Some(user) = self.by_id.peek(&id) {
            return Ok(Some(user));
        }
        // Boxed, as the store's futures are large, and one that holds them is copied with them at every request.
        Box::pin(async {
            let read = async { Ok::<_, store::Error>(self.parts.store.user_by_id(id).await?.map(User::from)) };
            self.by_id.get(&id, read).await
        })
        .await
    }

    /// Whether there is any user at all.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn any(&self) -> Result<bool, Error> {
        Ok(self.parts.store.has_users().await?)
    }

    /// Bans a user: what the user holds is refused from now on, and after the ban as well.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn ban(&self, id: i64) -> Result<(), Error> {
        self.set_banned(id, true).await
    }

    /// Lifts a ban.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn unban(&self, id: i64) -> Result<(), Error> {
        self.set_banned(id, false).await
    }

    async fn set_banned(&self, id: i64, banned: bool) -> Result<(), Error> {
        // A session that began within this millisecond is over, too.
        let now = self.parts.clock.now().millis().saturating_add(1);
        self.parts.store.set_user_banned(id, banned, now).await?;
        self.by_id.forget(&id);
        Ok(())
    }

    /// Drops the recoverable digests of an installation that has turned signature logins off.
    ///
    /// # Errors
    /// Only those of the store.
    pub async fn settle_signature_login(&self) -> Result<(), Error> {
        if !self.parts.signature_login {
            let dropped = self.parts.store.drop_sealed_passwords().await?;
            if dropped > 0 {
                tracing::info!(dropped, "signature logins are off: recoverable password digests were dropped");
            }
        }
        Ok(())
    }
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            uid: row.uid,
            account: row.account,
            name: row.name,
            email: row.email,
            phone: row.phone,
            banned: row.banned,
            is_admin: row.is_admin,
            builtin: row.builtin,
            tokens_valid_from: Timestamp::from_millis(row.tokens_valid_from),
            created_at: Timestamp::from_millis(row.created_at),
            head_img: row.head_img,
        }
    }
}

/// Why the store made no user.
fn refused(error: store::Error) -> Error {
    match error {
        store::Error::Taken(Unique::Handle(HandleKind::Email)) => Error::EmailTaken,
        store::Error::Taken(Unique::Handle(HandleKind::Account)) => Error::AccountTaken,
        store::Error::Taken(Unique::Handle(HandleKind::Phone)) => Error::PhoneTaken,
        store::Error::Taken(Unique::WechatUnionId) => Error::WechatBound,
        other => other.into(),
    }
}

#[cfg(test)]
mod tests;
