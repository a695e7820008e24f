//! Logins with WeChat: a code from WeChat tells whose WeChat account it is, and the account is bound to a user once that
//! user has proven a phone number.
//!
//! A UnionID alone is never a credential. It is known here for half an hour after WeChat told it, and only as long as it
//! is bound to nobody; whoever then binds it gives the code that was sent to the number.

mod client;

use std::sync::Arc;
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::Error;
use super::access::{AccessTokens, Bundle, Entry};
use super::audit::{Audit, AuditKind};
use super::clock::{Clock, Timestamp};
use super::code::is_within;
use super::name::Name;
use super::origin::Origin;
use super::password::Digest;
use super::random::Random;
use super::secret::Secret;
use super::sms::Sms;
use super::user::{Handle, NewUser, User, Users};
use super::vault::{Place as Sealed, Vault};
use crate::store::{self, Store, Unique};
use client::Client;

pub use super::remote::check_address;
pub use client::Place;

/// Where secrets of applications at WeChat are sealed.
const SECRET_COLUMN: &str = "wechat_app|secret";

/// The longest id of an application at WeChat that the store keeps.
const LONGEST_APP_ID: usize = 64;

/// The longest code that WeChat is asked about. Its own have 32 characters.
const LONGEST_CODE: usize = 512;

/// WeChat users that nobody has bound yet; some 500 bytes each.
const CAPACITY: u64 = 20_000;

/// How long they are known.
const KNOWN: Duration = Duration::from_secs(30 * 60);

/// The longest address of a picture that a user has.
const LONGEST_PICTURE: usize = 255;

/// What WeChat tells of one of its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The same for every application of one owner.
    pub union_id: String,
    /// The id in this application.
    pub open_id: String,
    /// The name that people see.
    pub nickname: String,
    /// 1 male, 2 female, 0 unknown.
    pub sex: i32,
    /// Country.
    pub country: String,
    /// Province.
    pub province: String,
    /// City.
    pub city: String,
    /// The address of a picture, or nothing.
    pub head_img_url: String,
    /// What WeChat grants the user.
    pub privilege: Vec<String>,
    /// The language of the names of places.
    pub language: Option<String>,
}

/// Whom a code of WeChat brought.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// A user, who is logged in now.
    User(Box<Bundle>),
    /// Somebody whose WeChat account is bound to no user.
    Stranger(Arc<Profile>),
}

/// The wish to bind a WeChat account to the user of a phone number.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The application at WeChat that the account arrived through.
    pub wechat_app_id: String,
    /// The account.
    pub union_id: String,
    /// The phone number.
    pub mobile: Handle,
    /// The code that was sent to it.
    pub code: String,
    /// Whether other bindings of both may be given up.
    pub replace: bool,
}

/// What logins with WeChat are made with.
pub(super) struct Parts {
    pub store: Store,
    pub users: Arc<Users>,
    pub access: Arc<AccessTokens>,
    pub sms: Sms,
    pub vault: Arc<Vault>,
    pub audit: Audit,
    pub clock: Clock,
    pub random: Random,
    pub place: Place,
}

/// The operations of logins with WeChat.
pub struct Wechat {
    parts: Parts,
    client: Client,
    /// By application at WeChat and UnionID.
    strangers: Cache<(String, String), Arc<Stranger>>,
}

struct Stranger {
    profile: Arc<Profile>,
    since: Timestamp,
}

impl Wechat {
    pub(super) fn new(parts: Parts) -> Self {
        let strangers = Cache::builder()
            .max_capacity(CAPACITY)
            // The default policy may refuse to keep a newcomer.
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(KNOWN)
            .build();
        let client = Client::new(parts.place.clone());
        Self { parts, client, strangers }
    }

    /// Logs in whoever has brought `code` from WeChat, or remembers the WeChat account for half an hour if it is bound to
    /// nobody.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `we_chat_app_id` or `code`, if WeChat knows them not or tells no UnionID;
    /// [`Error::Banned`]; [`Error::Forbidden`] as [`AccessTokens::begin`]; [`Error::Unavailable`] if WeChat does not
    /// answer as it should.
    pub async fn arrive(
        &self,
        origin: &Origin,
        entry: Entry,
        wechat_app_id: &str,
        code: &str,
    ) -> Result<Arrival, Error> {
        let parts = &self.parts;
        parts.access.admits_app(&entry).await?;
        if code.is_empty() || code.len() > LONGEST_CODE {
            return Err(Error::invalid("code", "must have 1 to 512 bytes"));
        }
        let secret = self.secret_of(wechat_app_id).await?;
        let profile = self.client.exchange(wechat_app_id, &secret, code).await?;
        if let Some(row) = parts.store.user_by_wechat(&profile.union_id).await? {
            let bundle = self.enter(origin, row.into(), entry).await?;
            return Ok(Arrival::User(Box::new(bundle)));
        }
        let profile = Arc::new(profile);
        let stranger = Stranger { profile: Arc::clone(&profile), since: parts.clock.now() };
        self.strangers.insert((wechat_app_id.to_owned(), profile.union_id.clone()), Arc::new(stranger));
        Ok(Arrival::Stranger(profile))
    }

    /// Binds a WeChat account to the user of a phone number, who is made if there is none, and logs the user in.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `union_id` if WeChat did not tell it within the last half hour, or it is bound since;
    /// [`Error::WrongCode`]; [`Error::Banned`]; [`Error::Forbidden`] as [`AccessTokens::begin`], where somebody new has no
    /// tenant; [`Error::WechatBound`] if user or WeChat account are bound otherwise, and nothing is to be replaced;
    /// [`Error::PhoneTaken`] if the number is another user's account. Whatever is refused after the code was right leaves
    /// it good.
    pub async fn bind(&self, origin: &Origin, entry: Entry, claim: Claim) -> Result<Bundle, Error> {
        let parts = &self.parts;
        parts.access.admits_app(&entry).await?;
        let key = (claim.wechat_app_id.clone(), claim.union_id.clone());
        let profile = self.stranger(&key).ok_or_else(|| Error::invalid("union_id", "is not known, or no longer"))?;
        if let Err(error) = parts.sms.take(&claim.mobile, &claim.code) {
            parts.audit.refusal(origin, AuditKind::CodeFailed, None, Some(claim.mobile.folded())).await;
            return Err(error);
        }
        let outcome = self.settle(origin, entry, &claim, &profile).await;
        match outcome {
            Ok(_) => self.strangers.invalidate(&key),
            // Whoever was refused for another reason has the code at hand still.
            Err(_) => parts.sms.restore(&claim.mobile, &claim.code),
        }
        outcome
    }

    /// Binds and logs in, after the code was right.
    async fn settle(&self, origin: &Origin, entry: Entry, claim: &Claim, profile: &Profile) -> Result<Bundle, Error> {
        let parts = &self.parts;
        if !claim.replace && parts.store.user_by_wechat(&claim.union_id).await?.is_some() {
            // Known before a password is hashed for nothing; who binds at the same moment is told by the constraint.
            return Err(Error::WechatBound);
        }
        let user = match parts.store.user_by_phone(claim.mobile.folded()).await? {
            Some(row) => self.join(origin, &entry, claim, row.into()).await?,
            None => self.make(origin, &entry, claim, profile).await?,
        };
        parts.access.begin(origin, user, entry).await
    }

    /// The user, to whom the WeChat account is bound now.
    async fn join(&self, origin: &Origin, entry: &Entry, claim: &Claim, user: User) -> Result<User, Error> {
        let parts = &self.parts;
        self.check(origin, &user).await?;
        parts.access.admits(entry, &user).await?;
        let record = parts.audit.row(origin, AuditKind::WechatBound, Some(user.id), Some(&claim.union_id));
        let now = parts.clock.now().millis();
        match parts.store.bind_wechat(&claim.union_id, user.id, claim.replace, now, record).await {
            Err(store::Error::Taken(Unique::WechatUnionId | Unique::WechatUser)) => Err(Error::WechatBound),
            outcome => Ok(outcome.map(|()| user)?),
        }
    }

    /// A user of this number, made together with the binding of the WeChat account. Nobody knows the password.
    async fn make(&self, origin: &Origin, entry: &Entry, claim: &Claim, profile: &Profile) -> Result<User, Error> {
        let parts = &self.parts;
        if entry.tenant().is_some() {
            // Somebody who is just being made belongs to none.
            return Err(Error::Forbidden);
        }
        let new = NewUser {
            name: Name::new("nickname", profile.nickname.chars().take(Name::MAX).collect()).ok().map(Name::into_text),
            phone: Some(claim.mobile.clone()),
            head_img: Some(profile.head_img_url.clone()).filter(|url| is_picture(url)),
            ..NewUser::new(Handle::account(&format!("wx_{}", parts.random.hex(12)))?)
        };
        let password = Secret::new(parts.random.alphanumeric(32));
        let digest = Digest::of(password.expose());
        match parts.users.create_with_wechat(origin, new, digest, &claim.union_id, claim.replace).await {
            // Another request was faster, or the number is somebody's account.
            Err(Error::PhoneTaken) => {
                let row = parts.store.user_by_phone(claim.mobile.folded()).await?.ok_or(Error::PhoneTaken)?;
                self.join(origin, entry, claim, row.into()).await
            }
            outcome => outcome,
        }
    }

    async fn enter(&self, origin: &Origin, user: User, entry: Entry) -> Result<Bundle, Error> {
        self.check(origin, &user).await?;
        self.parts.access.begin(origin, user, entry).await
    }

    async fn check(&self, origin: &Origin, user: &User) -> Result<(), Error> {
        if user.banned {
            self.parts.audit.refusal(origin, AuditKind::LoginBanned, Some(user.id), None).await;
            return Err(Error::Banned);
        }
        Ok(())
    }

    async fn secret_of(&self, wechat_app_id: &str) -> Result<Secret<String>, Error> {
        let unknown = || Error::invalid("we_chat_app_id", "is not known");
        if !is_app_id(wechat_app_id) {
            return Err(unknown());
        }
        let app = self.parts.store.wechat_app(wechat_app_id).await?.ok_or_else(unknown)?;
        self.parts.vault.open(sealed_at(wechat_app_id), &app.secret_sealed).await
    }

    fn stranger(&self, key: &(String, String)) -> Option<Arc<Profile>> {
        let stranger = self.strangers.get(key)?;
        is_within(stranger.since, KNOWN, self.parts.clock.now()).then(|| Arc::clone(&stranger.profile))
    }
}

/// Where the secret of an application at WeChat is sealed.
pub(super) const fn sealed_at(wechat_app_id: &str) -> Sealed<'_> {
    Sealed { column: SECRET_COLUMN, row: wechat_app_id, version: 1 }
}

/// Whether a text can be the id of an application at WeChat: 1 to 64 characters of ASCII without spaces.
pub(super) fn is_app_id(text: &str) -> bool {
    (1..=LONGEST_APP_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_picture(url: &str) -> bool {
    !url.is_empty() && url.len() <= LONGEST_PICTURE && !url.chars().any(|c| c.is_control() || c.is_whitespace())
}
