//! The request limit: so many requests in a fixed window for each client address, exact under concurrency.
//!
//! A subject's window starts at its first request. Its whole state is one 64-bit word, the second in which the window
//! ends above and the count below, so that admitting is one lookup and one compare-and-swap, and no interleaving of
//! requests, not even across the turn of a window, admits one more than the maximum.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::clock::Clock;

/// Subjects remembered at once. Beyond it the least recently seen one is forgotten, which costs it its count.
const CAPACITY: u64 = 1_000_000;

/// How far a clock may step back, in seconds, before windows that end too far in the future are given up. Smaller
/// differences come from threads that read the clock in turn.
const CLOCK_SLACK: u64 = 60;

/// The answer to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request may go on.
    pub admitted: bool,
    /// Requests admitted in a window.
    pub limit: u32,
    /// Requests that this window still admits after this one.
    pub remaining: u32,
    /// When the window ends, in Unix seconds.
    pub reset: i64,
    /// Whether this is the first request that this window refuses; true for one request only.
    pub first_refusal: bool,
}

/// Counters of requests by client address.
pub struct Limits {
    max: u32,
    window: u64,
    clock: Clock,
    windows: Cache<Subject, Arc<AtomicU64>>,
}

/// What is counted: an IPv4 address, or the /64 of an IPv6 address, which is what one client is given.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    V4(Ipv4Addr),
    V6([u16; 4]),
}

impl From<IpAddr> for Subject {
    fn from(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

impl Limits {
    /// A limit of `max` requests in each `window`. `max` is at most `u32::MAX - 1` (a larger one counts as that), and
    /// `window` is rounded up to whole seconds, at least one.
    pub fn new(max: u32, window: Duration, clock: Clock) -> Self {
        let window = window.as_millis().div_ceil(1000).clamp(1, u128::from(u32::MAX)) as u64;
        let windows = Cache::builder()
            .max_capacity(CAPACITY)
            // The default policy may refuse to keep a newcomer, and with it the newcomer's count.
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(Duration::from_secs(window + CLOCK_SLACK))
            .build();
        Self { max: max.min(u32::MAX - 1), window, clock, windows }
    }

    /// Counts a request of `ip` and decides about it.
    pub fn hit(&self, ip: IpAddr) -> Decision {
        let subject = Subject::from(ip);
        match self.windows.get(&subject) {
            Some(state) => self.count(&state),
            None => self.count(&self.windows.get_with(subject, Arc::default)),
        }
    }

    fn count(&self, state: &AtomicU64) -> Decision {
        let now = u64::try_from(self.clock.now().millis()).unwrap_or(0);
        // Rounded up, so that a window is never shorter than it says.
        let fresh_end = (now + self.window * 1000).div_ceil(1000);
        let mut seen = state.load(Ordering::Acquire);
        loop {
            let (end, count) = unpack(seen);
            let over = now >= end * 1000 || end > fresh_end + CLOCK_SLACK;
            let (end, admitted_before) = if over { (fresh_end, 0) } else { (end, count) };
            if admitted_before > self.max {
                return self.decision(end, admitted_before, false);
            }
            // The first refusal is counted too, so that exactly one request sees itself as the first refused.
            let next = pack(end, admitted_before + 1);
            match state.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return self.decision(end, admitted_before, admitted_before == self.max),
                Err(changed) => seen = changed,
            }
        }
    }

    fn decision(&self, end: u64, admitted_before: u32, first_refusal: bool) -> Decision {
        Decision {
            admitted: admitted_before < self.max,
            limit: self.max,
            remaining: self.max.saturating_sub(admitted_before.saturating_add(1)),
            reset: i64::try_from(end).unwrap_or(i64::MAX),
            first_refusal,
        }
    }
}

/// The end of a window in Unix seconds (32 bits last until 2106) above its count.
const fn pack(end: u64, count: u32) -> u64 {
    (end << 32) | count as u64
}

const fn unpack(state: u64) -> (u64, u32) {
    (state >> 32, state as u32)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;
    use crate::domain::clock::Timestamp;

    const HOUR: Duration = Duration::from_secs(3600);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn start() -> Timestamp {
        Timestamp::from_millis(1_795_474_800_250)
    }

    #[test]
    fn counts_down_then_refuses_until_the_window_ends() {
        let (clock, time) = Clock::manual(start());
        let limits = Limits::new(2, HOUR, clock);
        let client = ip("192.0.2.1");
        let reset = start().seconds() + 3601;

        let seen: Vec<_> = (0..4).map(|_| limits.hit(client)).collect();
        assert_eq!(seen.iter().map(|d| d.admitted).collect::<Vec<_>>(), [true, true, false, false]);
        assert_eq!(seen.iter().map(|d| d.remaining).collect::<Vec<_>>(), [1, 0, 0, 0]);
        assert_eq!(seen.iter().map(|d| d.first_refusal).collect::<Vec<_>>(), [false, false, true, false]);
        assert!(seen.iter().all(|d| d.limit == 2 && d.reset == reset));

        time.set(Timestamp::from_millis(reset * 1000 - 1));
        assert!(!limits.hit(client).admitted);
        time.set(Timestamp::from_seconds(reset));
        assert_eq!(
            limits.hit(client),
            Decision { admitted: true, limit: 2, remaining: 1, reset: reset + 3600, first_refusal: false }
        );
    }

    #[test]
    fn subjects_are_ipv4_addresses_and_ipv6_networks() {
        let (clock, _) = Clock::manual(start());
        let limits = Limits::new(1, HOUR, clock);
        assert!(limits.hit(ip("192.0.2.1")).admitted);
        assert!(limits.hit(ip("192.0.2.2")).admitted);
        assert!(!limits.hit(ip("::ffff:192.0.2.1")).admitted);
        assert!(limits.hit(ip("2001:db8:1:2::1")).admitted);
        assert!(!limits.hit(ip("2001:db8:1:2:ffff::2")).admitted);
        assert!(limits.hit(ip("2001:db8:1:3::1")).admitted);
    }

    #[test]
    fn a_limit_of_none_refuses_the_first() {
        let (clock, _) = Clock::manual(start());
        let refused = Limits::new(0, HOUR, clock).hit(ip("192.0.2.1"));
        assert!(!refused.admitted && refused.first_refusal && refused.remaining == 0);
    }

    #[test]
    fn the_largest_limit_does_not_spill_into_the_window() {
        let (clock, _) = Clock::manual(start());
        let limits = Limits::new(u32::MAX, HOUR, clock);
        let state = AtomicU64::new(pack(start().seconds() as u64 + 100, u32::MAX - 1));
        assert!(limits.count(&state).first_refusal);
        assert_eq!(limits.count(&state).reset, start().seconds() + 100);
    }

    #[test]
    fn a_clock_set_back_by_days_locks_nobody_out() {
        let (clock, time) = Clock::manual(start());
        let limits = Limits::new(1, HOUR, clock);
        assert!(limits.hit(ip("192.0.2.1")).admitted);
        time.set(Timestamp::from_seconds(start().seconds() - 30));
        assert!(!limits.hit(ip("192.0.2.1")).admitted, "a small step back opens nothing");
        time.set(Timestamp::from_seconds(start().seconds() - 86_400));
        assert!(limits.hit(ip("192.0.2.1")).admitted);
    }

    #[test]
    fn exactly_the_maximum_is_admitted_by_racing_threads() {
        const THREADS: usize = 8;
        const MAX: u32 = 1000;
        let (clock, time) = Clock::manual(start());
        let limits = Limits::new(MAX, HOUR, clock);
        for round in 0..5 {
            let barrier = Barrier::new(THREADS);
            let tally = || {
                barrier.wait();
                let decisions: Vec<_> = (0..400).map(|_| limits.hit(ip("2001:db8::1"))).collect();
                let admitted = decisions.iter().filter(|d| d.admitted).count();
                (admitted, decisions.iter().filter(|d| d.first_refusal).count())
            };
            let (admitted, first) = thread::scope(|scope| {
                let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(tally)).collect();
                threads.into_iter().map(|t| t.join().unwrap()).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
            });
            assert_eq!((admitted, first), (MAX as usize, 1), "round {round}");
            time.advance(HOUR + Duration::from_secs(1));
        }
    }

    #[test]
    fn exactly_the_maximum_is_admitted_in_each_window_while_it_turns() {
        const THREADS: usize = 6;
        const MAX: usize = 50;
        let (clock, time) = Clock::manual(start());
        let limits = Limits::new(MAX as u32, HOUR, clock);
        let barrier = Barrier::new(THREADS + 1);
        let race = || {
            barrier.wait();
            let mut admitted = Vec::new();
            for _ in 0..2000 {
                let decision = limits.hit(ip("192.0.2.9"));
                if decision.admitted {
                    admitted.push(decision.reset);
                }
            }
            admitted
        };
        let admitted = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(race)).collect();
            barrier.wait();
            for _ in 0..20 {
                time.advance(HOUR);
                thread::yield_now();
            }
            threads.into_iter().flat_map(|t| t.join().unwrap()).collect::<Vec<_>>()
        });
        let windows: std::collections::BTreeSet<_> = admitted.iter().copied().collect();
        for window in windows {
            let count = admitted.iter().filter(|&&reset| reset == window).count();
            assert!(count <= MAX, "{count} admitted in the window that ends at {window}");
        }
    }
}
