//! Trace ids: what joins a reply to the log.

use std::sync::atomic::{AtomicU64, Ordering};

use gatehouse_api::runtime::TraceId;
use http::{HeaderMap, HeaderName};

use crate::domain::{clock::Timestamp, random::Random};

/// The header of trace ids, both ways.
pub const X_TRACE_ID: HeaderName = HeaderName::from_static("x-trace-id");

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const SPACE: u64 = 36_u64.pow(5);
/// Coprime to [`SPACE`], so that neighbouring requests get distant ends and all ends come before one comes again.
const STRIDE: u64 = 22_695_477;

/// Makes trace ids of the documented form, `afeade2f5957-tcdtjo-gdmaj`: the instance, the second, a running number.
#[derive(Debug)]
pub struct TraceIds {
    instance: [u8; 12],
    next: AtomicU64,
}

impl TraceIds {
    /// Ids of a new instance.
    pub fn new(random: &Random) -> Self {
        let mut instance = [0; 12];
        instance.copy_from_slice(&random.hex(12).as_bytes()[..12]);
        Self { instance, next: AtomicU64::new(u64::from_be_bytes(random.bytes()) % SPACE) }
    }

    /// The request's own id where it has a usable one, else a new one.
    pub fn of(&self, headers: &HeaderMap, now: Timestamp) -> TraceId {
        headers.get(X_TRACE_ID).and_then(|value| TraceId::new(value.as_bytes())).unwrap_or_else(|| self.generate(now))
    }

    fn generate(&self, now: Timestamp) -> TraceId {
        let mut id = *b"000000000000-000000-00000";
        id[..12].copy_from_slice(&self.instance);
        base36(&mut id[13..19], u64::try_from(now.seconds()).unwrap_or_default());
        base36(&mut id[20..], self.next.fetch_add(STRIDE, Ordering::Relaxed) % SPACE);
        TraceId::ascii(id)
    }
}

fn base36(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 36) as usize];
        number /= 36;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_have_the_documented_form() {
        let ids = TraceIds::new(&Random::seeded(1));
        let id = ids.of(&HeaderMap::new(), Timestamp::from_seconds(1_774_300_000));
        let parts: Vec<_> = id.as_str().split('-').map(str::to_owned).collect();
        assert_eq!(parts.iter().map(String::len).collect::<Vec<_>>(), [12, 6, 5]);
        assert!(parts[0].bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(u64::from_str_radix(&parts[1], 36).unwrap(), 1_774_300_000);
    }

    #[test]
    fn ids_of_one_second_differ() {
        let ids = TraceIds::new(&Random::seeded(2));
        let now = Timestamp::from_seconds(1);
        let seen: HashSet<_> = (0..10_000).map(|_| ids.generate(now).to_string()).collect();
        assert_eq!(seen.len(), 10_000);
    }

    #[test]
    fn only_a_usable_id_is_taken_over() {
        let ids = TraceIds::new(&Random::seeded(3));
        let of = |value: &'static str| {
            let headers = HeaderMap::from_iter([(X_TRACE_ID, value.parse().unwrap())]);
            ids.of(&headers, Timestamp::from_seconds(1)).to_string()
        };
        assert_eq!(of("mine-1.2_3"), "mine-1.2_3");
        assert_ne!(of("not mine"), "not mine");
    }
}
