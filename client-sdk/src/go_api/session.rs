//! A session: operations that log in by themselves.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use progenitor_client::ResponseValue;

use super::builder::{Builder, Settings};
use super::events::Connect;
use super::raw::{self, credentials, types};
use super::{AppCredentials, Apps, Error, ErrorCode, NewApp, SUCCESS};
use crate::error::settle;
use crate::rate::RateState;
use crate::renewal::{Issued, Renewal};
use crate::reply::Reply;
use crate::retry::RetryPolicy;
use crate::secret::Secret;
use crate::wire::Caller;
use crate::wire::envelope::Envelope;

/// What a generated method returns.
type Sent<T> = Result<ResponseValue<T>, progenitor_client::Error<types::FailureReply>>;

/// An application's way to the server. Clones are cheap and share the token.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    token: Renewal<Secret, Error>,
    rate: Mutex<Option<RateState>>,
}

impl Session {
    /// The settings of a session.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(super) fn new(settings: Settings) -> Self {
        let shared = Shared { settings, token: Renewal::new(), rate: Mutex::new(None) };
        Self { shared: Arc::new(shared) }
    }

    /// Where the server is, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.shared.settings.base_url
    }

    /// The id of the application.
    pub fn app_id(&self) -> &str {
        &self.shared.settings.app_id
    }

    /// The rate limit as the last reply to this session stated it.
    pub fn last_rate(&self) -> Option<RateState> {
        *self.shared.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token that is good for a while, for use outside of this session. It is the session's own: whoever revokes it
    /// makes the session log in again.
    ///
    /// # Errors
    ///
    /// If there is no token yet and the login fails; with [`ErrorCode::UnknownApp`] if the credentials are not taken.
    pub async fn token(&self) -> Result<Secret, Error> {
        Ok(self.issued().await?.value)
    }

    /// Asks whether the service answers. This needs no token.
    ///
    /// # Errors
    ///
    /// If it does not.
    pub async fn ping(&self) -> Result<Reply<()>, Error> {
        self.send(self.caller(), |client| async move { client.ping().await }).await
    }

    /// As [`ping`](Self::ping), on the path that is there for internal networks only.
    ///
    /// # Errors
    ///
    /// If the service does not answer; with status 404 if this is no internal network to it.
    pub async fn ping_internal(&self) -> Result<Reply<()>, Error> {
        self.send(self.caller(), |client| async move { client.ping_internal().await }).await
    }

    /// Registers an application. The reply has its secret, which the server shows this once.
    ///
    /// It is not sent again after it may have reached the server: the second one would find the name taken, and the
    /// secret would be lost.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::AppExists`] if the name is taken; [`Error::Invalid`] if a field breaks a rule of the document.
    pub async fn create_app(&self, app: &NewApp) -> Result<Reply<AppCredentials>, Error> {
        self.authorised(|client| async move { client.create_app(app).await }).await
    }

    /// The applications that this one registered.
    pub fn apps(&self) -> Apps {
        Apps::new(self.clone())
    }

    /// Follows what happens to this application.
    pub fn events(&self) -> Connect {
        Connect::new(self.clone())
    }

    /// How this session sends, without a credential.
    pub(super) fn caller(&self) -> Caller {
        let settings = &self.shared.settings;
        Caller::new().headers(settings.headers.clone()).timeout(settings.timeout).retry(settings.retry.clone())
    }

    pub(super) fn retry_policy(&self) -> &RetryPolicy {
        &self.shared.settings.retry
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.shared.settings.timeout
    }

    pub(super) fn client(&self, caller: Caller) -> raw::Client {
        let settings = &self.shared.settings;
        raw::Client::new_with_client(&settings.base_url, settings.http_client.clone(), caller)
    }

    /// The token, obtained if there is none that is good for a while.
    pub(super) async fn issued(&self) -> Result<Issued<Secret>, Error> {
        self.shared.token.get(self.log_in()).await
    }

    /// Says that the server does not take `issued` any more.
    pub(super) async fn reject(&self, issued: &Issued<Secret>) {
        self.shared.token.reject(issued).await;
    }

    async fn log_in(&self) -> Result<(Secret, Duration), Error> {
        let settings = &self.shared.settings;
        let request = types::TokenRequest {
            app_id: settings.app_id.clone(),
            app_secret: settings.app_secret.expose().to_owned(),
        };
        // The server makes a token of nothing but the credentials; one more of them does no harm.
        let caller = self.caller().repeatable();
        let token = self.send(caller, |client| async move { client.issue_token(&request).await }).await?.into_inner();
        let life = Duration::from_secs(token.expires_in.try_into().unwrap_or(0));
        let margin = settings.margin.min(life / 10);
        Ok((Secret::new(token.token), life.saturating_sub(margin)))
    }

    /// Sends an operation that needs a token, and once more with a new one if the server no longer takes the old one.
    /// It has refused the first before it looked at anything else, so this is safe for every operation.
    pub(super) async fn authorised<T, F, Fut>(&self, operation: F) -> Result<Reply<T::Data>, Error>
    where
        T: Envelope,
        F: Fn(raw::Client) -> Fut,
        Fut: Future<Output = Sent<T>>,
    {
        let issued = self.issued().await?;
        let error = match self.send(self.bearer(&issued), &operation).await {
            Err(error) if is_stale(&error, &issued) => error,
            outcome => return outcome,
        };
        tracing::debug!(%error, "logging in again");
        self.reject(&issued).await;
        let issued = self.issued().await?;
        self.send(self.bearer(&issued), operation).await
    }

    fn bearer(&self, issued: &Issued<Secret>) -> Caller {
        self.caller().with(credentials::bearer_auth(issued.value.expose()))
    }

    async fn send<T, F, Fut>(&self, caller: Caller, operation: F) -> Result<Reply<T::Data>, Error>
    where
        T: Envelope,
        F: FnOnce(raw::Client) -> Fut,
        Fut: Future<Output = Sent<T>>,
    {
        let outcome = operation(self.client(caller.clone())).await;
        let seen = caller.seen();
        if let Some(rate) = seen.rate {
            *self.shared.rate.lock().unwrap_or_else(PoisonError::into_inner) = Some(rate);
        }
        settle(outcome, &seen, SUCCESS)
    }
}

/// Whether a new token may help: the old one has expired or was revoked, or, unless it was made just now, the server
/// has forgotten its key.
pub(super) fn is_stale(error: &Error, issued: &Issued<Secret>) -> bool {
    match error.code() {
        Some(ErrorCode::AuthorizationExpired) => true,
        Some(ErrorCode::Unauthorized) => !issued.fresh,
        _ => false,
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session")
            .field("base_url", &self.base_url())
            .field("app_id", &self.app_id())
            .field("app_secret", &self.shared.settings.app_secret)
            .finish_non_exhaustive()
    }
}
