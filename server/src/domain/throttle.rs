//! The limits of interface configs: the least time between two calls of a device, and so many calls in a window, exact
//! under concurrency.
//!
//! What is counted is a device's calls of one interface. Time is that of the machine since it started, which nobody sets:
//! a wall clock that steps opens no window early and holds nobody longer. A call that is refused counts for nothing.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use md5::{Digest as _, Md5};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::clock::Clock;

/// Devices and interfaces remembered at once, some 200 bytes each. Beyond it the least recently seen is forgotten, which
/// costs it its count; a device that wants to be forgotten needs only call itself something else.
const CAPACITY: u64 = 200_000;

/// What tells one device from another: the MD5 of its address and its `User-Agent`, as the documented system has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Device([u8; 16]);

impl Device {
    /// The device at this address, which of IPv6 counts as its /64, with this `User-Agent`.
    pub fn new(client: IpAddr, user_agent: &[u8]) -> Self {
        let mut digest = Md5::new();
        match client.to_canonical() {
            IpAddr::V4(v4) => digest.update(v4.octets()),
            IpAddr::V6(v6) => digest.update(&v6.octets()[..8]),
        }
        // So that no address and name read together like another pair; the lengths of addresses differ by this.
        digest.update([0]);
        digest.update(user_agent);
        Self(digest.finalize().into())
    }
}

/// The limit of one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The least time between two calls.
    pub gap: Option<Duration>,
    /// The length of a window, and the calls that it admits.
    pub window: Option<(Duration, u32)>,
    /// What whoever is refused is told; none for the usual message.
    pub message: Option<Arc<str>>,
}

/// Counts calls by device and interface.
pub struct Throttle {
    clock: Clock,
    counters: Cache<(Device, usize), Arc<Mutex<Counter>>>,
}

/// The calls of one device and interface that were admitted.
#[derive(Debug, Default)]
struct Counter {
    /// When the latest was.
    latest: Option<Duration>,
    /// When the first of this window was, and how many there were since.
    window: Option<(Duration, u32)>,
}

impl Throttle {
    /// Counters that know of no call yet.
    pub fn new(clock: Clock) -> Self {
        let counters = Cache::builder()
            .max_capacity(CAPACITY)
            // The default policy may refuse to keep a newcomer, and with it the newcomer's count.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { clock, counters }
    }

    /// Whether `limit` admits a call of `interface` by `device`, which then counts.
    pub fn admit(&self, limit: &Limit, device: Device, interface: usize) -> bool {
        let key = (device, interface);
        let counter = match self.counters.get(&key) {
            Some(counter) => counter,
            None => self.counters.get_with(key, Arc::default),
        };
        let mut counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
        counter.admit(limit, self.clock.elapsed())
    }
}

impl Counter {
    fn admit(&mut self, limit: &Limit, now: Duration) -> bool {
        let since = |then: Duration| now.saturating_sub(then);
        let is_early = |gap| self.latest.is_some_and(|latest| since(latest) < gap);
        if limit.gap.is_some_and(is_early) {
            return false;
        }
        if let Some((cycle, max)) = limit.window {
            let (start, count) = self.window.filter(|(start, _)| since(*start) < cycle).unwrap_or((now, 0));
            if count >= max {
                return false;
            }
            self.window = Some((start, count + 1));
        }
        self.latest = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;
    use crate::domain::clock::{ManualClock, Timestamp};

    fn throttle() -> (Throttle, ManualClock) {
        let (clock, time) = Clock::manual(Timestamp::from_seconds(1_767_323_045));
        (Throttle::new(clock), time)
    }

    fn limit(gap: Option<u64>, window: Option<(u64, u32)>) -> Limit {
        let window = window.map(|(cycle, max)| (Duration::from_secs(cycle), max));
        Limit { gap: gap.map(Duration::from_secs), window, message: None }
    }

    fn device(name: &str) -> Device {
        Device::new("192.0.2.1".parse().unwrap(), name.as_bytes())
    }

    #[test]
    fn a_device_is_an_address_and_what_it_calls_itself() {
        let of = |ip: &str, name: &str| Device::new(ip.parse().unwrap(), name.as_bytes());
        assert_eq!(of("192.0.2.1", "curl"), of("::ffff:192.0.2.1", "curl"));
        assert_ne!(of("192.0.2.1", "curl"), of("192.0.2.1", "wget"));
        assert_ne!(of("192.0.2.1", "curl"), of("192.0.2.2", "curl"));
        assert_eq!(of("2001:db8:1:2::1", ""), of("2001:db8:1:2:ffff::2", ""));
        assert_ne!(of("2001:db8:1:2::1", ""), of("2001:db8:1:3::1", ""));
    }

    #[test]
    fn a_gap_is_kept_to_the_end_and_counted_from_what_was_admitted() {
        let (throttle, time) = throttle();
        let three = limit(Some(3), None);
        assert!(throttle.admit(&three, device("a"), 0));
        assert!(throttle.admit(&three, device("b"), 0), "another device");
        assert!(throttle.admit(&three, device("a"), 1), "another interface");
        for _ in 0..3 {
            assert!(!throttle.admit(&three, device("a"), 0));
            time.advance(Duration::from_millis(999));
        }
        time.advance(Duration::from_millis(2));
        assert!(!throttle.admit(&three, device("a"), 0), "2.999 s");
        time.advance(Duration::from_millis(1));
        assert!(throttle.admit(&three, device("a"), 0), "what was refused does not count");
    }

    #[test]
    fn a_window_begins_with_its_first_call() {
        let (throttle, time) = throttle();
        let two = limit(None, Some((60, 2)));
        time.advance(Duration::from_secs(59));
        let seen: Vec<_> = (0..3).map(|_| throttle.admit(&two, device("a"), 0)).collect();
        assert_eq!(seen, [true, true, false]);
        time.advance(Duration::from_millis(59_999));
        assert!(!throttle.admit(&two, device("a"), 0));
        time.advance(Duration::from_millis(1));
        assert!(throttle.admit(&two, device("a"), 0));
    }

    #[test]
    fn what_the_gap_refuses_is_not_counted_in_the_window() {
        let (throttle, time) = throttle();
        let both = limit(Some(3), Some((60, 2)));
        assert!(throttle.admit(&both, device("a"), 0));
        for _ in 0..10 {
            assert!(!throttle.admit(&both, device("a"), 0));
        }
        time.advance(Duration::from_secs(3));
        assert!(throttle.admit(&both, device("a"), 0));
        time.advance(Duration::from_secs(3));
        assert!(!throttle.admit(&both, device("a"), 0), "the window is full");
    }

    #[test]
    fn a_limit_that_changes_holds_for_what_was_counted() {
        let (throttle, _) = throttle();
        for _ in 0..5 {
            assert!(throttle.admit(&limit(None, Some((60, 10))), device("a"), 0));
        }
        assert!(!throttle.admit(&limit(None, Some((60, 5))), device("a"), 0));
        assert!(!throttle.admit(&limit(Some(1), None), device("a"), 0));
        assert!(throttle.admit(&limit(None, Some((60, 6))), device("a"), 0));
    }

    #[test]
    fn a_clock_that_steps_an_hour_either_way_changes_nothing() {
        for step in [-3600, 3600] {
            let (throttle, time) = throttle();
            let both = limit(Some(3), Some((60, 2)));
            assert!(throttle.admit(&both, device("a"), 0));
            time.set(Timestamp::from_seconds(1_767_323_045 + step));
            assert!(!throttle.admit(&both, device("a"), 0), "{step}: the gap still holds");
            time.advance(Duration::from_secs(3));
            assert!(throttle.admit(&both, device("a"), 0), "{step}: and no longer than it says");
            time.advance(Duration::from_secs(3));
            time.set(Timestamp::from_seconds(1_767_323_045 - step));
            assert!(!throttle.admit(&both, device("a"), 0), "{step}: the window still holds");
            time.advance(Duration::from_secs(54));
            assert!(throttle.admit(&both, device("a"), 0), "{step}: and no longer than it says");
        }
    }

    #[test]
    fn exactly_the_maximum_is_admitted_by_racing_threads() {
        const THREADS: usize = 8;
        let (throttle, time) = throttle();
        for (limit, expected) in [(limit(None, Some((60, 100))), 100), (limit(Some(3), Some((60, 100))), 1)] {
            for round in 0..5 {
                time.advance(Duration::from_secs(60));
                let barrier = Barrier::new(THREADS);
                let tally = || {
                    barrier.wait();
                    (0..50).filter(|_| throttle.admit(&limit, device("a"), 0)).count()
                };
                let admitted: usize = thread::scope(|scope| {
                    let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(tally)).collect();
                    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
                });
                assert_eq!(admitted, expected, "round {round}");
            }
        }
    }
}
