//! Codes that were sent to somebody, to be typed in once: short, so that they live briefly and are tried a few times only.
//!
//! They are kept as keyed hashes, in memory: a restart forgets them, and another one is asked for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::Error;
use super::clock::{Clock, Timestamp};
use super::keys::{Key, KeyRing, Purpose};
use super::random::Random;

/// Codes on their way at once; beyond it the least recently used is forgotten.
pub(super) const CAPACITY: u64 = 100_000;

/// How often a code may be mistyped.
pub(super) const TRIES: u8 = 5;

/// Codes that one address gets in [`DAY`]: with four digits and five tries for each, whoever guesses at one of an address
/// that is not theirs is right once in a hundred days.
const CODES_A_DAY: u32 = 20;

/// The window of [`CODES_A_DAY`].
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// The numbers of one kind of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeRules {
    /// Digits of a code.
    pub length: usize,
    /// How long it is good for.
    pub life: Duration,
    /// How long after one code nobody gets another.
    pub gap: Duration,
}

/// Codes of one kind.
pub struct Codes {
    purpose: &'static str,
    rules: CodeRules,
    keys: Arc<KeyRing>,
    clock: Clock,
    random: Random,
    /// By the address that they were sent to and what they are bound to, so that nobody who asks for a code, or guesses at
    /// one, in another name spends it.
    slots: Cache<(String, String), Arc<Mutex<Sent>>>,
    /// What was sent to each address, in whatever name.
    addresses: Cache<String, Arc<Mutex<Sending>>>,
}

struct Sent {
    key: Arc<Key>,
    hash: hmac::Tag,
    at: Timestamp,
    tries_left: u8,
    taken: bool,
}

/// When messages were sent to an address.
#[derive(Default)]
pub(super) struct Sending {
    last: Option<Timestamp>,
    /// When the window of [`DAY`] began.
    since: Option<Timestamp>,
    count: u32,
}

impl Codes {
    /// Codes for `purpose`, which no code of another kind opens.
    pub fn new(purpose: &'static str, rules: CodeRules, keys: Arc<KeyRing>, clock: Clock, random: Random) -> Self {
        // The default policy may refuse to keep a newcomer.
        let slots = Cache::builder()
            .max_capacity(CAPACITY)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(rules.life + Duration::from_secs(60))
            .build();
        let addresses = Cache::builder()
            .max_capacity(CAPACITY)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(DAY.max(rules.gap) + Duration::from_secs(60))
            .build();
        Self { purpose, rules, keys, clock, random, slots, addresses }
    }

    /// How long a code is good for.
    pub const fn life(&self) -> Duration {
        self.rules.life
    }

    /// A new code for `address`, good only together with `bound`. It replaces the former one of both.
    ///
    /// # Errors
    /// [`Error::TooSoon`] if the address got one a moment ago, or too many within a day, in whatever name.
    pub fn issue(&self, address: &str, bound: &str) -> Result<String, Error> {
        let now = self.clock.now();
        let sending = self.addresses.get_with(address.to_owned(), Arc::default);
        let mut sending = sending.lock().unwrap_or_else(PoisonError::into_inner);
        sending.admit(self.rules.gap, now)?;
        let code = self.random.digits(self.rules.length);
        let key = self.keys.active();
        let hash = self.hash(&key, address, bound, &code);
        let sent = Sent { key, hash, at: now, tries_left: TRIES, taken: false };
        self.slots.insert((address.to_owned(), bound.to_owned()), Arc::new(Mutex::new(sent)));
        Ok(code)
    }

    /// Takes the code of an address: of any number that try the right one at once, one succeeds.
    ///
    /// # Errors
    /// [`Error::WrongCode`] if it is another one, was sent with another `bound`, was taken before, has expired, or was
    /// mistyped five times.
    pub fn take(&self, address: &str, bound: &str, code: &str) -> Result<(), Error> {
        let slot = self.slots.get(&(address.to_owned(), bound.to_owned())).ok_or(Error::WrongCode)?;
        let mut sent = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.taken || sent.tries_left == 0 || !is_within(sent.at, self.rules.life, self.clock.now()) {
            return Err(Error::WrongCode);
        }
        let hash = self.hash(&sent.key, address, bound, code);
        if aws_lc_rs::constant_time::verify_slices_are_equal(hash.as_ref(), sent.hash.as_ref()).is_err() {
            sent.tries_left -= 1;
            return Err(Error::WrongCode);
        }
        sent.taken = true;
        Ok(())
    }

    /// Forgets a code that could not be sent, so that another one may be asked for at once.
    pub fn forget(&self, address: &str, bound: &str) {
        self.slots.invalidate(&(address.to_owned(), bound.to_owned()));
        if let Some(sending) = self.addresses.get(address) {
            let mut sending = sending.lock().unwrap_or_else(PoisonError::into_inner);
            sending.take_back();
        }
    }

    /// No part can imitate another: zero bytes between them are in none.
    fn hash(&self, key: &Key, address: &str, bound: &str, code: &str) -> hmac::Tag {
        let mut context = hmac::Context::with_key(key.mac(Purpose::SentCode));
        for part in [self.purpose, address, bound, code] {
            context.update(part.as_bytes());
            context.update(&[0]);
        }
        context.sign()
    }
}

impl Sending {
    /// Counts one more, unless the last one was sent less than `gap` ago or the day's are used up.
    pub(super) fn admit(&mut self, gap: Duration, now: Timestamp) -> Result<(), Error> {
        if self.last.is_some_and(|last| is_within(last, gap, now)) {
            return Err(Error::TooSoon);
        }
        if !self.since.is_some_and(|since| is_within(since, DAY, now)) {
            (self.since, self.count) = (Some(now), 0);
        }
        if self.count >= CODES_A_DAY {
            return Err(Error::TooSoon);
        }
        (self.last, self.count) = (Some(now), self.count + 1);
        Ok(())
    }

    /// The last one was not sent after all.
    pub(super) fn take_back(&mut self) {
        self.last = None;
        self.count = self.count.saturating_sub(1);
    }
}

/// Whether `at` is less than `span` ago. A clock that was set back by more than a minute says no: nobody knows then how
/// long ago it was.
pub(super) fn is_within(at: Timestamp, span: Duration, now: Timestamp) -> bool {
    now < at.plus(span) && at < now.plus(Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::domain::clock::ManualClock;

    const RULES: CodeRules = CodeRules { length: 4, life: Duration::from_secs(300), gap: Duration::from_secs(60) };

    fn codes() -> (Codes, ManualClock, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let (clock, time) = Clock::manual(Timestamp::from_seconds(1_000_000));
        let keys = Arc::new(KeyRing::open(dir.path(), None, clock.clone(), Random::system()).unwrap());
        (Codes::new("test", RULES, keys, clock, Random::system()), time, dir)
    }

    fn other(code: &str) -> String {
        let digit = if code.starts_with('0') { '1' } else { '0' };
        format!("{digit}{}", &code[1..])
    }

    #[test]
    fn a_code_is_taken_once_with_what_it_is_bound_to() {
        let (codes, _, _dir) = codes();
        let code = codes.issue("a@b.c", "lory").unwrap();
        assert!(code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(codes.take("a@b.c", "lori", &code).is_err());
        assert!(codes.take("x@b.c", "lory", &code).is_err());
        codes.take("a@b.c", "lory", &code).unwrap();
        assert!(codes.take("a@b.c", "lory", &code).is_err());
    }

    #[test]
    fn five_tries_and_no_more() {
        let (codes, _, _dir) = codes();
        let code = codes.issue("a@b.c", "lory").unwrap();
        for _ in 0..5 {
            assert!(codes.take("a@b.c", "lory", &other(&code)).is_err());
        }
        assert!(codes.take("a@b.c", "lory", &code).is_err());
    }

    #[test]
    fn a_code_expires_and_the_next_one_has_to_wait() {
        let (codes, time, _dir) = codes();
        let code = codes.issue("a@b.c", "lory").unwrap();
        time.advance(Duration::from_secs(59));
        assert!(matches!(codes.issue("a@b.c", "lory"), Err(Error::TooSoon)));
        codes.issue("d@b.c", "lory").unwrap();
        time.advance(Duration::from_secs(241));
        assert!(codes.take("a@b.c", "lory", &code).is_err(), "expired");
        let first = codes.issue("a@b.c", "lory").unwrap();
        time.advance(Duration::from_secs(60));
        let second = codes.issue("a@b.c", "lory").unwrap();
        assert!(first == second || codes.take("a@b.c", "lory", &first).is_err(), "replaced");
        codes.take("a@b.c", "lory", &second).unwrap();
    }

    #[test]
    fn another_name_neither_replaces_a_code_nor_spends_its_tries() {
        let (codes, time, _dir) = codes();
        let code = codes.issue("a@b.c", "lory").unwrap();
        for _ in 0..10 {
            assert!(codes.take("a@b.c", "mallory", &other(&code)).is_err());
        }
        assert!(matches!(codes.issue("a@b.c", "mallory"), Err(Error::TooSoon)), "the gap is the address's");
        time.advance(Duration::from_secs(60));
        codes.issue("a@b.c", "mallory").unwrap();
        codes.take("a@b.c", "lory", &code).unwrap();
    }

    #[test]
    fn an_address_gets_so_many_a_day_in_whatever_name() {
        let (codes, time, _dir) = codes();
        for round in 0..20 {
            codes.issue("a@b.c", &format!("name {round}")).unwrap();
            time.advance(Duration::from_secs(61));
        }
        assert!(matches!(codes.issue("a@b.c", "lory"), Err(Error::TooSoon)));
        codes.issue("d@b.c", "lory").unwrap();
        time.advance(DAY - Duration::from_secs(20 * 61));
        codes.issue("a@b.c", "lory").unwrap();
    }

    #[test]
    fn one_that_could_not_be_sent_may_be_asked_for_again() {
        let (codes, _, _dir) = codes();
        let code = codes.issue("a@b.c", "lory").unwrap();
        codes.forget("a@b.c", "lory");
        assert!(codes.take("a@b.c", "lory", &code).is_err());
        codes.issue("a@b.c", "lory").unwrap();
    }

    #[test]
    fn a_clock_set_back_by_an_hour_ends_codes_and_locks_nobody_out() {
        let (codes, time, _dir) = codes();
        let code = codes.issue("a@b.c", "lory").unwrap();
        time.set(Timestamp::from_seconds(1_000_000 - 3600));
        assert!(codes.take("a@b.c", "lory", &code).is_err());
        codes.issue("a@b.c", "lory").unwrap();
    }

    #[test]
    fn of_many_that_take_it_at_once_one_succeeds() {
        let (codes, _, _dir) = codes();
        for round in 0..20 {
            let address = format!("{round}@b.c");
            let code = codes.issue(&address, "lory").unwrap();
            let taken: usize = thread::scope(|scope| {
                let threads: Vec<_> =
                    (0..8).map(|_| scope.spawn(|| usize::from(codes.take(&address, "lory", &code).is_ok()))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_eq!(taken, 1);
        }
    }
}
