//! A credential that is obtained when it is needed, kept while it is good, and obtained once however many ask.
//!
//! It is renewed a while before its end. If that fails, it is used on, and the renewal is tried again now and then.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// The current value, if there is one, and how it came about.
pub(crate) struct Renewal<T, E> {
    state: Mutex<State<T, E>>,
    /// How many rounds have ended. Read without the lock, so that who waits for it can tell what happened meanwhile.
    rounds: AtomicU64,
    /// Whether what a failure tells of may be over soon.
    may_pass: fn(&E) -> bool,
}

/// Into how many parts the margin is divided by renewals that fail. A login that is refused must not be repeated so often
/// that the account is locked for it.
const PARTS: u32 = 4;

/// The longest pause after a failure that may pass. A server that lost its reply knows a spent refresh token for half a
/// minute only.
const SOON: Duration = Duration::from_secs(5);

/// How long a value is good for, and how long before its end it is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub good: Duration,
    /// Not longer than `good`.
    pub margin: Duration,
}

struct State<T, E> {
    current: Option<Issued<T>>,
    failure: Option<E>,
}

/// A value, and the round that obtained it.
#[derive(Clone)]
pub(crate) struct Issued<T> {
    pub value: T,
    /// Whether the caller's own request obtained it; false if it was there, or another task's request did.
    pub fresh: bool,
    round: u64,
    span: Option<Span>,
}

/// When a value is renewed and when it ends. What has none, because that is not known or longer than a clock can count, is
/// used until it is rejected.
#[derive(Clone, Copy)]
struct Span {
    renewal: Instant,
    end: Instant,
    /// How long after a failed renewal there is another.
    pause: Duration,
}

impl Span {
    fn of(Life { good, margin }: Life) -> Option<Self> {
        let end = Instant::now().checked_add(good)?;
        Some(Self { renewal: end.checked_sub(margin)?, end, pause: margin / PARTS })
    }
}

impl<T> Issued<T> {
    /// Whether there is no need for another one yet.
    fn is_good(&self) -> bool {
        self.span.is_none_or(|span| Instant::now() < span.renewal)
    }

    /// Puts the renewal off by no more than `longest`, because it failed. Says whether the value is still good.
    fn put_off(&mut self, longest: Duration) -> bool {
        let now = Instant::now();
        let Some(span) = &mut self.span else { return true };
        span.renewal = span.end.min(now + span.pause.min(longest));
        now < span.end
    }
}

impl<T: Clone, E: Clone> Renewal<T, E> {
    pub(crate) fn new(may_pass: fn(&E) -> bool) -> Self {
        let state = Mutex::new(State { current: None, failure: None });
        Self { state, rounds: AtomicU64::new(0), may_pass }
    }

    /// The same with a value that lives for so long or, if that is not known, is used until it is rejected.
    pub(crate) fn with(value: T, life: Option<Life>, may_pass: fn(&E) -> bool) -> Self {
        let current = Some(Issued { value, fresh: false, round: 0, span: life.and_then(Span::of) });
        let state = Mutex::new(State { current, failure: None });
        Self { state, rounds: AtomicU64::new(0), may_pass }
    }

    /// The value, obtained with `obtain` if there is none or it is time for another. `obtain` gives the value and its life.
    ///
    /// One task obtains while the others wait for the lock. They get its value or, so that a refused login is not
    /// repeated once for each of them, its failure. If the obtaining task is cancelled, the next one takes over. A failure
    /// that leaves a value which is still good is nobody's: all get that value.
    pub(crate) async fn get(&self, obtain: impl Future<Output = Result<(T, Life), E>>) -> Result<Issued<T>, E> {
        let seen = self.rounds.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        let round = self.rounds.load(Ordering::Acquire);
        if let Some(current) = state.current.as_ref().filter(|current| current.is_good()) {
            return Ok(Issued { fresh: current.round > seen, ..current.clone() });
        }
        if let Some(failure) = &state.failure
            && round != seen
        {
            return Err(failure.clone());
        }
        let outcome = obtain.await;
        let round = self.rounds.fetch_add(1, Ordering::AcqRel) + 1;
        match outcome {
            Ok((value, life)) => {
                let issued = Issued { value, fresh: true, round, span: Span::of(life) };
                *state = State { current: Some(issued.clone()), failure: None };
                Ok(issued)
            }
            Err(failure) => {
                let longest = if (self.may_pass)(&failure) { SOON } else { Duration::MAX };
                state.failure = Some(failure.clone());
                state.current = state.current.take().and_then(|mut old| old.put_off(longest).then_some(old));
                state.current.clone().map(|old| Issued { fresh: false, ..old }).ok_or(failure)
            }
        }
    }

    /// The value that there is, whether or not its time is over.
    pub(crate) async fn current(&self) -> Option<Issued<T>> {
        self.state.lock().await.current.clone()
    }

    /// Drops the value that `issued` is, unless another one has taken its place.
    pub(crate) async fn reject(&self, issued: &Issued<T>) {
        let mut state = self.state.lock().await;
        if state.current.as_ref().is_some_and(|current| current.round == issued.round) {
            state.current = None;
        }
    }

    /// Ends the value with `end`, and then forgets it. Nobody obtains another one meanwhile. If `end` fails, it stays.
    pub(crate) async fn end(&self, end: impl Future<Output = Result<(), E>>) -> Result<(), E> {
        let mut state = self.state.lock().await;
        end.await?;
        *state = State { current: None, failure: None };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    use futures_util::future::join_all;

    use super::*;

    type Cell = Renewal<u32, &'static str>;

    /// Renewed after 160 s, and every 10 s if that is refused.
    const WITH_MARGIN: Life = Life { good: Duration::from_secs(200), margin: Duration::from_secs(40) };

    fn is_outage(failure: &&'static str) -> bool {
        *failure == "outage"
    }

    /// To the end, without a margin.
    fn life(good: u64) -> Life {
        Life { good: Duration::from_secs(good), margin: Duration::ZERO }
    }

    async fn count(counter: &AtomicU32, good: u64) -> Result<(u32, Life), &'static str> {
        tokio::task::yield_now().await;
        Ok((counter.fetch_add(1, Ordering::SeqCst) + 1, life(good)))
    }

    #[tokio::test(start_paused = true)]
    async fn many_tasks_obtain_once() {
        let (cell, counter) = (Arc::new(Cell::new(is_outage)), AtomicU32::new(0));
        let values = join_all((0..50).map(|_| cell.get(count(&counter, 60)))).await;
        assert!(values.iter().all(|issued| issued.as_ref().unwrap().value == 1));
        assert_eq!(counter.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn time_and_rejection_end_a_value() {
        let (cell, counter) = (Cell::new(is_outage), AtomicU32::new(0));
        let first = cell.get(count(&counter, 60)).await.unwrap();
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(cell.get(count(&counter, 60)).await.unwrap().value, 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = cell.get(count(&counter, 60)).await.unwrap();
        assert_eq!(second.value, 2);
        cell.reject(&first).await;
        assert_eq!(cell.get(count(&counter, 60)).await.unwrap().value, 2, "the first one is gone already");
        cell.reject(&second).await;
        assert_eq!(cell.get(count(&counter, 60)).await.unwrap().value, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_of_unknown_or_endless_life_is_good_until_it_is_rejected() {
        let (cell, counter) = (Cell::with(7, None, is_outage), AtomicU32::new(0));
        tokio::time::advance(Duration::from_secs(1_000_000)).await;
        let given = cell.get(count(&counter, u64::MAX)).await.unwrap();
        assert_eq!(given.value, 7);
        cell.reject(&given).await;
        assert_eq!(cell.get(count(&counter, u64::MAX)).await.unwrap().value, 1);
        tokio::time::advance(Duration::from_secs(1_000_000)).await;
        assert_eq!(cell.current().await.unwrap().value, 1);
        assert_eq!(cell.get(count(&counter, 60)).await.unwrap().value, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_given_value_ends_with_its_time_or_by_its_end() {
        let (cell, counter) = (Cell::with(7, Some(life(60)), is_outage), AtomicU32::new(0));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(cell.get(count(&counter, 60)).await.unwrap().value, 7);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(cell.get(count(&counter, 60)).await.unwrap().value, 1);
        assert!(cell.end(async { Err("no") }).await.is_err());
        assert_eq!(cell.current().await.unwrap().value, 1);
        cell.end(async { Ok(()) }).await.unwrap();
        assert!(cell.current().await.is_none());
        assert_eq!(cell.get(count(&counter, 60)).await.unwrap().value, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn one_failure_answers_all_that_waited_and_no_later_one() {
        let (cell, tries) = (Cell::new(is_outage), AtomicU32::new(0));
        let refuse = || async {
            tokio::task::yield_now().await;
            tries.fetch_add(1, Ordering::SeqCst);
            Err("refused")
        };
        let answers = join_all((0..20).map(|_| cell.get(refuse()))).await;
        assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|error| *error == "refused")));
        assert_eq!(tries.load(Ordering::SeqCst), 1);
        assert!(cell.get(refuse()).await.is_err());
        assert_eq!(tries.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_outlives_renewals_that_fail_and_they_are_not_made_for_every_caller() {
        for (failure, expected) in [("refused", [160, 170, 180, 190]), ("outage", [160, 165, 170, 175])] {
            let (cell, tries) = (Cell::with(7, Some(WITH_MARGIN), is_outage), AtomicU32::new(0));
            let fail = || async {
                tokio::task::yield_now().await;
                tries.fetch_add(1, Ordering::SeqCst);
                Err(failure)
            };
            let mut tried_at = Vec::new();
            for second in 1..200 {
                tokio::time::advance(Duration::from_secs(1)).await;
                let before = tries.load(Ordering::SeqCst);
                for issued in join_all((0..3).map(|_| cell.get(fail()))).await {
                    let issued = issued.unwrap();
                    assert!(issued.value == 7 && !issued.fresh);
                }
                if tries.load(Ordering::SeqCst) > before {
                    tried_at.push(second);
                }
            }
            assert_eq!(tried_at[..4], expected, "{failure}");
            assert_eq!(tries.load(Ordering::SeqCst) as usize, tried_at.len(), "one for all callers");
            tokio::time::advance(Duration::from_secs(1)).await;
            for answer in join_all((0..3).map(|_| cell.get(fail()))).await {
                assert_eq!(answer.err(), Some(failure), "its time is over");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_that_could_not_be_renewed_is_renewed_later_and_is_not_kept_when_it_is_rejected() {
        let (cell, counter) = (Cell::with(7, Some(WITH_MARGIN), is_outage), AtomicU32::new(0));
        tokio::time::advance(Duration::from_secs(160)).await;
        assert_eq!(cell.get(async { Err("refused") }).await.unwrap().value, 7);
        assert_eq!(cell.get(count(&counter, 60)).await.unwrap().value, 7, "not yet");
        tokio::time::advance(Duration::from_secs(10)).await;
        let renewed = cell.get(count(&counter, 60)).await.unwrap();
        assert!(renewed.value == 1 && renewed.fresh);

        let cell = Cell::with(7, Some(WITH_MARGIN), is_outage);
        tokio::time::advance(Duration::from_secs(160)).await;
        let kept = cell.get(async { Err("refused") }).await.unwrap();
        cell.reject(&kept).await;
        assert_eq!(cell.get(async { Err("refused") }).await.err(), Some("refused"), "the server does not take it");
    }
}
