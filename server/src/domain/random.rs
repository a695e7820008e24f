//! Randomness as a parameter: the system's generator in service, a seeded sequence in tests.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;

/// A source of random bytes. A clone draws from the same sequence.
#[derive(Clone, Debug)]
pub struct Random(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Seeded { seed: u64, drawn: Arc<AtomicU64> },
}

const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Bytes from here on are drawn again, because 256 is no multiple of 62 and the first letters would come more often.
const ALPHANUMERIC_LIMIT: u8 = 248;

/// Bytes of the system's generator that a thread draws ahead for ids. One call costs as much as all else of an id.
const AHEAD: usize = 1024;

/// Bytes drawn ahead, of which the first ones are used up, and erased.
struct Ahead {
    bytes: [u8; AHEAD],
    used: usize,
}

thread_local! {
    static DRAWN_AHEAD: RefCell<Ahead> = const { RefCell::new(Ahead { bytes: [0; AHEAD], used: AHEAD }) };
}

impl Ahead {
    /// Gives bytes away; `into` must not be longer than [`AHEAD`].
    fn give(&mut self, into: &mut [u8], draw: impl FnOnce(&mut [u8])) {
        if into.len() > AHEAD - self.used {
            draw(&mut self.bytes);
            self.used = 0;
        }
        let given = &mut self.bytes[self.used..self.used + into.len()];
        into.copy_from_slice(given);
        given.fill(0);
        self.used += into.len();
    }
}

impl Random {
    /// The cryptographic generator of the process, seeded by the operating system.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A sequence that is the same for the same seed. Not for secrets: it exists so that a test can show real ids.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded { seed, drawn: Arc::new(AtomicU64::new(0)) })
    }

    /// Fills `into` with random bytes.
    #[expect(clippy::expect_used, reason = "a process that has lost its generator must not go on to make keys")]
    pub fn fill(&self, into: &mut [u8]) {
        match &self.0 {
            Source::System => rand::fill(into).expect("the system's random generator works"),
            Source::Seeded { seed, drawn } => {
                for chunk in into.chunks_mut(32) {
                    let counter = drawn.fetch_add(1, Ordering::SeqCst);
                    let mut input = [0; 16];
                    input[..8].copy_from_slice(&seed.to_be_bytes());
                    input[8..].copy_from_slice(&counter.to_be_bytes());
                    chunk.copy_from_slice(&digest(&SHA256, &input).as_ref()[..chunk.len()]);
                }
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// `length` characters out of `A-Z`, `a-z` and `0-9`, each equally likely (5.95 bits a character).
    pub fn alphanumeric(&self, length: usize) -> String {
        let mut text = String::with_capacity(length);
        while text.len() < length {
            let drawn: [u8; 32] = self.bytes();
            let fair = drawn.iter().filter(|&&byte| byte < ALPHANUMERIC_LIMIT);
            text.extend(fair.take(length - text.len()).map(|byte| char::from(ALPHANUMERIC[usize::from(byte % 62)])));
        }
        text
    }

    /// `length` decimal digits, each equally likely.
    pub fn digits(&self, length: usize) -> String {
        let mut text = String::with_capacity(length);
        while text.len() < length {
            let drawn: [u8; 16] = self.bytes();
            // 250 is the largest multiple of ten that a byte can hold.
            let fair = drawn.iter().filter(|&&byte| byte < 250);
            text.extend(fair.take(length - text.len()).map(|byte| char::from(b'0' + byte % 10)));
        }
        text
    }

    /// `length` lower-case hexadecimal digits (4 bits a digit), at most 128. They are for ids, which nobody can guess; what
    /// must stay secret is made of [`bytes`](Self::bytes) or [`alphanumeric`](Self::alphanumeric), which draw nothing ahead.
    pub fn hex(&self, length: usize) -> String {
        let mut bytes = [0; 64];
        let bytes = &mut bytes[..length.div_ceil(2)];
        match &self.0 {
            Source::System => DRAWN_AHEAD.with_borrow_mut(|ahead| ahead.give(bytes, |all| self.fill(all))),
            Source::Seeded { .. } => self.fill(bytes),
        }
        let mut digits = [0; 128];
        let digits = &mut digits[..bytes.len() * 2];
        // Neither can fail: there are two digits for each byte, and they are ASCII.
        let _fits = hex::encode_to_slice(bytes, digits);
        String::from_utf8_lossy(&digits[..length]).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        let (one, two) = (Random::seeded(7), Random::seeded(7));
        assert_eq!(one.alphanumeric(40), two.alphanumeric(40));
        assert_eq!(one.hex(15), two.hex(15));
        assert_ne!(Random::seeded(8).hex(16), Random::seeded(7).hex(16));
    }

    #[test]
    fn system_bytes_differ() {
        assert_ne!(Random::system().bytes::<16>(), Random::system().bytes::<16>());
    }

    #[test]
    fn what_is_drawn_ahead_is_given_once_and_erased() {
        let mut ahead = Ahead { bytes: [0; AHEAD], used: AHEAD };
        let mut draws: u8 = 0;
        let mut given = Vec::new();
        for _ in 0..3 * AHEAD / 48 {
            let mut into = [0; 48];
            ahead.give(&mut into, |all| {
                draws += 1;
                for (number, byte) in all.iter_mut().enumerate() {
                    *byte = (number % 251) as u8 ^ draws;
                }
            });
            given.push(into);
            assert!(ahead.bytes[..ahead.used].iter().all(|byte| *byte == 0));
        }
        assert_eq!(draws, 4, "a rest that is too short is not given");
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), 3 * AHEAD / 48, "no bytes were given twice");
    }

    #[test]
    fn ids_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| Random::system().hex(32)).collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn lengths_are_exact() {
        for length in [0, 1, 8, 31, 32, 33, 100] {
            assert_eq!(Random::system().alphanumeric(length).len(), length);
            assert_eq!(Random::system().hex(length).len(), length);
        }
    }

    #[test]
    fn digits_are_even() {
        let text = Random::seeded(1).digits(10_000);
        for digit in '0'..='9' {
            let count = text.matches(digit).count();
            assert!((880..1120).contains(&count), "{digit} came {count} times");
        }
        assert_eq!(Random::system().digits(4).len(), 4);
    }

    #[test]
    fn alphanumerics_are_even() {
        let text = Random::seeded(1).alphanumeric(62_000);
        for letter in ALPHANUMERIC {
            let count = text.bytes().filter(|byte| byte == letter).count();
            assert!((850..1150).contains(&count), "{} came {count} times", char::from(*letter));
        }
    }
}
