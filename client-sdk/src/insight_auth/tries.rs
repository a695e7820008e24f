//! How often a login or a renewal is tried, and what is waited for in between.

use std::time::Duration;

use super::{Error, ErrorCode};
use crate::retry::RetryPolicy;

/// How long after one call a device may make the next one of the same operation, as the document says of all operations
/// that give tokens or Codes.
const GAP: Duration = Duration::from_secs(3);

/// The attempts at one thing, whatever number of requests each takes.
pub(super) struct Tries<'a> {
    policy: &'a RetryPolicy,
    /// Whether it may be done again when nobody knows whether it was done.
    repeatable: bool,
    failed: u32,
}

impl<'a> Tries<'a> {
    /// Attempts at what may be done twice.
    pub(super) fn repeatable(policy: &'a RetryPolicy) -> Self {
        Self { policy, repeatable: true, failed: 0 }
    }

    /// Attempts at what may be done once: it is tried again only if the server came to nothing with it, because the
    /// device called too soon.
    pub(super) fn once(policy: &'a RetryPolicy) -> Self {
        Self { policy, repeatable: false, failed: 0 }
    }

    /// Waits until it may be tried again after `error`.
    ///
    /// # Errors
    ///
    /// With `error` if it is not tried again.
    pub(super) async fn again(&mut self, error: Error) -> Result<(), Error> {
        self.failed += 1;
        let least = if error.code() == Some(ErrorCode::TooManyRequests) {
            error.retry_after().unwrap_or(GAP)
        } else if self.repeatable && error.is_retryable() {
            error.retry_after().unwrap_or_default()
        } else {
            return Err(error);
        };
        let Some(wait) = self.policy.pause(self.failed, least) else { return Err(error) };
        tracing::debug!(%error, attempt = self.failed, wait_ms = wait.as_millis(), "trying again");
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
