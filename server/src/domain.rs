//! The model and its rules. Knows no transport and no database: `openapi` → `dialect` → `domain` → `store`.

pub mod access;
pub mod app;
pub mod audit;
pub mod clock;
pub mod code;
pub mod config;
pub mod error;
pub mod event;
mod jwt;
mod keyed;
pub mod keys;
pub mod limit;
pub mod mail;
pub mod name;
mod near;
pub mod origin;
pub mod outbox;
pub mod password;
pub mod permission;
pub mod product;
pub mod project;
mod queue;
pub mod random;
pub mod realm;
pub mod registration;
mod remote;
pub mod secret;
pub mod session;
pub mod signature;
pub mod signed;
pub mod sms;
pub mod throttle;
pub mod token;
pub mod user;
pub mod vault;
pub mod wechat;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::store::Store;
use access::AccessTokens;
use app::Apps;
use audit::Audit;
use clock::Clock;
use code::{CodeRules, Codes};
use config::Configs;
use event::Events;
use keys::KeyRing;
use limit::Limits;
use mail::Mail;
use password::Passwords;
use permission::Permissions;
use product::Products;
use project::Projects;
use random::Random;
use realm::Realms;
use registration::Registrations;
use session::Sessions;
use signature::Signatures;
use sms::Sms;
use token::Tokens;
use user::Users;
use vault::Vault;
use wechat::Wechat;

pub use error::Error;

/// The numbers that an installation chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Requests that `go_api` admits for each client address in each [`Settings::RATE_WINDOW`].
    pub go_api_rate_limit: u32,
    /// The codes that are mailed to whoever registers.
    pub registration_code: CodeRules,
    /// Whether password digests are kept so that signatures made with them can be checked.
    pub signature_login: bool,
    /// How long a Code for a login by signature is good.
    pub signature_code_life: Duration,
    /// Where WeChat is.
    pub wechat: wechat::Place,
}

impl Settings {
    /// The window of `go_api`'s rate limit: one hour, as its document says.
    pub const RATE_WINDOW: Duration = Duration::from_secs(3600);
}

/// Everything that the dialects call. A clone is the same core.
#[derive(Clone)]
pub struct Core {
    /// Applications and their secrets.
    pub apps: Arc<Apps>,
    /// `go_api` tokens.
    pub tokens: Arc<Tokens>,
    /// The request limit of `go_api`.
    pub limits: Arc<Limits>,
    /// Events of applications.
    pub events: Events,
    /// Users and their passwords.
    pub users: Arc<Users>,
    /// What users begin by logging in.
    pub sessions: Arc<Sessions>,
    /// Opaque tokens of users.
    pub access: Arc<AccessTokens>,
    /// Logins by signature.
    pub signatures: Arc<Signatures>,
    /// Logins with WeChat.
    pub wechat: Arc<Wechat>,
    /// How users are made by themselves.
    pub registrations: Arc<Registrations>,
    /// Projects of users.
    pub projects: Arc<Projects>,
    /// What roles let users do.
    pub permissions: Arc<Permissions>,
    /// Products of users.
    pub products: Arc<Products>,
    /// Interface configs, and the limits that they set.
    pub configs: Arc<Configs>,
    /// Realm files.
    pub realms: Arc<Realms>,
    /// The record of security events.
    pub audit: Audit,
    /// What is encrypted at rest.
    pub vault: Arc<Vault>,
    /// Messages to people.
    pub mail: Mail,
    /// Codes to phones.
    pub sms: Sms,
    /// The key ring behind secrets and tokens.
    pub keys: Arc<KeyRing>,
    /// What time it is.
    pub clock: Clock,
    /// Where ids and secrets come from.
    pub random: Random,
}

impl Core {
    /// Puts the core together.
    ///
    /// # Errors
    /// The operating system has no threads left for passwords.
    pub fn new(
        store: Store,
        keys: KeyRing,
        settings: &Settings,
        clock: Clock,
        random: Random,
        mail: Mail,
        sms: Sms,
    ) -> io::Result<Self> {
        let keys = Arc::new(keys);
        let events = Events::new();
        let apps = Apps::new(store.clone(), Arc::clone(&keys), events.clone(), clock.clone(), random.clone());
        let apps = Arc::new(apps);
        let tokens = Arc::new(Tokens::new(Arc::clone(&apps), Arc::clone(&keys), clock.clone(), random.clone()));
        let limits = Arc::new(Limits::new(settings.go_api_rate_limit, Settings::RATE_WINDOW, clock.clone()));
        let audit = Audit::new(store.clone(), clock.clone());
        let vault = Arc::new(Vault::new(store.clone(), Arc::clone(&keys), clock.clone(), random.clone()));
        let users = Arc::new(Users::new(user::Parts {
            store: store.clone(),
            passwords: Passwords::start(random.clone())?,
            vault: Arc::clone(&vault),
            audit: audit.clone(),
            clock: clock.clone(),
            random: random.clone(),
            signature_login: settings.signature_login,
        }));
        let sessions = Sessions::new(store.clone(), Arc::clone(&users), audit.clone(), clock.clone(), random.clone());
        let access = Arc::new(AccessTokens::new(access::Parts {
            store: store.clone(),
            apps: Arc::clone(&apps),
            users: Arc::clone(&users),
            keys: Arc::clone(&keys),
            audit: audit.clone(),
            clock: clock.clone(),
            random: random.clone(),
        }));
        let signatures = Signatures::new(signature::Parts {
            store: store.clone(),
            sms: sms.clone(),
            users: Arc::clone(&users),
            audit: audit.clone(),
            clock: clock.clone(),
            random: random.clone(),
            code_life: settings.signature_code_life,
        });
        let wechat = Wechat::new(wechat::Parts {
            store: store.clone(),
            users: Arc::clone(&users),
            access: Arc::clone(&access),
            sms: sms.clone(),
            vault: Arc::clone(&vault),
            audit: audit.clone(),
            clock: clock.clone(),
            random: random.clone(),
            place: settings.wechat.clone(),
        });
        let rules = settings.registration_code;
        let codes = Codes::new("registration", rules, Arc::clone(&keys), clock.clone(), random.clone());
        let registrations = Registrations::new(Arc::clone(&users), codes, mail.clone(), audit.clone());
        let projects = Projects::new(store.clone(), Arc::clone(&vault), audit.clone(), clock.clone(), random.clone());
        let permissions = Arc::new(Permissions::new(store.clone()));
        let products = Products::new(store.clone(), clock.clone(), random.clone());
        let configs = Arc::new(Configs::new(store.clone(), clock.clone(), random.clone()));
        let realms = Realms::new(realm::Parts {
            configs: Arc::clone(&configs),
            store,
            apps: Arc::clone(&apps),
            users: Arc::clone(&users),
            access: Arc::clone(&access),
            vault: Arc::clone(&vault),
            audit: audit.clone(),
            clock: clock.clone(),
            random: random.clone(),
        });
        Ok(Self {
            apps,
            tokens,
            limits,
            events,
            users,
            sessions: Arc::new(sessions),
            access,
            signatures: Arc::new(signatures),
            wechat: Arc::new(wechat),
            registrations: Arc::new(registrations),
            projects: Arc::new(projects),
            permissions,
            products: Arc::new(products),
            configs,
            realms: Arc::new(realms),
            audit,
            vault,
            mail,
            sms,
            keys,
            clock,
            random,
        })
    }
}

impl From<crate::store::Error> for Error {
    /// A taken unique value is a decision of the operation that met it; where none was made, it is a fault.
    fn from(error: crate::store::Error) -> Self {
        match error {
            crate::store::Error::Unavailable(_) => Self::StoreUnavailable(Box::new(error)),
            crate::store::Error::Taken(_) | crate::store::Error::Fault(_) => Self::Internal(Box::new(error)),
        }
    }
}
