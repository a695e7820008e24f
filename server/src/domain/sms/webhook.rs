//! One try to hand a message to the provider: a POST of JSON, and any status of success for an answer.

use std::time::Duration;

use super::Letter;
use crate::domain::queue::{Deliver, Failure, Pace};
use crate::domain::remote::{self, Remote};
use crate::domain::secret::Secret;

/// What is needed to deliver to a provider's webhook.
pub struct Webhook {
    remote: Remote,
    pace: Pace,
}

impl Webhook {
    /// Delivers to `url`, which [`check_address`](super::check_address) has looked at. Each try has `timeout`.
    pub fn new(url: Secret<String>, timeout: Duration) -> Self {
        Self { remote: Remote::new(url, timeout), pace: Pace::default() }
    }

    /// The same at another pace.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }
}

impl Deliver for Webhook {
    type Letter = Letter;

    const WHAT: &'static str = "SMS";

    const TAKER: &'static str = "the provider";

    fn pace(&self) -> &Pace {
        &self.pace
    }

    async fn deliver(&self, letter: &Letter) -> Result<(), Failure> {
        let outcome = self.remote.post(&letter.id, letter.json.clone()).await;
        outcome.map_err(|failure| Failure {
            step: "webhook",
            may_pass: may_pass(&failure),
            reason: failure.to_string(),
        })
    }
}

/// Whether the provider may take the same message later: it did not answer, is too busy, or has a fault of its own.
fn may_pass(failure: &remote::Failure) -> bool {
    match failure {
        remote::Failure::Unable(_) | remote::Failure::TooLong => false,
        remote::Failure::Silent(_) => true,
        remote::Failure::Status(status) => status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429),
    }
}
