//! Messages on their way to whoever delivers them. They wait in memory: what is written about in them, codes mostly, lives
//! in memory too and is worthless after a restart.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, TryAcquireError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Error;
use super::random::Random;

/// One way to deliver messages of one kind.
pub(super) trait Deliver: Send + Sync + 'static {
    /// A message.
    type Letter: Letter;

    /// What a message is called in the log.
    const WHAT: &'static str;

    /// Who takes it, as the log says it.
    const TAKER: &'static str;

    /// How patiently messages wait.
    fn pace(&self) -> &Pace;

    /// One try.
    fn deliver(&self, letter: &Self::Letter) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What a log tells of a message.
pub(super) trait Letter: Send + Sync + 'static {
    /// The recipient as a log may show it.
    fn hint(&self) -> &str;

    /// What is the same at every try, so that whoever got the message twice can tell.
    fn id(&self) -> &str;
}

/// Why a try failed. It holds nothing of the message, and of the other side's words the codes only: those like to repeat
/// the recipient.
#[derive(Debug)]
pub(super) struct Failure {
    /// What was tried.
    pub(super) step: &'static str,
    /// What came of it.
    pub(super) reason: String,
    /// Whether another try may succeed.
    pub(super) may_pass: bool,
}

impl Failure {
    pub(super) fn passing(step: &'static str, reason: impl Into<String>) -> Self {
        Self { step, reason: reason.into(), may_pass: true }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.reason)
    }
}

/// How many messages wait, and how patiently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Messages that may be under way at once, those that wait for another try included. Default 1000.
    pub capacity: usize,
    /// Tries under way at once. Default 4.
    pub connections: usize,
    /// Tries for each message. Default 5.
    pub tries: u32,
    /// The longest pause after the first try. Default 2 s.
    pub pause: Duration,
    /// By what each further pause is longer. Default 4, so that the pauses of 5 tries come to 85 to 170 s: a code that
    /// comes later than that is hardly of use.
    pub growth: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { capacity: 1000, connections: 4, tries: 5, pause: Duration::from_secs(2), growth: 4 }
    }
}

impl Pace {
    /// The pause after this many tries. `jitter`, from 0 to 1, takes up to a half off, so that messages that failed
    /// together do not come back together.
    fn after(&self, tried: u32, jitter: f64) -> Duration {
        let longest = self.pause.saturating_mul(self.growth.saturating_pow(tried.saturating_sub(1)));
        longest.mul_f64(1.0 - jitter / 2.0)
    }
}

/// Messages under way.
pub(super) struct Queue<D>(Arc<Shared<D>>);

struct Shared<D> {
    way: D,
    random: Random,
    /// One for each message under way.
    places: Arc<Semaphore>,
    /// One for each try.
    lines: Semaphore,
    under_way: TaskTracker,
    closing: CancellationToken,
}

impl<D: Deliver> Queue<D> {
    pub(super) fn new(way: D, random: Random) -> Self {
        let (places, lines) = (Semaphore::new(way.pace().capacity), Semaphore::new(way.pace().connections));
        Self(Arc::new(Shared {
            way,
            random,
            places: Arc::new(places),
            lines,
            under_way: TaskTracker::new(),
            closing: CancellationToken::new(),
        }))
    }

    /// Takes the letter on, without waiting for anything.
    pub(super) fn push(&self, letter: D::Letter) -> Result<(), Error> {
        // The token comes first, so that `drain` either refuses this letter or waits for it.
        let token = self.0.under_way.token();
        let place = Arc::clone(&self.0.places).try_acquire_owned().map_err(|error| {
            Error::Unavailable(match error {
                TryAcquireError::NoPermits => format!("too many messages wait for {}", D::TAKER).into(),
                TryAcquireError::Closed => format!("the server shuts down, and takes no more {}", D::WHAT).into(),
            })
        })?;
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            shared.see_through(&letter).await;
            drop((place, token));
        });
        Ok(())
    }

    /// Takes no more letters, and waits for those under way. They no longer pause for long between tries.
    pub(super) async fn drain(&self, within: Duration) {
        self.0.places.close();
        self.0.under_way.close();
        self.0.closing.cancel();
        if tokio::time::timeout(within, self.0.under_way.wait()).await.is_err() {
            let messages = self.0.under_way.len();
            tracing::warn!(messages, "{} was lost when the time for the shutdown ran out", D::WHAT);
        }
    }
}

impl<D: Deliver> Shared<D> {
    /// Tries until the letter is delivered or nothing is left to hope for.
    async fn see_through(&self, letter: &D::Letter) {
        let pace = self.way.pace();
        let (to, id) = (letter.hint(), letter.id());
        for tried in 1.. {
            let outcome = {
                let _line = self.lines.acquire().await;
                self.way.deliver(letter).await
            };
            let Err(failure) = outcome else {
                tracing::info!(to, id, tried, "{} was handed to {}", D::WHAT, D::TAKER);
                return;
            };
            if !failure.may_pass || tried >= pace.tries {
                tracing::error!(to, id, tried, %failure, "{} was given up", D::WHAT);
                return;
            }
            tracing::warn!(to, id, tried, %failure, "{} will be tried again", D::WHAT);
            self.pause(pace, tried).await;
        }
    }

    async fn pause(&self, pace: &Pace, tried: u32) {
        let jitter = f64::from(u16::from_be_bytes(self.random.bytes())) / f64::from(u16::MAX);
        let usual = async {
            tokio::select! {
                () = tokio::time::sleep(pace.after(tried, jitter)) => {}
                () = self.closing.cancelled() => {}
            }
        };
        if self.closing.is_cancelled() { tokio::time::sleep(pace.after(1, jitter)).await } else { usual.await }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_spread() {
        let pace = Pace::default();
        let longest: Vec<_> = (1..pace.tries).map(|tried| pace.after(tried, 0.0).as_secs()).collect();
        assert_eq!(longest, [2, 8, 32, 128]);
        assert_eq!(pace.after(2, 1.0), Duration::from_secs(4));
        assert_eq!(pace.after(2, 0.5), Duration::from_secs(6));
        assert!(pace.after(u32::MAX, 0.0) > Duration::from_secs(128));
    }
}
