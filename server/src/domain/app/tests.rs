//! Applications on the embedded database. What differs by database is tested with the store.

use std::path::Path;

use futures_util::poll;
use tempfile::TempDir;

use super::*;
use crate::config::Config;
use crate::domain::Core;
use crate::domain::clock::ManualClock;
use crate::domain::mail::{Mail, Sender, Transport};
use crate::domain::realm::Declared;
use crate::domain::sms::{self, Sms};

const START: Timestamp = Timestamp::from_millis(1_795_474_800_500);

/// A core on an empty database, with a clock that stands.
pub(in crate::domain) struct Bench {
    pub(in crate::domain) core: Core,
    pub(in crate::domain) time: ManualClock,
    pub(in crate::domain) store: Store,
    pub(in crate::domain) dir: TempDir,
}

impl Bench {
    pub(in crate::domain) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::connect(&Store::embedded_url(dir.path())).await.unwrap();
        store.migrate_up().await.unwrap();
        let (clock, time) = Clock::manual(START);
        let core = open(&store, dir.path(), &clock);
        Self { core, time, store, dir }
    }

    /// Another process on the same store, with the same keys.
    fn beside(&self) -> Self {
        let (clock, time) = Clock::manual(START);
        let core = open(&self.store, self.dir.path(), &clock);
        Self { core, time, store: self.store.clone(), dir: tempfile::tempdir().unwrap() }
    }

    pub(in crate::domain) async fn app(&self, name: &str, may_create: bool) -> CreatedApp {
        let new = NewApp::new(name.to_owned(), None, None).unwrap();
        self.core.apps.provision(Provision { app_id: None, secret: None, new, may_create }).await.unwrap()
    }

    /// Changes an application as `gatehouse apply` does: `settings` are as in a realm file.
    pub(in crate::domain) async fn change(&self, app: &App, settings: &str) {
        let realm = format!("apps: [{{ id: {}, name: {}, {settings} }}]", app.app_id, app.name);
        let declared = Declared::read(&realm, Path::new(""), false).unwrap();
        assert_eq!(self.core.realms.apply(&declared).await.unwrap().changes.len(), 1);
    }

    /// Revokes the application's tokens, and leaves it the secret that it had.
    pub(in crate::domain) async fn revoke_tokens(&self, created: &CreatedApp) {
        self.change(&created.app, "secret: another secret of it").await;
        self.change(&created.app, &format!("secret: {}", created.secret.expose())).await;
    }

    pub(in crate::domain) async fn caller(&self, created: &CreatedApp) -> Caller {
        let token = self.core.tokens.issue(&created.app).unwrap().token;
        self.core.tokens.verify(&token).await.unwrap()
    }
}

fn open(store: &Store, dir: &Path, clock: &Clock) -> Core {
    let keys = KeyRing::open(dir, None, clock.clone(), Random::system()).unwrap();
    let sender = Sender::parse("no-reply@localhost").unwrap();
    let mail = Mail::new(Transport::Outbox(dir.join("outbox")), sender, clock.clone(), Random::seeded(2));
    let sms = Sms::new(sms::Transport::Outbox(dir.join("outbox")), clock.clone(), Random::seeded(3));
    Core::new(store.clone(), keys, &Config::default().domain(), clock.clone(), Random::seeded(1), mail, sms).unwrap()
}

/// An application.
pub(in crate::domain) fn sample() -> App {
    App {
        id: 1,
        app_id: AppId::new("shop"),
        name: "Shop".to_owned(),
        description: None,
        redirect_uri: None,
        status: AppStatus::Enabled,
        may_create: false,
        created_by: None,
        tokens_valid_from: START,
        created_at: START,
        token_life: TOKEN_LIFE,
        refresh_life: REFRESH_LIFE,
        exclusive: false,
    }
}

fn new(name: &str) -> NewApp {
    NewApp::new(name.to_owned(), Some("what it does".to_owned()), Some("https://example.com/cb".to_owned())).unwrap()
}

#[tokio::test]
async fn an_application_is_created_with_a_secret_that_works() {
    let bench = Bench::new().await;
    let creator = bench.app("creator", true).await;
    let caller = bench.caller(&creator).await;
    let created = bench.core.apps.create(&caller, new("shop")).await.unwrap();
    let app = &created.app;

    let suffix = app.app_id.as_str().strip_prefix("go-api-").unwrap();
    assert!(suffix.len() == 8 && suffix.chars().all(|c| c.is_ascii_alphanumeric()));
    assert!(created.secret.expose().len() == 32 && created.secret.expose().chars().all(|c| c.is_ascii_alphanumeric()));
    assert_eq!((app.name.as_str(), app.description.as_deref()), ("shop", Some("what it does")));
    assert_eq!((app.created_by, app.created_at, app.status), (Some(creator.app.id), START, AppStatus::Enabled));

    let proven = bench.core.apps.authenticate(app.app_id.as_str(), created.secret.expose()).await.unwrap();
    assert_eq!(*proven, *app);
}

#[tokio::test]
async fn an_unknown_id_a_wrong_secret_and_a_disabled_application_look_alike() {
    let bench = Bench::new().await;
    let apps = &bench.core.apps;
    let created = bench.app("shop", true).await;
    let (id, secret) = (created.app.app_id.as_str(), created.secret.expose().as_str());
    for (id, secret) in [("nobody", secret), (id, "wrong"), (id, ""), ("", ""), ("GO-API-X", "x"), (id, &secret[..31])]
    {
        assert!(matches!(apps.authenticate(id, secret).await, Err(Error::UnknownApp)), "{id} {secret}");
    }
    bench.change(&created.app, "enabled: false").await;
    assert!(matches!(apps.authenticate(id, secret).await, Err(Error::UnknownApp)));
    bench.change(&created.app, "enabled: true").await;
    apps.authenticate(id, secret).await.unwrap();
}

#[tokio::test]
async fn a_wrong_secret_costs_a_look_into_the_store_as_an_unknown_id_does() {
    let bench = Bench::new().await;
    let apps = &bench.core.apps;
    let created = bench.app("shop", true).await;
    let (id, secret) = (created.app.app_id.as_str(), created.secret.expose().as_str());
    apps.authenticate(id, secret).await.unwrap();
    // What needs the store now fails, which shows what does.
    bench.store.clone().close().await.unwrap();
    apps.authenticate(id, secret).await.unwrap();
    for (id, secret) in [("nobody", secret), (id, "wrong")] {
        assert!(matches!(apps.authenticate(id, secret).await, Err(Error::StoreUnavailable(_))), "{id} {secret}");
    }
}

#[tokio::test]
async fn the_stored_hash_is_keyed_and_bound_to_the_id() {
    let bench = Bench::new().await;
    let (one, two) = (bench.app("one", true).await, bench.app("two", true).await);
    let hash = bench.store.app_by_id(one.app.id).await.unwrap().unwrap().secret_hash;
    let (kid, mac) = hash.split_once(':').unwrap();
    assert_eq!((kid, mac.len()), (bench.core.keys.active().id(), 64));
    assert!(!hash.contains(one.secret.expose()));

    let other = bench.store.app_by_id(two.app.id).await.unwrap().unwrap().secret_hash;
    bench.store.replace_secret_hash(two.app.id, &other, &hash).await.unwrap();
    let copied = bench.core.apps.authenticate(two.app.app_id.as_str(), one.secret.expose()).await;
    assert!(matches!(copied, Err(Error::UnknownApp)));
}

#[tokio::test]
async fn a_taken_name_is_told_and_a_name_of_another_case_is_free() {
    let bench = Bench::new().await;
    let caller = bench.caller(&bench.app("creator", true).await).await;
    bench.core.apps.create(&caller, new("shop")).await.unwrap();
    assert!(matches!(bench.core.apps.create(&caller, new("shop")).await, Err(Error::AppNameTaken)));
    bench.core.apps.create(&caller, new("Shop")).await.unwrap();
}

#[tokio::test]
async fn a_drawn_id_that_is_taken_is_drawn_again() {
    let bench = Bench::new().await;
    // The same seed draws the same secret and then the same id first.
    let again = open(&bench.store, bench.dir.path(), &bench.core.clock);
    let provision = |name: &str| Provision { app_id: None, secret: None, new: new(name), may_create: true };
    let one = bench.core.apps.provision(provision("one")).await.unwrap();
    let two = again.apps.provision(provision("two")).await.unwrap();
    assert_eq!(one.secret, two.secret);
    assert_ne!(one.app.app_id, two.app.app_id);
}

#[tokio::test]
async fn only_those_who_may_create_do() {
    let bench = Bench::new().await;
    let caller = bench.caller(&bench.app("reader", false).await).await;
    assert!(matches!(bench.core.apps.create(&caller, new("shop")).await, Err(Error::Forbidden)));
}

#[tokio::test]
async fn a_list_has_the_callers_own_applications_newest_last() {
    let bench = Bench::new().await;
    let (one, two) = (bench.app("one", true).await, bench.app("two", true).await);
    let (one, two) = (bench.caller(&one).await, bench.caller(&two).await);
    for name in ["a", "b", "c"] {
        bench.core.apps.create(&one, new(name)).await.unwrap();
    }
    let page = |page| PageRequest::new(page, 2).unwrap();
    let names =
        |listed: Arc<Listed<App>>| (listed.items.iter().map(|app| app.name.clone()).collect::<Vec<_>>(), listed.total);
    assert_eq!(names(bench.core.apps.list(&one, page(1)).await.unwrap()), (vec!["a".to_owned(), "b".to_owned()], 3));
    assert_eq!(names(bench.core.apps.list(&one, page(2)).await.unwrap()), (vec!["c".to_owned()], 3));
    assert_eq!(names(bench.core.apps.list(&one, page(9)).await.unwrap()), (vec![], 3));
    assert_eq!(names(bench.core.apps.list(&two, page(1)).await.unwrap()), (vec![], 0));
}

#[tokio::test]
async fn a_list_shows_a_change_at_once_though_its_pages_are_remembered() {
    let bench = Bench::new().await;
    let caller = bench.caller(&bench.app("one", true).await).await;
    let page = PageRequest::new(1, 10).unwrap();
    assert_eq!(bench.core.apps.list(&caller, page).await.unwrap().total, 0);
    let created = bench.core.apps.create(&caller, new("a")).await.unwrap();
    assert_eq!(bench.core.apps.list(&caller, page).await.unwrap().total, 1);
    bench.change(&created.app, "enabled: false").await;
    assert_eq!(bench.core.apps.list(&caller, page).await.unwrap().items[0].status, AppStatus::Disabled);
}

#[tokio::test]
async fn each_change_is_told_to_the_application_it_concerns() {
    let bench = Bench::new().await;
    let creator = bench.app("creator", true).await;
    let caller = bench.caller(&creator).await;
    let mut heard = bench.core.events.subscribe(&caller.app, 8);
    let created = bench.core.apps.create(&caller, new("shop")).await.unwrap();
    let event = heard.next().await.unwrap();
    assert_eq!((event.topic, event.at, event.id.len()), (Topic::AppCreated, START, 32));
    assert_eq!(event.data, serde_json::json!({"app_id": created.app.app_id.as_str(), "app_name": "shop"}));

    bench.change(&creator.app, "secret: another secret of it").await;
    assert_eq!(heard.next().await.unwrap().topic, Topic::TokenRevoked);
    bench.change(&creator.app, "enabled: false").await;
    let event = heard.next().await.unwrap();
    assert_eq!(event.topic, Topic::AppDisabled);
    assert_eq!(event.data, serde_json::json!({"app_id": creator.app.app_id.as_str()}));
}

#[tokio::test]
async fn what_became_of_an_application_is_told_once_however_many_ask() {
    let bench = Bench::new().await;
    let creator = bench.app("creator", true).await;
    let caller = bench.caller(&creator).await;
    let (mut one, mut two) = (bench.core.events.subscribe(&caller.app, 8), bench.core.events.subscribe(&caller.app, 8));
    // Another process changes it.
    let other = bench.beside();
    other.change(&creator.app, "enabled: false, secret: another secret of it").await;
    assert!(one.waiting().is_none());

    let apps = &bench.core.apps;
    let (first, second, third) = tokio::join!(apps.tell(), apps.tell(), apps.tell());
    first.and(second).and(third).unwrap();
    for heard in [&mut one, &mut two] {
        assert_eq!(heard.waiting().unwrap().topic, Topic::TokenRevoked);
        assert_eq!(heard.waiting().unwrap().topic, Topic::AppDisabled);
        assert!(heard.waiting().is_none());
    }
    other.change(&creator.app, "description: shut, enabled: false").await;
    apps.tell().await.unwrap();
    assert!(one.waiting().is_none(), "nothing became of it that anybody hears of");
}

#[tokio::test]
async fn who_asks_while_others_wait_shares_their_look() {
    let bench = Bench::new().await;
    let creator = bench.app("creator", true).await;
    let mut heard = bench.core.events.subscribe(&bench.caller(&creator).await.app, 8);
    let other = bench.beside();
    let apps = &bench.core.apps;
    let (mut first, mut second) = (Box::pin(apps.tell()), Box::pin(apps.tell()));
    let busy = apps.told.lock().await;
    assert!(poll!(first.as_mut()).is_pending() && poll!(second.as_mut()).is_pending());
    drop(busy);
    first.await.unwrap();
    other.change(&creator.app, "enabled: false").await;
    second.await.unwrap();
    assert!(heard.waiting().is_none(), "it did not look again");
    apps.tell().await.unwrap();
    assert_eq!(heard.waiting().unwrap().topic, Topic::AppDisabled);
}

#[tokio::test]
async fn who_came_later_hears_of_nothing_that_was_before() {
    let bench = Bench::new().await;
    let creator = bench.app("creator", true).await;
    let mut earlier = bench.core.events.subscribe(&bench.caller(&creator).await.app, 8);
    // Another process changes it, and nobody is told yet.
    let other = bench.beside();
    other.change(&creator.app, "secret: another secret of it").await;
    let now = other.core.apps.by_id(creator.app.id).await.unwrap().unwrap();
    let mut later = bench.core.events.subscribe(&now, 8);

    bench.core.apps.tell().await.unwrap();
    assert_eq!(earlier.waiting().unwrap().topic, Topic::TokenRevoked);
    assert!(later.waiting().is_none(), "it knew");
    other.change(&creator.app, "enabled: false").await;
    bench.core.apps.tell().await.unwrap();
    let events = [&mut earlier, &mut later].map(|heard| heard.waiting().unwrap());
    assert_eq!((events[0].topic, &events[0].id), (Topic::AppDisabled, &events[1].id), "it is one event");
}

#[tokio::test]
async fn an_application_that_is_gone_is_told_to_be_disabled() {
    let bench = Bench::new().await;
    let caller = bench.caller(&bench.app("shop", true).await).await;
    let mut heard = bench.core.events.subscribe(&caller.app, 8);
    let declared = Declared::read("apps: []", Path::new(""), true).unwrap();
    bench.core.realms.apply(&declared).await.unwrap();
    assert_eq!(heard.next().await.unwrap().topic, Topic::AppDisabled);
}

#[tokio::test]
async fn a_proven_secret_moves_to_the_active_key() {
    let bench = Bench::new().await;
    let created = bench.app("shop", true).await;
    let (id, secret) = (created.app.app_id.as_str(), created.secret.expose().as_str());
    let old = bench.core.keys.active();
    bench.core.keys.rotate().unwrap();
    assert_eq!(bench.store.count_secrets_under(old.id()).await.unwrap(), 1);

    assert!(bench.core.apps.authenticate(id, "wrong").await.is_err());
    assert_eq!(bench.store.count_secrets_under(old.id()).await.unwrap(), 1);
    bench.core.apps.authenticate(id, secret).await.unwrap();
    assert_eq!(bench.store.count_secrets_under(old.id()).await.unwrap(), 0);

    bench.core.keys.retire(old.id(), 0, false).unwrap();
    bench.core.apps.authenticate(id, secret).await.unwrap();
}

#[tokio::test]
async fn a_secret_under_a_key_retired_by_force_is_useless() {
    let bench = Bench::new().await;
    let created = bench.app("shop", true).await;
    let old = bench.core.keys.active();
    bench.core.keys.rotate().unwrap();
    bench.core.keys.retire(old.id(), 1, true).unwrap();
    let outcome = bench.core.apps.authenticate(created.app.app_id.as_str(), created.secret.expose()).await;
    assert!(matches!(outcome, Err(Error::UnknownApp)));
}

#[tokio::test]
async fn a_row_read_before_a_change_does_not_outlive_it_in_the_cache() {
    let bench = Bench::new().await;
    let apps = &bench.core.apps;
    let created = bench.app("shop", true).await;
    // A reader reads the row, a writer changes it, and only then the reader puts its row into the cache.
    let before = apps.changes.load(Ordering::SeqCst);
    let row = bench.store.app_by_id(created.app.id).await.unwrap().unwrap();
    bench.change(&created.app, "enabled: false").await;
    apps.remember(row, before);
    assert_eq!(apps.by_id(created.app.id).await.unwrap().unwrap().status, AppStatus::Disabled);
    assert_eq!(apps.by_app_id(&created.app.app_id).await.unwrap().unwrap().status, AppStatus::Disabled);
}

#[tokio::test]
async fn a_provisioned_application_has_the_id_and_secret_it_was_given() {
    let bench = Bench::new().await;
    let provision = |name: &str| Provision {
        app_id: Some(AppId::new("go-api-demo0001")),
        secret: Some(Secret::new("demo".to_owned())),
        new: new(name),
        may_create: true,
    };
    assert!(!bench.core.apps.any().await.unwrap());
    bench.core.apps.provision(provision("Demo")).await.unwrap();
    assert!(bench.core.apps.any().await.unwrap());
    bench.core.apps.authenticate("go-api-demo0001", "demo").await.unwrap();
    let again = bench.core.apps.provision(provision("Another")).await;
    assert!(matches!(again, Err(Error::InvalidInput { field: "app_id", .. })));
}
