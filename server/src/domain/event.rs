//! Events of an application, delivered to those who subscribed to it. A slow subscriber never holds up a publisher.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{self, error::TrySendError};

use super::app::App;
use super::clock::Timestamp;

/// What an event is about. The wire names are the same in every dialect that has events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Topic {
    /// The application created another one.
    #[serde(rename = "app.created")]
    AppCreated,
    /// The application was disabled.
    #[serde(rename = "app.disabled")]
    AppDisabled,
    /// The application's tokens were revoked.
    #[serde(rename = "token.revoked")]
    TokenRevoked,
    /// A request limit was reached.
    #[serde(rename = "limit.reached")]
    LimitReached,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 4] = [Self::AppCreated, Self::AppDisabled, Self::TokenRevoked, Self::LimitReached];

    /// The name on the wire, such as `app.created`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppCreated => "app.created",
            Self::AppDisabled => "app.disabled",
            Self::TokenRevoked => "token.revoked",
            Self::LimitReached => "limit.reached",
        }
    }

    /// The topic of this wire name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Unique, 32 hexadecimal digits.
    pub id: String,
    /// What it is about.
    pub topic: Topic,
    /// When it happened.
    pub at: Timestamp,
    /// The details; never a secret.
    pub data: serde_json::Value,
}

/// Who listens to which application. A clone is the same hub.
#[derive(Clone, Default)]
pub struct Events(Arc<Hub>);

#[derive(Default)]
struct Hub {
    next: AtomicU64,
    followed: Mutex<HashMap<i64, Vec<Listener>>>,
}

struct Listener {
    /// Ascending in the order in which they came.
    id: u64,
    /// The application as this one last heard of it.
    heard: Arc<App>,
    queue: mpsc::Sender<Arc<Event>>,
    lagged: Arc<AtomicBool>,
}

/// A moment, in the order in which listeners came.
#[derive(Clone, Copy, Debug)]
pub struct SoFar(u64);

impl Events {
    /// A hub without subscriptions.
    pub fn new() -> Self {
        Self::default()
    }

    /// Subscribes to the events of an application, which the subscriber knows as it is here; `capacity` (at least 1) events
    /// may wait.
    pub fn subscribe(&self, app: &Arc<App>, capacity: usize) -> Subscription {
        self.register(&mut self.0.lock(), app, capacity)
    }

    /// As [`subscribe`](Self::subscribe), unless the application already has `max` live subscriptions: then `None`.
    /// Concurrent callers never come to more than `max` together.
    pub fn subscribe_at_most(&self, app: &Arc<App>, capacity: usize, max: usize) -> Option<Subscription> {
        let mut followed = self.0.lock();
        let live = followed.get(&app.id).map_or(0, Vec::len);
        (live < max).then(|| self.register(&mut followed, app, capacity))
    }

    fn register(&self, followed: &mut HashMap<i64, Vec<Listener>>, app: &Arc<App>, capacity: usize) -> Subscription {
        let (queue, waiting) = mpsc::channel(capacity.max(1));
        let lagged = Arc::new(AtomicBool::new(false));
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let listener = Listener { id, heard: Arc::clone(app), queue, lagged: Arc::clone(&lagged) };
        followed.entry(app.id).or_default().push(listener);
        Subscription { hub: Arc::clone(&self.0), app: app.id, id, waiting, lagged }
    }

    /// The numeric ids of all applications that somebody listens to, and what tells apart who does so far.
    pub fn followed(&self) -> (Vec<i64>, SoFar) {
        let followed = self.0.lock();
        (followed.keys().copied().collect(), SoFar(self.0.next.load(Ordering::Relaxed)))
    }

    /// Takes down what an application has become, for everyone who listened to it so far, and gives them the news of it.
    /// `change` makes both of what one of them last heard; it must not come back here.
    pub fn update(&self, app: i64, so_far: SoFar, change: impl Fn(&App) -> (Arc<App>, Vec<Arc<Event>>)) {
        let mut followed = self.0.lock();
        for listener in followed.get_mut(&app).into_iter().flatten().filter(|listener| listener.id < so_far.0) {
            let (now, news) = change(&listener.heard);
            listener.heard = now;
            news.iter().for_each(|event| listener.give(event));
        }
    }

    /// Live subscriptions of the application with this numeric id. One that lagged counts until it is dropped.
    pub fn live(&self, app: i64) -> usize {
        self.0.lock().get(&app).map_or(0, Vec::len)
    }

    /// Gives `event` to every subscription of the application. Never waits: a full queue marks its subscription as
    /// lagged, and that one gets nothing more.
    pub fn publish(&self, app: i64, event: Event) {
        let followed = self.0.lock();
        let Some(listeners) = followed.get(&app) else { return };
        let event = Arc::new(event);
        listeners.iter().for_each(|listener| listener.give(&event));
    }
}

impl Listener {
    /// Gives an event to one who has not lagged. Never waits.
    fn give(&self, event: &Arc<Event>) {
        if self.lagged.load(Ordering::Acquire) {
            return;
        }
        if let Err(TrySendError::Full(_)) = self.queue.try_send(Arc::clone(event)) {
            self.lagged.store(true, Ordering::Release);
        }
    }
}

impl Hub {
    /// A panic while the lock was held leaves the map whole (each change to it is one call), so the map is used on.
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Vec<Listener>>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The receiving end. Dropping it ends the subscription.
pub struct Subscription {
    hub: Arc<Hub>,
    app: i64,
    id: u64,
    waiting: mpsc::Receiver<Arc<Event>>,
    lagged: Arc<AtomicBool>,
}

/// The subscriber was too slow: its queue was full when an event came, and that event is lost to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lagged;

impl fmt::Display for Lagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the subscriber is too slow; an event was lost")
    }
}

impl StdError for Lagged {}

impl Subscription {
    /// The next event, as soon as there is one. Cancel-safe: an event is lost only with the subscription.
    ///
    /// # Errors
    /// [`Lagged`] once the queue has overflowed, even while older events still wait: the subscription is over.
    pub async fn next(&mut self) -> Result<Arc<Event>, Lagged> {
        if self.lagged.load(Ordering::Acquire) {
            return Err(Lagged);
        }
        // The sender lives in the hub, which this subscription keeps alive: the queue never closes before it is dropped.
        self.waiting.recv().await.ok_or(Lagged)
    }

    /// An event that waits, if one does.
    pub fn waiting(&mut self) -> Option<Arc<Event>> {
        self.waiting.try_recv().ok()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut followed = self.hub.lock();
        let Some(listeners) = followed.get_mut(&self.app) else { return };
        listeners.retain(|listener| listener.id != self.id);
        if listeners.is_empty() {
            followed.remove(&self.app);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::app::tests::sample;
    use super::*;

    fn app(id: i64) -> Arc<App> {
        Arc::new(App { id, ..sample() })
    }

    fn event(id: &str) -> Event {
        Event {
            id: id.to_owned(),
            topic: Topic::AppCreated,
            at: Timestamp::from_seconds(1),
            data: serde_json::json!({"app_id": "x"}),
        }
    }

    #[tokio::test]
    async fn an_application_sees_only_its_own_events() {
        let events = Events::new();
        let (mut one, mut two) = (events.subscribe(&app(1), 4), events.subscribe(&app(2), 4));
        events.publish(1, event("a"));
        events.publish(2, event("b"));
        events.publish(3, event("c"));
        assert_eq!(one.next().await.unwrap().id, "a");
        assert_eq!(two.next().await.unwrap().id, "b");
    }

    #[tokio::test]
    async fn a_full_queue_ends_the_subscription_and_holds_up_nobody() {
        let events = Events::new();
        let (mut slow, mut quick) = (events.subscribe(&app(1), 1), events.subscribe(&app(1), 8));
        for id in ["a", "b", "c"] {
            events.publish(1, event(id));
        }
        assert_eq!(slow.next().await, Err(Lagged));
        assert_eq!(slow.next().await, Err(Lagged));
        for id in ["a", "b", "c"] {
            assert_eq!(quick.next().await.unwrap().id, id);
        }
    }

    #[test]
    fn who_comes_while_news_are_made_is_not_told_of_them() {
        let events = Events::new();
        let _early = events.subscribe(&app(1), 4);
        let (ids, so_far) = events.followed();
        let mut late = events.subscribe(&app(1), 4);
        let news = || vec![Arc::new(event("a"))];
        events.update(ids[0], so_far, |heard| (Arc::new(heard.clone()), news()));
        assert!(late.waiting().is_none(), "what it knows may be newer");
        events.update(ids[0], events.followed().1, |heard| (Arc::new(heard.clone()), news()));
        assert_eq!(late.waiting().unwrap().id, "a");
    }

    #[test]
    fn subscriptions_are_counted_until_dropped() {
        let events = Events::new();
        let one = events.subscribe_at_most(&app(1), 1, 2);
        let two = events.subscribe_at_most(&app(1), 1, 2);
        assert!(one.is_some() && two.is_some());
        assert!(events.subscribe_at_most(&app(1), 1, 2).is_none());
        assert!(events.subscribe_at_most(&app(2), 1, 2).is_some());
        assert_eq!(events.live(1), 2);
        drop(one);
        assert_eq!(events.live(1), 1);
        assert!(events.subscribe_at_most(&app(1), 1, 2).is_some());
        drop(two);
        assert_eq!(events.live(1), 0);
        assert!(events.0.lock().is_empty());
    }

    #[test]
    fn topics_have_one_name_in_every_place() {
        for topic in Topic::ALL {
            assert_eq!(serde_json::to_value(topic).unwrap(), topic.name());
            assert_eq!(Topic::parse(topic.name()), Some(topic));
        }
        assert_eq!(Topic::parse("app.renamed"), None);
    }
}
