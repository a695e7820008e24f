//! The tokens of a login, in custody and out of it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{TokenBundle, UserInfo};
use crate::secret::Secret;

/// The tokens of a login, for a later session to begin with. They are read and written with serde, and do not print.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// The token for all operations.
    pub access_token: String,
    /// The token that renews the other one.
    pub refresh_token: String,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = format_args!("[redacted]");
        out.debug_struct("Tokens").field("access_token", &hidden).field("refresh_token", &hidden).finish()
    }
}

/// Tokens in custody.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub access: Secret,
    pub refresh: Secret,
    /// Whose they are, if that was told.
    pub user: Option<UserInfo>,
}

impl Pair {
    /// The tokens of a login or a renewal, and how long the access token lives.
    pub(super) fn of(bundle: TokenBundle) -> (Self, Duration) {
        let life = Duration::from_millis(bundle.expire.try_into().unwrap_or(0));
        let (access, refresh) = (Secret::new(bundle.access_token), Secret::new(bundle.refresh_token));
        (Self { access, refresh, user: Some(bundle.user_info) }, life)
    }
}

impl From<Tokens> for Pair {
    fn from(tokens: Tokens) -> Self {
        Self { access: Secret::new(tokens.access_token), refresh: Secret::new(tokens.refresh_token), user: None }
    }
}

impl From<&Pair> for Tokens {
    fn from(pair: &Pair) -> Self {
        Self { access_token: pair.access.expose().to_owned(), refresh_token: pair.refresh.expose().to_owned() }
    }
}
