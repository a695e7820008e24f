//! Codes that were given out and not tried yet, in memory: a restart forgets them, and another one is asked for. Time is that
//! of the machine since it started, so that no step of the wall clock ends a Code or keeps it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::domain::user::Handle;

/// Accounts that have Codes at once; beyond it those of the least recently used one are forgotten.
const CAPACITY: u64 = 100_000;

/// Codes of an account at once; beyond it the oldest is forgotten.
const CODES: usize = 64;

type Codes = Arc<Mutex<VecDeque<Code>>>;

/// What a login has to be signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::domain) enum Proof {
    /// The password.
    Password,
    /// The verification code that was sent to this number.
    Sms(Handle),
    /// Something that there is not.
    Nothing,
}

struct Code {
    code: String,
    proof: Proof,
    at: Duration,
}

/// The Codes of all accounts.
pub(super) struct Outstanding {
    life: Duration,
    by_subject: Cache<String, Codes>,
}

impl Outstanding {
    /// Codes that are good for `life`.
    pub(super) fn new(life: Duration) -> Self {
        // The default policy may refuse to keep a newcomer.
        let by_subject = Cache::builder()
            .max_capacity(CAPACITY)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(life + Duration::from_secs(60))
            .build();
        Self { life, by_subject }
    }

    /// Keeps a Code of `subject`.
    pub(super) fn add(&self, subject: String, code: String, proof: Proof, now: Duration) {
        let codes = self.by_subject.get_with(subject, Codes::default);
        let mut codes = codes.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.len() == CODES {
            codes.pop_front();
        }
        codes.push_back(Code { code, proof, at: now });
    }

    /// Takes the Code that `is_signed`, or else the oldest one, which is spent by that. Of any number that try at once no
    /// two take the same.
    pub(super) fn take(
        &self,
        subject: &str,
        now: Duration,
        is_signed: impl Fn(&str, &Proof) -> bool,
    ) -> Option<(String, Proof)> {
        let codes = self.by_subject.get(subject)?;
        let mut codes = codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|code| now.saturating_sub(code.at) < self.life);
        let Some(at) = codes.iter().position(|code| is_signed(&code.code, &code.proof)) else {
            codes.pop_front();
            return None;
        };
        codes.remove(at).map(|code| (code.code, code.proof))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const LIFE: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_000_000 + seconds)
    }

    fn outstanding(codes: &[&str]) -> Outstanding {
        let outstanding = Outstanding::new(LIFE);
        codes.iter().for_each(|code| outstanding.add("a".to_owned(), (*code).to_owned(), Proof::Password, at(0)));
        outstanding
    }

    fn take(
        outstanding: &Outstanding,
        subject: &str,
        now: Duration,
        is_signed: impl Fn(&str) -> bool,
    ) -> Option<String> {
        outstanding.take(subject, now, |code, _| is_signed(code)).map(|(code, _)| code)
    }

    #[test]
    fn a_code_is_taken_once_by_its_own_subject() {
        let outstanding = outstanding(&["1", "2"]);
        assert_eq!(take(&outstanding, "b", at(1), |_| true), None);
        assert_eq!(take(&outstanding, "a", at(1), |code| code == "2").as_deref(), Some("2"));
        assert_eq!(take(&outstanding, "a", at(1), |code| code == "2"), None, "and the other one is spent by this");
        assert_eq!(take(&outstanding, "a", at(1), |code| code == "1"), None);
    }

    #[test]
    fn a_wrong_try_spends_the_oldest() {
        let outstanding = outstanding(&["1", "2"]);
        assert_eq!(take(&outstanding, "a", at(1), |_| false), None);
        assert_eq!(take(&outstanding, "a", at(1), |code| code == "2").as_deref(), Some("2"));
    }

    #[test]
    fn a_code_expires() {
        assert_eq!(take(&outstanding(&["1"]), "a", at(29), |_| true).as_deref(), Some("1"));
        assert_eq!(take(&outstanding(&["1"]), "a", at(30), |_| true), None);
    }

    #[test]
    fn a_flood_forgets_the_oldest_only() {
        let outstanding = outstanding(&[]);
        (0..100).for_each(|code| outstanding.add("a".to_owned(), code.to_string(), Proof::Password, at(0)));
        assert_eq!(take(&outstanding, "a", at(1), |code| code == "99").as_deref(), Some("99"));
        assert_eq!(take(&outstanding, "a", at(1), |code| code == "35"), None);
    }

    #[test]
    fn of_many_that_try_at_once_one_takes_it() {
        for _ in 0..20 {
            let outstanding = outstanding(&["1"]);
            let taken: usize = thread::scope(|scope| {
                let threads: Vec<_> = (0..8)
                    .map(|_| scope.spawn(|| usize::from(take(&outstanding, "a", at(1), |_| true).is_some())))
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_eq!(taken, 1);
        }
    }
}
