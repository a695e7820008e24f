//! The codes of phone numbers. They are kept as they are, in memory: a signature is made from the code, so that its digest
//! would not do. A restart forgets them, and another one is asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::domain::Error;
use crate::domain::clock::{Clock, Timestamp};
use crate::domain::code::{CAPACITY, DAY, Sending, TRIES, is_within};
use crate::domain::random::Random;
use crate::domain::secret::Secret;

/// Digits of a code.
const LENGTH: usize = 6;

/// How long a code is good for.
pub(super) const LIFE: Duration = Duration::from_secs(300);

/// How long after one code a number gets no other.
const GAP: Duration = Duration::from_secs(60);

/// Codes by the number, folded, that they were sent to.
pub(super) struct Codes {
    clock: Clock,
    random: Random,
    numbers: Cache<String, Arc<Mutex<Number>>>,
}

/// What was sent to a number.
#[derive(Default)]
struct Number {
    sending: Sending,
    sent: Option<Sent>,
}

struct Sent {
    code: Secret<String>,
    at: Timestamp,
    /// When it was sent the time before, which is what counts if this time fails.
    before: Option<Timestamp>,
    tries_left: u8,
    taken: bool,
}

impl Codes {
    pub(super) fn new(clock: Clock, random: Random) -> Self {
        let numbers = Cache::builder()
            .max_capacity(CAPACITY)
            // The default policy may refuse to keep a newcomer.
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(DAY + Duration::from_secs(60))
            .build();
        Self { clock, random, numbers }
    }

    /// The code of a number, and whether it has to be sent. One that is still good is sent again, and is good for as long
    /// again: whoever asks for one while typing in the other must not find that one gone.
    pub(super) fn issue(&self, number: &str) -> Result<(Secret<String>, bool), Error> {
        let now = self.clock.now();
        let number = self.numbers.get_with(number.to_owned(), Arc::default);
        let mut number = lock(&number);
        if let Err(error) = number.sending.admit(GAP, now) {
            return number.good(now).map(|sent| (sent.code.clone(), false)).ok_or(error);
        }
        if let Some(sent) = number.good(now) {
            sent.before = Some(sent.at);
            sent.at = now;
            return Ok((sent.code.clone(), true));
        }
        let code = Secret::new(self.random.digits(LENGTH));
        number.sent = Some(Sent { code: code.clone(), at: now, before: None, tries_left: TRIES, taken: false });
        Ok((code, true))
    }

    pub(super) fn pending(&self, number: &str) -> Option<Secret<String>> {
        let number = self.numbers.get(number)?;
        lock(&number).good(self.clock.now()).map(|sent| sent.code.clone())
    }

    pub(super) fn take(&self, number: &str, code: &str) -> Result<(), Error> {
        let number = self.numbers.get(number).ok_or(Error::WrongCode)?;
        let mut number = lock(&number);
        let sent = number.good(self.clock.now()).ok_or(Error::WrongCode)?;
        if sent.code == Secret::new(code.to_owned()) {
            sent.taken = true;
            Ok(())
        } else {
            sent.tries_left -= 1;
            Err(Error::WrongCode)
        }
    }

    pub(super) fn spend(&self, number: &str) -> bool {
        let Some(number) = self.numbers.get(number) else { return false };
        lock(&number).good(self.clock.now()).map(|sent| sent.taken = true).is_some()
    }

    pub(super) fn restore(&self, number: &str, code: &str) {
        let Some(number) = self.numbers.get(number) else { return };
        if let Some(sent) = &mut lock(&number).sent
            && sent.code == Secret::new(code.to_owned())
        {
            sent.taken = false;
        }
    }

    /// Takes back that a code was sent, so that it may be asked for again at once. One that was sent before stays as good
    /// as it was; another one is forgotten.
    pub(super) fn take_back(&self, number: &str, code: &Secret<String>) {
        let Some(number) = self.numbers.get(number) else { return };
        let mut number = lock(&number);
        let Some(sent) = number.sent.as_mut().filter(|sent| sent.code == *code) else { return };
        match sent.before.take() {
            Some(at) => sent.at = at,
            None => number.sent = None,
        }
        number.sending.take_back();
    }
}

impl Number {
    /// The last code, if it is good.
    fn good(&mut self, now: Timestamp) -> Option<&mut Sent> {
        self.sent.as_mut().filter(|sent| !sent.taken && sent.tries_left > 0 && is_within(sent.at, LIFE, now))
    }
}

fn lock(number: &Mutex<Number>) -> MutexGuard<'_, Number> {
    number.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::domain::clock::ManualClock;

    const NUMBER: &str = "13800138000";

    fn codes() -> (Codes, ManualClock) {
        let (clock, time) = Clock::manual(Timestamp::from_seconds(1_000_000));
        (Codes::new(clock, Random::system()), time)
    }

    fn issue(codes: &Codes) -> String {
        let (code, is_new) = codes.issue(NUMBER).unwrap();
        assert!(is_new);
        code.expose().clone()
    }

    fn other(code: &str) -> String {
        code.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect()
    }

    #[test]
    fn a_code_is_taken_once_at_its_number() {
        let (codes, _) = codes();
        let code = issue(&codes);
        assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
        assert!(codes.take("13800138001", &code).is_err());
        assert_eq!(codes.pending(NUMBER).unwrap().expose(), &code);
        codes.take(NUMBER, &code).unwrap();
        assert!(codes.take(NUMBER, &code).is_err() && codes.pending(NUMBER).is_none() && !codes.spend(NUMBER));
    }

    #[test]
    fn one_that_was_taken_in_vain_comes_back_with_the_tries_it_had() {
        let (codes, time) = codes();
        let code = issue(&codes);
        for _ in 0..4 {
            assert!(codes.take(NUMBER, &other(&code)).is_err());
        }
        codes.take(NUMBER, &code).unwrap();
        codes.restore(NUMBER, &other(&code));
        assert!(codes.take(NUMBER, &code).is_err(), "another one was given back");
        codes.restore(NUMBER, &code);
        assert!(codes.take(NUMBER, &other(&code)).is_err());
        assert!(codes.take(NUMBER, &code).is_err(), "five tries and no more");
        time.advance(Duration::from_secs(60));
        let code = issue(&codes);
        assert!(codes.spend(NUMBER));
        time.advance(LIFE);
        codes.restore(NUMBER, &code);
        assert!(codes.take(NUMBER, &code).is_err(), "it expires as it would have");
    }

    #[test]
    fn within_the_gap_the_former_one_stays_and_a_spent_one_has_no_successor() {
        let (codes, time) = codes();
        let code = issue(&codes);
        time.advance(Duration::from_secs(59));
        let (again, is_new) = codes.issue(NUMBER).unwrap();
        assert!(!is_new && *again.expose() == code);
        codes.take(NUMBER, &code).unwrap();
        assert!(matches!(codes.issue(NUMBER), Err(Error::TooSoon)));
        time.advance(Duration::from_secs(1));
        let next = issue(&codes);
        assert!(next == code || codes.take(NUMBER, &code).is_err(), "replaced");
        time.advance(LIFE);
        assert!(codes.take(NUMBER, &next).is_err() && codes.pending(NUMBER).is_none(), "expired");
    }

    #[test]
    fn a_number_gets_so_many_a_day() {
        let (codes, time) = codes();
        for _ in 0..20 {
            issue(&codes);
            time.advance(Duration::from_secs(61));
        }
        let (_, is_new) = codes.issue(NUMBER).unwrap();
        assert!(!is_new, "the last one is good for five minutes");
        time.advance(LIFE);
        assert!(matches!(codes.issue(NUMBER), Err(Error::TooSoon)));
        assert!(codes.issue("13800138001").unwrap().1);
        time.advance(DAY - Duration::from_secs(20 * 61) - LIFE);
        issue(&codes);
    }

    #[test]
    fn one_that_could_not_be_sent_may_be_asked_for_again() {
        let (codes, _) = codes();
        let code = issue(&codes);
        codes.take_back(NUMBER, &Secret::new(code.clone()));
        assert!(codes.take(NUMBER, &code).is_err());
        issue(&codes);
    }

    #[test]
    fn one_that_could_not_be_sent_again_is_as_good_as_before() {
        let (codes, time) = codes();
        let code = issue(&codes);
        assert!(codes.take(NUMBER, &other(&code)).is_err());
        time.advance(Duration::from_secs(100));
        for _ in 0..3 {
            assert_eq!(issue(&codes), code, "at once");
            codes.take_back(NUMBER, &Secret::new(code.clone()));
        }
        assert_eq!(codes.pending(NUMBER).unwrap().expose(), &code);
        time.advance(LIFE - Duration::from_secs(101));
        for _ in 0..3 {
            assert!(codes.take(NUMBER, &other(&code)).is_err());
        }
        codes.take(NUMBER, &code).unwrap();
        codes.restore(NUMBER, &code);
        time.advance(Duration::from_secs(1));
        assert!(codes.take(NUMBER, &code).is_err(), "what was not sent prolongs nothing");
    }

    #[test]
    fn a_clock_set_back_by_an_hour_ends_codes_and_locks_nobody_out() {
        let (codes, time) = codes();
        let code = issue(&codes);
        time.set(Timestamp::from_seconds(1_000_000 - 3600));
        assert!(codes.take(NUMBER, &code).is_err());
        issue(&codes);
    }

    #[test]
    fn of_many_that_take_or_spend_it_at_once_one_succeeds() {
        for round in 0..20 {
            let (codes, _) = codes();
            let code = issue(&codes);
            let taken: usize = thread::scope(|scope| {
                let (codes, code) = (&codes, &code);
                let attempt = move |by: usize| {
                    if by.is_multiple_of(2) { codes.take(NUMBER, code).is_ok() } else { codes.spend(NUMBER) }
                };
                let threads: Vec<_> = (0..8).map(|by| scope.spawn(move || usize::from(attempt(by)))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_eq!(taken, 1, "round {round}");
        }
    }
}
