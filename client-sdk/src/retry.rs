//! When a request is sent again, and after how long.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// How often, and how long apart, a request that failed in passing is sent again.
///
/// Only what may be repeated without harm is: reading, and obtaining a token. Anything else is sent again only if the
/// connection failed before a byte of it left. The wait before attempt `n + 1` is chosen evenly between zero and
/// `base * 2^(n - 1)`, but no more than `longest` ("full jitter"), so that clients that failed together do not come back
/// together. Where the server says `Retry-After`, that is the wait; if it is longer than `patience`, the failure is
/// returned at once, and tells the time.
#[derive(Clone)]
pub struct RetryPolicy {
    attempts: u32,
    base: Duration,
    longest: Duration,
    patience: Duration,
    jitter: Jitter,
}

/// Where the share of the wait comes from, in `0.0..=1.0`.
#[derive(Clone)]
enum Jitter {
    Random,
    Given(Arc<dyn Fn() -> f64 + Send + Sync>),
}

impl RetryPolicy {
    /// Nothing is sent twice.
    pub fn none() -> Self {
        Self::default().attempts(1)
    }

    /// How often a request is sent at most, the first time included; 0 counts as 1. 4 unless told otherwise.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The longest wait before the second attempt. 200 ms unless told otherwise.
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// The longest wait before any attempt. 10 s unless told otherwise.
    pub fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// The longest `Retry-After` that is waited for. 60 s unless told otherwise.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Takes the share of each wait, in `0.0..=1.0`, from `share` instead of from chance.
    pub fn jitter(mut self, share: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.jitter = Jitter::Given(Arc::new(share));
        self
    }

    /// The same, but no wait is longer than `most`.
    pub(crate) fn no_longer_than(mut self, most: Duration) -> Self {
        self.longest = self.longest.min(most);
        self.patience = self.patience.min(most);
        self
    }

    /// The wait after the `failed`th failure, counted from 1.
    pub(crate) fn backoff(&self, failed: u32) -> Duration {
        let factor = 2_u32.saturating_pow(failed.saturating_sub(1).min(30));
        let most = self.base.saturating_mul(factor).min(self.longest);
        let share = match &self.jitter {
            Jitter::Random => fastrand::f64(),
            Jitter::Given(share) => share(),
        };
        most.mul_f64(if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 })
    }

    /// How long to wait before what failed `failed` times is tried again, if that makes no sense before `least` is over;
    /// none if it is not tried again.
    pub(crate) fn pause(&self, failed: u32, least: Duration) -> Option<Duration> {
        (failed < self.attempts && least <= self.patience).then(|| least.saturating_add(self.backoff(failed)))
    }

    /// How long to wait before the request is sent again, after `failed` attempts of which `outcome` is the last; none
    /// if it is not sent again.
    pub(crate) fn wait(
        &self,
        failed: u32,
        repeatable: bool,
        outcome: &reqwest::Result<reqwest::Response>,
    ) -> Option<Duration> {
        if failed >= self.attempts {
            return None;
        }
        match outcome {
            Err(error) if error.is_builder() || error.is_redirect() => None,
            // Whatever could not connect has sent nothing.
            Err(error) => (repeatable || error.is_connect()).then(|| self.backoff(failed)),
            Ok(reply) if repeatable && is_passing(reply.status()) => match retry_after(reply.headers()) {
                None => Some(self.backoff(failed)),
                Some(wait) => (wait <= self.patience).then_some(wait),
            },
            Ok(_) => None,
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(200),
            longest: Duration::from_secs(10),
            patience: Duration::from_secs(60),
            jitter: Jitter::Random,
        }
    }
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RetryPolicy")
            .field("attempts", &self.attempts)
            .field("base", &self.base)
            .field("longest", &self.longest)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// Whether a status says that the same request may succeed later.
pub(crate) fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// The seconds of `Retry-After`. Its other form, a date, would need the clocks of both sides to agree, and is ignored.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_the_longest_wait() {
        let policy = RetryPolicy::default().base(Duration::from_secs(1)).longest(Duration::from_secs(5)).jitter(|| 1.0);
        let waits: Vec<u64> = (1..=5).map(|failed| policy.backoff(failed).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5, 5]);
        assert_eq!(policy.backoff(u32::MAX).as_secs(), 5);
    }

    #[test]
    fn jitter_takes_the_whole_range_and_no_more() {
        let policy = RetryPolicy::default().base(Duration::from_secs(8));
        assert_eq!(policy.clone().jitter(|| 0.0).backoff(1), Duration::ZERO);
        assert_eq!(policy.clone().jitter(|| 0.5).backoff(1), Duration::from_secs(4));
        assert_eq!(policy.clone().jitter(|| 7.0).backoff(1), Duration::from_secs(8));
        assert_eq!(policy.jitter(|| f64::NAN).backoff(1), Duration::from_secs(8));
    }

    #[test]
    fn a_pause_has_an_end_and_a_least_length() {
        let policy = RetryPolicy::default().base(Duration::from_secs(1)).jitter(|| 1.0);
        let pauses = |least| (1..=4).map(move |failed| policy.pause(failed, Duration::from_secs(least)));
        let seconds: Vec<_> = pauses.clone()(3).map(|pause| pause.map(|pause| pause.as_secs())).collect();
        assert_eq!(seconds, [Some(4), Some(5), Some(7), None]);
        assert!(pauses(61).all(|pause| pause.is_none()));
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        let headers = |value: &'static str| HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        assert_eq!(retry_after(&headers("7")), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(&headers("Fri, 31 Dec 1999 23:59:59 GMT")), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
