//! How a session comes by its access token: by the refresh token where it has one, else by the password.
//!
//! The refresh token rotates: an exchange spends it and gives its successor. If the reply is lost, the spent one may be
//! presented again within the server's grace, and gives the same successor. After that it counts as stolen, and the
//! server ends all that was made from that log-in. So an exchange is repeated freely, but not for longer than the grace,
//! and a refresh token whose fate is unknown for that long is given up for a new login.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::builder::Listener;
use super::raw::{credentials, types};
use super::{EdgeGateway, Error, ErrorCode, TokenPair};
use crate::access::Login;
use crate::line::Line;
use crate::secret::Secret;
use crate::wire::Credential;
use crate::wire::envelope::{Envelope, Opened};

/// For how long a spent refresh token is presented again: the server's 30 s, less what a request may take to get there.
const GRACE: Duration = Duration::from_secs(25);
/// How long an attempt to exchange one takes at most, so that those of the usual policy fit into the grace.
const ATTEMPT: Duration = Duration::from_secs(5);
/// The longest wait between two of them, for the same reason.
const WAIT: Duration = Duration::from_secs(2);

/// A pair of tokens in custody.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub access: Secret,
    pub refresh: Secret,
    expire: i64,
}

impl From<TokenPair> for Pair {
    fn from(pair: TokenPair) -> Self {
        Self { access: Secret::new(pair.access_token), refresh: Secret::new(pair.refresh_token), expire: pair.expire }
    }
}

impl From<&Pair> for TokenPair {
    fn from(pair: &Pair) -> Self {
        Self {
            access_token: pair.access.expose().to_owned(),
            expire: pair.expire,
            refresh_token: pair.refresh.expose().to_owned(),
        }
    }
}

/// The user's credentials, and the latest pair of tokens.
pub(super) struct UserLogin {
    account: Option<(String, Secret)>,
    held: Mutex<Held>,
    listener: Option<Listener>,
}

/// What the session has to renew its access token with.
enum Held {
    Nothing,
    /// A pair, and since when its refresh token may have been spent.
    Pair(Pair, Option<Instant>),
    /// Never anything again: the refresh token was refused, and there is no password.
    Over(Error),
}

impl UserLogin {
    pub(super) fn new(account: Option<(String, Secret)>, pair: Option<Pair>, listener: Option<Listener>) -> Self {
        let held = pair.map_or(Held::Nothing, |pair| Held::Pair(pair, None));
        Self { account, held: Mutex::new(held), listener }
    }

    /// The name of the user, if the session was made from it.
    pub(super) fn username(&self) -> Option<&str> {
        self.account.as_ref().map(|(username, _)| username.as_str())
    }

    /// The latest pair.
    pub(super) fn pair(&self) -> Option<Pair> {
        match &*self.held() {
            Held::Pair(pair, _) => Some(pair.clone()),
            Held::Nothing | Held::Over(_) => None,
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The refresh token, if it is to be presented. From now on it may be spent, even if this task is cancelled.
    fn present(&self) -> Result<Option<Secret>, Error> {
        match &mut *self.held() {
            Held::Nothing => Ok(None),
            Held::Over(error) => Err(error.clone()),
            Held::Pair(pair, presented) => {
                let since = *presented.get_or_insert_with(Instant::now);
                // Without a password there is nothing to lose by trying.
                let is_late = self.account.is_some() && since.elapsed() >= GRACE;
                Ok((!is_late).then(|| pair.refresh.clone()))
            }
        }
    }

    /// Takes a new pair, and tells how long its access token lives. Both times are the server's, so that the local
    /// clock does not matter.
    fn keep(&self, pair: TokenPair, now_ms: i64) -> (Secret, Duration) {
        let life_ms = pair.expire.saturating_mul(1000).saturating_sub(now_ms);
        let life = Duration::from_millis(life_ms.try_into().unwrap_or(0));
        if let Some(listener) = &self.listener {
            listener(&pair);
        }
        let pair = Pair::from(pair);
        let access = pair.access.clone();
        *self.held() = Held::Pair(pair, None);
        (access, life)
    }
}

impl Login for UserLogin {
    type Dialect = EdgeGateway;
    type Token = Secret;

    async fn log_in(&self, line: &Line<EdgeGateway>) -> Result<(Secret, Duration), Error> {
        if let Some(token) = self.present()? {
            let policy = line.retry_policy().clone().no_longer_than(WAIT);
            let timeout = line.timeout().map(|timeout| timeout.min(ATTEMPT));
            let caller = line.caller().repeatable().retry(policy).timeout(timeout);
            let exchange =
                line.send(caller, |client| async move { client.refresh_token(token.expose()).await?.map(timed) }).await;
            match exchange {
                Err(error) if is_spent(&error) => {
                    tracing::debug!(%error, "the refresh token is of no use any more");
                    if self.account.is_none() {
                        *self.held() = Held::Over(error.clone());
                        return Err(error);
                    }
                    *self.held() = Held::Nothing;
                }
                outcome => {
                    let (pair, now_ms) = outcome?.into_inner();
                    return Ok(self.keep(pair, now_ms));
                }
            }
        }
        let Some((username, password)) = &self.account else {
            return Err(Error::Config("there is neither a password nor a refresh token".to_owned()));
        };
        let request = types::LoginRequest { username: username.clone(), password: password.expose().to_owned() };
        // One more pair of tokens does no harm.
        let caller = line.caller().repeatable();
        let login = line.send(caller, |client| async move { client.login(&request).await?.map(timed) }).await;
        let (pair, now_ms) = login?.into_inner();
        Ok(self.keep(pair, now_ms))
    }

    fn credential(token: &Secret) -> Credential {
        credentials::x_token(token.expose())
    }

    fn is_stale(error: &Error, _fresh: bool) -> bool {
        error.code() == Some(ErrorCode::InvalidRequestToken)
    }
}

/// Keeps the time of the reply, which the envelope has beside the tokens.
fn timed(reply: types::TokenReply) -> Opened<(TokenPair, i64)> {
    let now_ms = reply.t;
    reply.open().map(|pair| (pair, now_ms))
}

/// Whether the server does not take the refresh token, now or ever: it has expired, was spent or revoked, or never was
/// one.
fn is_spent(error: &Error) -> bool {
    let no_token = [ErrorCode::TokenExpired, ErrorCode::TokenInvalid, ErrorCode::InvalidParameter];
    error.code().is_some_and(|code| no_token.contains(&code)) || matches!(error, Error::Invalid(_))
}
