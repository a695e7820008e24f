//! How a session comes by its access token: by the refresh token where it has one, else by account and password.
//!
//! The refresh token stays as it is, so that nothing is lost with a lost reply: it is presented again. Who is told that
//! the user has logged in elsewhere does not log in again by itself. The application admits one device at a time, and two
//! sessions that end each other in turns would go on for ever.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::builder::Listener;
use super::raw::{credentials, types};
use super::tokens::Pair;
use super::tries::Tries;
use super::{Error, ErrorCode, InsightAuth, PasswordDigest, TokenBundle, Tokens, UserInfo, signature};
use crate::access::Login;
use crate::line::Line;
use crate::retry::RetryPolicy;
use crate::secret::Secret;
use crate::wire::{Caller, Credential};

/// What users log in to.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub app_id: String,
    pub tenant_id: Option<String>,
    pub device_id: Option<String>,
}

/// Who logs in, and what proves it.
pub(super) struct Account {
    pub name: String,
    pub digest: PasswordDigest,
}

/// The user's credentials, and the latest tokens.
pub(super) struct UserLogin {
    account: Option<Account>,
    entry: Entry,
    held: Mutex<Held>,
    listener: Option<Listener>,
}

/// What the session has to renew its access token with.
enum Held {
    Nothing,
    Tokens(Pair),
    /// Never anything again: the refresh token was refused or logged out, and there is no password, or it may not be used.
    Over(Error),
}

impl UserLogin {
    pub(super) fn new(account: Option<Account>, entry: Entry, pair: Option<Pair>, listener: Option<Listener>) -> Self {
        let held = pair.map_or(Held::Nothing, Held::Tokens);
        Self { account, entry, held: Mutex::new(held), listener }
    }

    /// What the user is called at logins, if the session was made from it.
    pub(super) fn account(&self) -> Option<&str> {
        self.account.as_ref().map(|account| account.name.as_str())
    }

    /// The latest tokens.
    pub(super) fn pair(&self) -> Option<Pair> {
        match &*self.held() {
            Held::Tokens(pair) => Some(pair.clone()),
            Held::Nothing | Held::Over(_) => None,
        }
    }

    /// Who is logged in, if a login or a renewal told.
    pub(super) fn user(&self) -> Option<UserInfo> {
        self.pair()?.user
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes new tokens, and tells how long the access token lives. The time is the server's own reckoning, so that the
    /// local clock does not matter.
    pub(super) fn keep(&self, bundle: TokenBundle) -> (Secret, Duration) {
        let (pair, life) = Pair::of(bundle);
        if let Some(listener) = &self.listener {
            listener(&Tokens::from(&pair));
        }
        let access = pair.access.clone();
        *self.held() = Held::Tokens(pair);
        (access, life)
    }

    /// Renews the access token. Done twice, it costs one of the twelve renewals, and that is all.
    async fn renew(&self, line: &Line<InsightAuth>, refresh: &Secret) -> Result<(Secret, Duration), Error> {
        let mut tries = Tries::repeatable(line.retry_policy());
        loop {
            let caller = single(line).with(credentials::refresh_token(refresh.expose()));
            match line.send(caller, |client| async move { client.refresh_token().await }).await {
                Ok(bundle) => return Ok(self.keep(bundle.into_inner())),
                Err(error) => tries.again(error).await?,
            }
        }
    }

    /// Says that the refresh token is of no use any more. With a password there is another way.
    fn lose(&self, error: Error) -> Result<(), Error> {
        tracing::debug!(%error, "the refresh token is of no use any more");
        if self.account.is_some() && error.code() != Some(ErrorCode::LoggedInElsewhere) {
            *self.held() = Held::Nothing;
            return Ok(());
        }
        *self.held() = Held::Over(error.clone());
        Err(error)
    }

    /// Ends the tokens that there are, if the server does not say that they have ended already. `current` is the access
    /// token, which is used on for a while where the refresh token is lost.
    pub(super) async fn log_out(&self, line: &Line<InsightAuth>, current: Option<Secret>) -> Result<(), Error> {
        let (access, refresh) = match (self.pair(), current) {
            (Some(Pair { access, refresh, .. }), _) => (access, Some(refresh)),
            (None, Some(access)) => (access, None),
            (None, None) => return Ok(()),
        };
        let mut outcome = end(line, &access).await;
        if let Some(refresh) = &refresh
            && outcome.as_ref().is_err_and(|error| Self::is_stale(error, false))
        {
            // The access token has had its time, but the refresh token may be good for long.
            outcome = match self.renew(line, refresh).await {
                Ok((access, _)) => end(line, &access).await,
                Err(error) => Err(error),
            };
        }
        match outcome {
            Err(error) if !is_over(&error) && !Self::is_stale(&error, false) => Err(error),
            _ => {
                *self.held() = match &self.account {
                    Some(_) => Held::Nothing,
                    None => Held::Over(Error::LoggedOut),
                };
                Ok(())
            }
        }
    }
}

impl Login for UserLogin {
    type Dialect = InsightAuth;
    type Token = Secret;

    async fn log_in(&self, line: &Line<InsightAuth>) -> Result<(Secret, Duration), Error> {
        let refresh = match &*self.held() {
            Held::Nothing => None,
            Held::Tokens(pair) => Some(pair.refresh.clone()),
            Held::Over(error) => return Err(error.clone()),
        };
        if let Some(refresh) = refresh {
            match self.renew(line, &refresh).await {
                Err(error) if is_over(&error) => self.lose(error)?,
                outcome => return outcome,
            }
        }
        let Some(Account { name, digest }) = &self.account else {
            // No session is made with neither, and one without a password is over when it loses its refresh token.
            return Err(Error::LoggedOut);
        };
        // One more session of the user does no harm. A Code serves once, whatever came of it, so that each attempt has
        // its own.
        let mut tries = Tries::repeatable(line.retry_policy());
        loop {
            let attempt = async {
                let code = code(line, name, CodeOf::Password).await?;
                enter(line, single(line), &self.entry, name, signature(name, digest, &code)).await
            };
            match attempt.await {
                Ok(bundle) => return Ok(self.keep(bundle)),
                Err(error) => tries.again(error).await?,
            }
        }
    }

    fn credential(token: &Secret) -> Credential {
        credentials::access_token(token.expose())
    }

    fn is_stale(error: &Error, _fresh: bool) -> bool {
        matches!(error.code(), Some(ErrorCode::InvalidToken | ErrorCode::TokenExpired))
    }
}

/// What a login will be signed with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeOf {
    Password,
    /// Asking for it sends an SMS, if none was sent lately.
    Sms,
}

/// A Code for one login of an account, asked for once.
pub(super) async fn code(line: &Line<InsightAuth>, account: &str, of: CodeOf) -> Result<String, Error> {
    let of = (of == CodeOf::Sms).then_some(1);
    let code = line.send(single(line), |client| async move { client.create_code(account, of).await }).await?;
    Ok(code.into_inner())
}

/// The tokens for a signature.
pub(super) async fn enter(
    line: &Line<InsightAuth>,
    caller: Caller,
    entry: &Entry,
    account: &str,
    signature: String,
) -> Result<TokenBundle, Error> {
    let Entry { app_id, tenant_id, device_id } = entry.clone();
    let request = &types::Login { app_id, tenant_id, account: account.to_owned(), signature, device_id };
    let bundle = line.send(caller, |client| async move { client.create_token(request).await }).await?;
    Ok(bundle.into_inner())
}

/// Ends the session of an access token. Done twice, the second one finds it ended.
async fn end(line: &Line<InsightAuth>, access: &Secret) -> Result<(), Error> {
    let caller = line.caller().repeatable().with(credentials::access_token(access.expose()));
    line.send(caller, |client| async move { client.delete_token().await }).await.map(|_| ())
}

/// A caller that sends once: what is tried again is tried as a whole.
fn single(line: &Line<InsightAuth>) -> Caller {
    line.caller().retry(RetryPolicy::none())
}

/// Whether the session of a token is over: it has ended, was used up, or never was.
fn is_over(error: &Error) -> bool {
    matches!(error.code(), Some(ErrorCode::InvalidToken | ErrorCode::LoggedInElsewhere))
        || matches!(error, Error::Invalid(_))
}
