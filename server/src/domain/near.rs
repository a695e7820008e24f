//! A near-cache: values of the store, remembered for as long as nobody changes them, and never for long.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;

use super::Error;

/// The longest that a change made elsewhere stays unnoticed here, unless a realm was applied, which is followed at once.
/// Whoever remembers what was found here for two seconds more still learns of it within the ten that are promised.
const TTL: Duration = Duration::from_secs(8);

/// Values by key. What is not there is not remembered, so that it is found as soon as it is.
pub(super) struct Near<K, V> {
    values: Cache<K, Arc<V>>,
    /// Grows with every change; a value read before one must not stay in the cache after it.
    changes: AtomicU64,
}

impl<K, V> Near<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// A cache of at most `capacity` values, the least recently used forgotten first.
    pub(super) fn new(capacity: u64) -> Self {
        Self { values: Cache::builder().max_capacity(capacity).time_to_live(TTL).build(), changes: AtomicU64::new(0) }
    }

    /// The value of `key`, read by `read` if it is not remembered.
    ///
    /// # Errors
    /// Those of `read`.
    pub(super) async fn get<R, E>(&self, key: &K, read: R) -> Result<Option<Arc<V>>, Error>
    where
        R: Future<Output = Result<Option<V>, E>>,
        Error: From<E>,
    {
        if let Some(value) = self.values.get(key) {
            return Ok(Some(value));
        }
        let before = self.changes.load(Ordering::SeqCst);
        let Some(value) = read.await?.map(Arc::new) else { return Ok(None) };
        self.values.insert(key.clone(), Arc::clone(&value));
        // A change that was committed since has perhaps invalidated already, and this late entry would outlive it.
        if self.changes.load(Ordering::SeqCst) != before {
            self.values.invalidate(key);
        }
        Ok(Some(value))
    }

    /// Counts the changes. What is found here after this count was taken is what would be found anew, for as long as the
    /// count stays the same and nobody else changes the store.
    pub(super) fn version(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Forgets every value; called after a commit that changes many.
    pub(super) fn forget_all(&self) {
        self.changing(|values| values.invalidate_all());
    }

    /// The value of `key`, if it is remembered.
    pub(super) fn peek<Q>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.values.get(key)
    }

    /// Forgets a value; called after every commit that changes it.
    pub(super) fn forget(&self, key: &K) {
        self.changing(|values| values.invalidate(key));
    }

    /// Counted before, for those who are reading the store, and after, for those who still found what is forgotten.
    fn changing(&self, forget: impl FnOnce(&Cache<K, Arc<V>>)) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        forget(&self.values);
        self.changes.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: u32) -> impl Future<Output = Result<Option<u32>, Error>> {
        std::future::ready(Ok(Some(value)))
    }

    #[tokio::test]
    async fn a_value_is_read_once_until_it_is_forgotten() {
        let near = Near::new(10);
        assert_eq!(near.get(&"a", found(1)).await.unwrap().as_deref(), Some(&1));
        assert_eq!(near.get(&"a", found(2)).await.unwrap().as_deref(), Some(&1));
        near.forget(&"a");
        assert_eq!(near.get(&"a", found(3)).await.unwrap().as_deref(), Some(&3));
    }

    #[tokio::test]
    async fn what_is_missing_is_looked_for_again() {
        let near = Near::new(10);
        assert_eq!(near.get(&"a", std::future::ready(Ok::<Option<u32>, Error>(None))).await.unwrap(), None);
        assert_eq!(near.get(&"a", found(1)).await.unwrap().as_deref(), Some(&1));
    }

    #[tokio::test]
    async fn a_value_that_changed_while_it_was_read_is_not_kept() {
        let near = Near::new(10);
        let read = async {
            near.forget(&"a");
            Ok::<_, Error>(Some(1))
        };
        assert_eq!(near.get(&"a", read).await.unwrap().as_deref(), Some(&1));
        assert_eq!(near.get(&"a", found(2)).await.unwrap().as_deref(), Some(&2));
    }
}
