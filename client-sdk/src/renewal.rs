//! A credential that is obtained when it is needed, kept while it is good, and obtained once however many ask.

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
    /// When its time is over; never, if that is not known.
    until: Option<Instant>,
}

impl<T: Clone, E: Clone> Renewal<T, E> {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { current: None, failure: None }), rounds: AtomicU64::new(0) }
    }

    /// The same with a value that is to be used for so long or, if that is not known, until it is rejected.
    pub(crate) fn with(value: T, life: Option<Duration>) -> Self {
        let until = life.and_then(|life| Instant::now().checked_add(life));
        let current = Some(Issued { value, fresh: false, round: 0, until });
        Self { state: Mutex::new(State { current, failure: None }), rounds: AtomicU64::new(0) }
    }

    /// The value, obtained with `obtain` if there is none or its time is over. `obtain` gives the value and how long it
    /// is to be used.
    ///
    /// One task obtains while the others wait for the lock. They get its value or, so that a refused login is not
    /// repeated once for each of them, its failure. If the obtaining task is cancelled, the next one takes over.
    pub(crate) async fn get(&self, obtain: impl Future<Output = Result<(T, Duration), E>>) -> Result<Issued<T>, E> {
        let seen = self.rounds.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        let round = self.rounds.load(Ordering::Acquire);
        if let Some(current) = &state.current
            && current.until.is_none_or(|until| Instant::now() < until)
        {
            return Ok(Issued { fresh: round != seen, ..current.clone() });
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
                // What lives longer than a clock can count lives for ever.
                let until = Instant::now().checked_add(life);
                let issued = Issued { value, fresh: true, round, until };
                *state = State { current: Some(issued.clone()), failure: None };
                Ok(issued)
            }
            Err(failure) => {
                *state = State { current: None, failure: Some(failure.clone()) };
                Err(failure)
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

    async fn count(counter: &AtomicU32, life: u64) -> Result<(u32, Duration), &'static str> {
        tokio::task::yield_now().await;
        Ok((counter.fetch_add(1, Ordering::SeqCst) + 1, Duration::from_secs(life)))
    }

    #[tokio::test(start_paused = true)]
    async fn many_tasks_obtain_once() {
        let (cell, counter) = (Arc::new(Cell::new()), AtomicU32::new(0));
        let values = join_all((0..50).map(|_| cell.get(count(&counter, 60)))).await;
        assert!(values.iter().all(|issued| issued.as_ref().unwrap().value == 1));
        assert_eq!(counter.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn time_and_rejection_end_a_value() {
        let (cell, counter) = (Cell::new(), AtomicU32::new(0));
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
        let (cell, counter) = (Cell::with(7, None), AtomicU32::new(0));
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
        let (cell, counter) = (Cell::with(7, Some(Duration::from_secs(60))), AtomicU32::new(0));
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
        let (cell, tries) = (Cell::new(), AtomicU32::new(0));
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
}
