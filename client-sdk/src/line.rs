//! A session's way to the server: how its requests go out, and what becomes of the replies.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use progenitor_client::{Error as Raw, ResponseValue};
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, settle};
use crate::rate::RateState;
use crate::renewal::Life;
use crate::reply::Reply;
use crate::retry::RetryPolicy;
use crate::wire::Caller;
use crate::wire::envelope::Envelope;

/// What sessions have to know of the document that they speak.
pub(crate) trait Dialect: 'static {
    /// The generated client.
    type Client;
    /// The codes of the envelope.
    type Code: for<'a> From<(i32, &'a str)> + Copy + fmt::Display + fmt::Debug + Send + Sync + 'static;
    /// The reply to what failed, whatever its status.
    type Failure: Envelope + DeserializeOwned;
    /// The code that means success.
    const SUCCESS: i64;

    /// Makes the generated client of a base URL.
    const CLIENT: fn(&str, reqwest::Client, Caller) -> Self::Client;
}

/// Settings that have been checked.
#[derive(Clone)]
pub(crate) struct Settings {
    /// Without a slash at the end.
    pub base_url: String,
    pub http_client: reqwest::Client,
    pub headers: HeaderMap,
    pub timeout: Option<Duration>,
    pub retry: RetryPolicy,
    pub margin: Duration,
}

/// The settings, and the rate limit that was stated last.
pub(crate) struct Line<D> {
    settings: Settings,
    rate: Mutex<Option<RateState>>,
    dialect: PhantomData<fn() -> D>,
}

impl<D: Dialect> Line<D> {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, rate: Mutex::new(None), dialect: PhantomData }
    }

    /// Another one with the same settings.
    pub(crate) fn another(&self) -> Self {
        Self::new(self.settings.clone())
    }

    /// Where the server is, without a slash at the end.
    pub(crate) fn base_url(&self) -> &str {
        &self.settings.base_url
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.settings.timeout
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.settings.retry
    }

    /// The life of a token that is good for so long: it is renewed the margin before its end.
    pub(crate) fn life_of(&self, good: Duration) -> Life {
        Life { good, margin: self.settings.margin.min(good / 10) }
    }

    /// The rate limit as the last reply stated it.
    pub(crate) fn last_rate(&self) -> Option<RateState> {
        *self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How requests are sent, without a credential.
    pub(crate) fn caller(&self) -> Caller {
        let settings = &self.settings;
        Caller::new().headers(settings.headers.clone()).timeout(settings.timeout).retry(settings.retry.clone())
    }

    /// The generated client that sends as `caller` says.
    pub(crate) fn client(&self, caller: Caller) -> D::Client {
        (D::CLIENT)(&self.settings.base_url, self.settings.http_client.clone(), caller)
    }

    /// Sends an operation of the generated client.
    pub(crate) async fn send<T, E, F, Fut>(
        &self,
        caller: Caller,
        operation: F,
    ) -> Result<Reply<T::Data>, Error<D::Code>>
    where
        T: Envelope,
        E: Serialize,
        F: FnOnce(D::Client) -> Fut,
        Fut: Future<Output = Result<ResponseValue<T>, Raw<E>>>,
    {
        let outcome = operation(self.client(caller.clone())).await;
        let seen = caller.seen();
        if let Some(rate) = seen.rate {
            *self.rate.lock().unwrap_or_else(PoisonError::into_inner) = Some(rate);
        }
        settle::<D, T, E>(outcome, &seen)
    }
}
