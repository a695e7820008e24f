//! Time as a parameter: every rule that depends on the time takes a [`Clock`], so that a test can say what time it is.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment: whole milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted (as Unix time).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the epoch; negative values are before it.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the epoch; saturates where milliseconds leave the range of `i64`.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded towards the past.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment with its fraction of a second dropped.
    pub const fn whole_second(self) -> Self {
        Self::from_seconds(self.seconds())
    }

    /// This moment moved into the future; saturates at the end of the range.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Whole days since the epoch, in UTC.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(86_400_000)
    }

    /// `YYYY-MM-DD HH:MM:SS` in UTC, as some of the documented systems write times.
    pub fn date_time(self) -> String {
        self.rfc3339().replace('T', " ").replace('Z', "")
    }

    /// RFC 3339 in UTC to the second, such as `2026-11-23T23:00:00Z`.
    ///
    /// A year that RFC 3339 cannot write (outside 0 to 9999) gives the epoch: such a moment never comes from a clock.
    pub fn rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp(self.seconds())
            .ok()
            .and_then(|moment| moment.format(&Rfc3339).ok())
            .unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// Where the time comes from. A clone tells the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<Hands>),
}

/// What a manual clock shows, in milliseconds: the time of day, and how much time has passed.
#[derive(Debug)]
struct Hands {
    now: AtomicI64,
    elapsed: AtomicU64,
}

/// The beginning of [`Clock::elapsed`].
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock which nobody sets")]
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock {
    /// The clock of the operating system.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until its handle moves it.
    pub fn manual(start: Timestamp) -> (Self, ManualClock) {
        let hands = Arc::new(Hands { now: AtomicI64::new(start.millis()), elapsed: AtomicU64::new(0) });
        (Self(Source::Manual(Arc::clone(&hands))), ManualClock(hands))
    }

    /// The time since some beginning. Unlike the present moment it never steps, whoever sets the clock: what has to last
    /// so long is measured by it, as far as it need not outlive the process.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::Manual(hands) => Duration::from_millis(hands.elapsed.load(Ordering::SeqCst)),
            Source::System => BEGINNING.elapsed(),
        }
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Manual(hands) => Timestamp(hands.now.load(Ordering::SeqCst)),
            Source::System => match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
                Ok(since) => Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
                Err(before) => Timestamp(-i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX)),
            },
        }
    }
}

/// The handle that moves a [`Clock::manual`].
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Hands>);

impl ManualClock {
    /// Lets `span` pass, in whole milliseconds.
    pub fn advance(&self, span: Duration) {
        self.0.now.fetch_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        self.0.elapsed.fetch_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// Sets the clock to `moment`, which may lie in the past, while no time passes.
    pub fn set(&self, moment: Timestamp) {
        self.0.now.store(moment.millis(), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_is_utc_to_the_second() {
        assert_eq!(Timestamp::from_millis(1_795_474_800_999).rfc3339(), "2026-11-23T23:00:00Z");
        assert_eq!(Timestamp::from_seconds(951_782_400).rfc3339(), "2000-02-29T00:00:00Z");
        assert_eq!(Timestamp::from_millis(i64::MAX).rfc3339(), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn days_and_date_times_are_utc() {
        let moment = Timestamp::from_millis(1_709_826_283_000);
        assert_eq!(moment.date_time(), "2024-03-07 15:44:43");
        assert_eq!(moment.day(), 19_789);
        assert_eq!(Timestamp::from_millis(-1).day(), -1);
    }

    #[test]
    fn seconds_round_towards_the_past() {
        assert_eq!(Timestamp::from_millis(1999).seconds(), 1);
        assert_eq!(Timestamp::from_millis(-1).seconds(), -1);
    }

    #[test]
    fn manual_clock_moves_only_by_its_handle() {
        let (clock, handle) = Clock::manual(Timestamp::from_seconds(10));
        assert_eq!(clock.now(), clock.clone().now());
        handle.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().millis(), 11_500);
        assert_eq!(clock.elapsed(), Duration::from_millis(1500));
        handle.set(Timestamp::from_seconds(3));
        assert_eq!(clock.now().seconds(), 3);
        assert_eq!(clock.elapsed(), Duration::from_millis(1500), "the clock was set, and no time has passed");
    }

    #[test]
    fn system_clock_is_past_the_year_2025() {
        assert!(Clock::system().now() > Timestamp::from_seconds(1_735_689_600));
    }
}
