//! The model and its rules. Knows no transport and no database: `openapi` → `dialect` → `domain` → `store`.

pub mod app;
pub mod clock;
pub mod error;
pub mod event;
mod jwt;
pub mod keys;
pub mod limit;
pub mod mail;
pub mod outbox;
pub mod random;
pub mod secret;
pub mod token;

use std::sync::Arc;
use std::time::Duration;

use crate::store::Store;
use app::Apps;
use clock::Clock;
use event::Events;
use keys::KeyRing;
use limit::Limits;
use mail::Mail;
use random::Random;
use token::Tokens;

pub use error::Error;

/// The numbers that an installation chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Requests that `go_api` admits for each client address in each [`Settings::RATE_WINDOW`].
    pub go_api_rate_limit: u32,
}

impl Settings {
    /// The window of `go_api`'s rate limit: one hour, as its document says.
    pub const RATE_WINDOW: Duration = Duration::from_secs(3600);
}

impl Default for Settings {
    fn default() -> Self {
        Self { go_api_rate_limit: 1000 }
    }
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
    /// Messages to people.
    pub mail: Mail,
    /// Events of applications.
    pub events: Events,
    /// The key ring behind secrets and tokens.
    pub keys: Arc<KeyRing>,
    /// What time it is.
    pub clock: Clock,
    /// Where ids and secrets come from.
    pub random: Random,
}

impl Core {
    /// Puts the core together.
    pub fn new(store: Store, keys: KeyRing, settings: &Settings, clock: Clock, random: Random, mail: Mail) -> Self {
        let keys = Arc::new(keys);
        let events = Events::new();
        let apps = Arc::new(Apps::new(store, Arc::clone(&keys), events.clone(), clock.clone(), random.clone()));
        let tokens = Arc::new(Tokens::new(Arc::clone(&apps), Arc::clone(&keys), clock.clone(), random.clone()));
        let limits = Arc::new(Limits::new(settings.go_api_rate_limit, Settings::RATE_WINDOW, clock.clone()));
        Self { apps, tokens, limits, mail, events, keys, clock, random }
    }
}

impl From<crate::store::Error> for Error {
    /// A taken unique value is a decision of the operation that met it; where none was made, it is a fault.
    fn from(error: crate::store::Error) -> Self {
        match error {
            crate::store::Error::Unavailable(_) => Self::Unavailable(Box::new(error)),
            crate::store::Error::Taken(_) | crate::store::Error::Fault(_) => Self::Internal(Box::new(error)),
        }
    }
}
