//! A server of one test: the real one, on a socket, with a clock that the test moves and randomness that repeats.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::{hkdf, hmac};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use gatehouse_server::{
    app::App,
    cli::DEMO_REALM,
    config::Config,
    domain::{
        Core,
        app::{AppId, NewApp, Provision},
        audit::{Audit, AuditKind},
        clock::{Clock, ManualClock, Timestamp},
        keys::KeyRing,
        origin::Origin,
        password::Digest,
        random::Random,
        realm::Declared,
        secret::Secret,
        user::{Handle, NewUser},
    },
    http::{
        front::{Front, Rules, Scope},
        metrics::Metrics,
        mount::{Mount, Parts},
        ops::Ops,
        server::{ConnectionRules, Server},
        trace::TraceIds,
    },
    store::{DataKeyRow, HandleKind, NewUserRow, Store, UserRow},
    testing::{Backend, TestDatabase, backends},
};
use sea_orm::{ConnectionTrait as _, Database, Statement};
use tempfile::TempDir;
use tokio::{sync::OnceCell, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    must,
    proxy::Proxy,
    wechat::Wechat,
    wire::{Exchange, Request},
};

/// When every test begins: 2026-01-02T03:04:05Z.
pub const START: Timestamp = Timestamp::from_seconds(1_767_323_045);

/// The application that every server has, with the right to create others: its id.
pub const DEMO_APP: &str = "go-api-demo0001";

/// Its secret.
pub const DEMO_SECRET: &str = "demodemodemodemodemodemodemodemo";

/// The administrator that every server has; the numeric id is 1.
pub const ADMIN: &str = "admin";

/// The administrator's password.
pub const ADMIN_PASSWORD: &str = "123456";

/// The seed of every server's randomness.
const SEED: u64 = 7;

/// The seed of what is made before a server starts, so that more of it changes no id that a test shows.
const PROVISIONING_SEED: u64 = 8;

/// The seed of what a realm file makes; each further file counts on from it.
const REALM_SEED: u64 = 1000;

/// The seed of every server's mail.
const MAIL_SEED: u64 = 9;

/// The seed of every server's SMS.
const SMS_SEED: u64 = 10;

/// The seed of a server that was started again; each further start counts on from it, because ids that were given out
/// must not come again.
const RESTART_SEED: u64 = 100;

/// The master secret of every server, so that signatures repeat too.
const MASTER: [u8; 32] = [7; 32];

/// A running server, and what a test holds of it. When it is dropped, the test fails if any reply to a client of
/// [`base_url`](Self::base_url) departed from the document.
pub struct Fixture {
    /// The domain behind the dialects.
    pub core: Core,
    /// The store behind the domain.
    pub store: Store,
    /// What moves the server's clock.
    pub clock: ManualClock,
    /// The WeChat that the server calls.
    pub wechat: Wechat,
    address: SocketAddr,
    addresses: Vec<SocketAddr>,
    proxy: Proxy,
    shutdown: CancellationToken,
    running: Option<JoinHandle<()>>,
    config: Config,
    restarts: u64,
    realms: AtomicU64,
    database: TestDatabase,
    data_dir: TempDir,
}

/// What a server is made of, before it listens.
struct Ready {
    config: Config,
    core: Core,
    store: Store,
    clock: ManualClock,
    wechat: Wechat,
    database: TestDatabase,
    data_dir: TempDir,
}

impl Fixture {
    /// A server with the default settings on SQLite.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server on SQLite with other settings.
    pub async fn with(settings: impl FnOnce(&mut Config)) -> Self {
        Self::on(Backend::Sqlite, settings).await
    }

    /// A server with the demo realm, as `serve --demo` has it, in place of the one application and the administrator whose
    /// ids are drawn. Their numeric ids are the same.
    pub async fn demo() -> Self {
        Self::demo_with(|_| {}).await
    }

    /// A server with the demo realm and other settings.
    pub async fn demo_with(settings: impl FnOnce(&mut Config)) -> Self {
        Self::demo_on(Backend::Sqlite, settings).await
    }

    /// A server with the demo realm on this database, with other settings.
    pub async fn demo_on(backend: Backend, settings: impl FnOnce(&mut Config)) -> Self {
        Self::of(Ready::demo(backend, settings).await).await
    }

    /// A server on each database that `GATEHOUSE_TEST_DATABASES` names, or that is there.
    pub async fn on_every_database() -> Vec<Self> {
        let mut servers = Vec::new();
        for backend in backends() {
            servers.push(Self::on(backend, |_| {}).await);
        }
        servers
    }

    /// A server on this database, with other settings.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn on(backend: Backend, settings: impl FnOnce(&mut Config)) -> Self {
        Self::of(Ready::new(backend, settings).await).await
    }

    async fn of(ready: Ready) -> Self {
        let app = App::bind(ready.config.clone(), ready.core.clone(), ready.store.clone()).await.expect("it listens");
        let addresses = app.addresses();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(app.run(shutdown.clone().cancelled_owned()));
        Self::running(ready, addresses, shutdown, running).await
    }

    /// A server whose only dialect `mount` makes: for handlers that do what ours never do, such as to panic.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn serving(mount: impl FnOnce(&Core) -> Box<dyn Mount>, request_timeout: Duration) -> Self {
        let ready = Ready::new(Backend::Sqlite, |_| {}).await;
        let Ready { config, core, store, .. } = &ready;
        let rules =
            Rules { trusted_proxies: Vec::new(), reveal: false, body_limit: config.limits.body_bytes, request_timeout };
        let metrics = Metrics::new();
        let ops = Ops::new(store.clone(), metrics.clone(), false, None);
        let front =
            Front::new(vec![mount(core)], ops, rules, TraceIds::new(&core.random), core.clock.clone(), metrics.clone());
        let connections = ConnectionRules {
            header_bytes: config.limits.header_bytes,
            head_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            connections: config.limits.connections,
            shutdown_grace: config.limits.shutdown_grace(),
        };
        let listen = [(config.listen[0], Scope::Everything)];
        let server = Server::bind(&listen, front, connections, metrics, TaskTracker::new()).await.expect("it listens");
        let addresses = server.addresses();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(server.run(shutdown.clone()));
        Self::running(ready, addresses, shutdown, running).await
    }

    async fn running(
        ready: Ready,
        addresses: Vec<SocketAddr>,
        shutdown: CancellationToken,
        running: JoinHandle<()>,
    ) -> Self {
        let address = addresses[0];
        Self {
            core: ready.core,
            store: ready.store,
            clock: ready.clock,
            wechat: ready.wechat,
            address,
            addresses,
            proxy: Proxy::start(address).await,
            shutdown,
            running: Some(running),
            config: ready.config,
            restarts: 0,
            realms: AtomicU64::new(1),
            database: ready.database,
            data_dir: ready.data_dir,
        }
    }

    /// Where the server listens. What is sent there by other clients than [`wire`](crate::wire) is not judged.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every listener, in the order of the settings.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where foreign clients find the server: `http://127.0.0.1:<port>`, behind the proxy that judges every reply.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.proxy.address())
    }

    /// The same for WebSockets: `ws://127.0.0.1:<port>`.
    pub fn socket_url(&self) -> String {
        format!("ws://{}", self.proxy.address())
    }

    /// The database's address, to look into it.
    pub fn database_url(&self) -> String {
        self.database.url()
    }

    /// The system that the database is on.
    pub fn backend(&self) -> Backend {
        self.database.backend()
    }

    /// Sends a request; the reply is judged.
    pub async fn send(&self, request: Request) -> Exchange {
        request.send(self.address).await
    }

    /// A token of the demo application.
    pub async fn token(&self) -> String {
        self.token_of(DEMO_APP, DEMO_SECRET).await
    }

    /// A token of an application, without a request.
    ///
    /// # Panics
    /// If there is none with this secret.
    pub async fn token_of(&self, app_id: &str, secret: &str) -> String {
        let app = self.core.apps.authenticate(app_id, secret).await.expect("the credentials are right");
        self.core.tokens.issue(&app).expect("a token").token
    }

    /// The messages in the outbox, the oldest first.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn outbox(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.data_dir.path().join("outbox")) else { return Vec::new() };
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths.iter().map(|path| std::fs::read_to_string(path).expect("a message")).collect()
    }

    /// The registration code in the latest message of the outbox: the line of digits.
    ///
    /// # Panics
    /// If there is none.
    pub fn mailed_code(&self) -> String {
        let message = self.outbox().pop().expect("a message was written");
        let is_code = |line: &&str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
        message.lines().map(str::trim).find(is_code).expect("the message has a code").to_owned()
    }

    /// The verification code in the latest SMS of the outbox.
    ///
    /// # Panics
    /// If there is none.
    pub fn sms_code(&self) -> String {
        let message = self.outbox().into_iter().rfind(|message| message.starts_with('{')).expect("an SMS was written");
        let message: serde_json::Value = serde_json::from_str(&message).expect("JSON");
        message["code"].as_str().expect("a code").to_owned()
    }

    /// Adds an application without a creator; its secret is that of the demo application.
    pub async fn provision(&self, app_id: &str, may_create: bool) {
        provision(&self.core, app_id, &format!("Application {app_id}"), may_create).await;
    }

    /// Applies a realm file, as `gatehouse apply` does, and lets the server see it at once. What it draws is not of the
    /// server's sequence, so that it changes no id that a test shows.
    ///
    /// # Panics
    /// If the file is wrong, or does not fit what is there.
    pub async fn apply(&self, realm: &str) {
        let seed = REALM_SEED + self.realms.fetch_add(1, Ordering::SeqCst);
        let core = core(&self.config, &self.store, &self.core.clock, Random::seeded(seed));
        apply(&core, realm).await;
        self.core.realms.settle().await.expect("the store answers");
    }

    /// A token with this header and these claims, as JSON texts, signed with the very key that the server uses for the
    /// dialect's tokens. The derivation is written out once more here, because a change to it would refuse every token
    /// that was ever issued.
    ///
    /// # Panics
    /// Never: the lengths are right.
    pub fn sign(&self, dialect: &str, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let info = format!("gatehouse/1/token/{dialect}");
        let mut secret = [0; 32];
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"gatehouse")
            .extract(&MASTER)
            .expand(&[info.as_bytes()], hkdf::HKDF_SHA256)
            .and_then(|key| key.fill(&mut secret))
            .expect("the lengths are right");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// Runs a statement on the database, past the server.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn execute(&self, statement: &str) {
        let connection = Database::connect(self.database.url()).await.expect("the database answers");
        connection.execute_unprepared(statement).await.expect("the statement runs");
        connection.close().await.expect("the connection closes");
    }

    /// How many rows a table has that are like this, past the server: `count("audit_event WHERE kind = 'x'")`.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn count(&self, rows: &str) -> i64 {
        let connection = Database::connect(self.database.url()).await.expect("the database answers");
        let backend = connection.get_database_backend();
        let asked = Statement::from_string(backend, format!("SELECT COUNT(*) AS number FROM {rows}"));
        let row = connection.query_one_raw(asked).await.expect("the query runs").expect("a count is a row");
        let number = row.try_get("", "number").expect("a number");
        connection.close().await.expect("the connection closes");
        number
    }

    /// Begins the shutdown, without waiting for its end.
    pub fn begin_shutdown(&self) {
        self.shutdown.cancel();
    }

    /// Stops the server and waits until it has stopped.
    ///
    /// # Panics
    /// If the server panicked.
    pub async fn stop(&mut self) {
        self.begin_shutdown();
        if let Some(running) = self.running.take() {
            must("the end of the server", running).await.expect("the server ends in order");
        }
    }

    /// Stops the server and starts another on the same data, as a new process would: it remembers nothing, and connects
    /// to the database anew. It listens elsewhere; [`base_url`](Self::base_url) leads there.
    ///
    /// # Panics
    /// If the one does not stop, or the other does not start.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.store.clone().close().await.expect("the connections close");
        self.store = self.database.store().await;
        let random = Random::seeded(RESTART_SEED + self.restarts);
        self.restarts += 1;
        self.core = core(&self.config, &self.store, &self.core.clock, random);
        let app = App::bind(self.config.clone(), self.core.clone(), self.store.clone()).await.expect("it listens");
        self.addresses = app.addresses();
        self.address = self.addresses[0];
        self.proxy.lead_to(self.address);
        self.shutdown = CancellationToken::new();
        self.running = Some(tokio::spawn(app.run(self.shutdown.clone().cancelled_owned())));
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.shutdown.cancel();
        let violations = self.proxy.violations();
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "replies depart from the document:\n{}", violations.join("\n"));
        }
    }
}

impl Ready {
    async fn new(backend: Backend, settings: impl FnOnce(&mut Config)) -> Self {
        let ready = Self::empty(backend, settings).await;
        provision_admin(&ready.store).await;
        provision(&ready.core, DEMO_APP, "Demo", true).await;
        ready
    }

    async fn demo(backend: Backend, settings: impl FnOnce(&mut Config)) -> Self {
        let ready = Self::empty(backend, settings).await;
        let (key, _) = made().await;
        ready.store.insert_data_key(key).await.expect("the store is empty");
        let core = core(&ready.config, &ready.store, &ready.core.clock, Random::seeded(REALM_SEED));
        apply(&core, DEMO_REALM).await;
        ready
    }

    async fn empty(backend: Backend, settings: impl FnOnce(&mut Config)) -> Self {
        let database = TestDatabase::create(backend).await;
        let store = database.store().await;
        let data_dir = tempfile::tempdir().expect("a temporary directory");
        let mut config = Config {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            data_dir: data_dir.path().to_owned(),
            ..Config::default()
        };
        let wechat = Wechat::start().await;
        config.wechat.base_url = wechat.url();
        settings(&mut config);
        let (clock, hand) = Clock::manual(START);
        let core = core(&config, &store, &clock, Random::seeded(SEED));
        Self { config, core, store, clock: hand, wechat, database, data_dir }
    }
}

/// The domain over this store. Its keys are the same whenever it is made anew.
fn core(config: &Config, store: &Store, clock: &Clock, random: Random) -> Core {
    let master = Secret::new(STANDARD.encode(MASTER));
    let keys = KeyRing::open(&config.data_dir, Some(&master), clock.clone(), random.clone()).expect("a key ring");
    // Mail and SMS draw from sequences of their own, so that a message does not change the ids that come after it.
    let mail = config.mail(clock.clone(), Random::seeded(MAIL_SEED)).expect("the settings of mail are right");
    let sms = config.messenger(clock.clone(), Random::seeded(SMS_SEED));
    Core::new(store.clone(), keys, &config.domain(), clock.clone(), random, mail, sms).expect("a core")
}

async fn provision(core: &Core, app_id: &str, name: &str, may_create: bool) {
    let provision = Provision {
        app_id: Some(AppId::new(app_id)),
        secret: Some(Secret::new(DEMO_SECRET.to_owned())),
        new: NewApp::new(name.to_owned(), None, None).expect("the name is one"),
        may_create,
    };
    core.apps.provision(provision).await.expect("the application is new");
}

async fn apply(core: &Core, realm: &str) {
    let declared = Declared::read(realm, Path::new(""), false).unwrap_or_else(|error| panic!("{error}"));
    core.realms.apply(&declared).await.unwrap_or_else(|error| panic!("{error}"));
}

/// The administrator, and the data key that encrypts the password. Hashing the one and making the other take their time,
/// so that both are made once in this process, and every server gets a copy.
async fn made() -> (DataKeyRow, UserRow) {
    static MADE: OnceCell<(DataKeyRow, UserRow)> = OnceCell::const_new();
    let make = || async {
        let database = TestDatabase::create(Backend::Sqlite).await;
        let (store, data_dir) = (database.store().await, tempfile::tempdir().expect("a temporary directory"));
        let config = Config { data_dir: data_dir.path().to_owned(), ..Config::default() };
        let (clock, _) = Clock::manual(START);
        let core = core(&config, &store, &clock, Random::seeded(PROVISIONING_SEED));
        let admin = NewUser { is_admin: true, builtin: true, ..NewUser::new(Handle::account(ADMIN).expect("a name")) };
        let digest = Digest::of(ADMIN_PASSWORD);
        let admin = core.users.create(&Origin::command("test"), admin, digest).await.expect("the user is new");
        let user = store.user_by_id(admin.id).await.expect("the store answers").expect("the user is there");
        let key = store.data_key("core").await.expect("the store answers").expect("the data key was made");
        store.close().await.expect("the connections close");
        (key, user)
    };
    MADE.get_or_init(make).await.clone()
}

/// Adds the administrator.
async fn provision_admin(store: &Store) {
    let (key, user) = made().await;
    store.insert_data_key(key).await.expect("the store is empty");
    let row = NewUserRow {
        uid: user.uid,
        account: user.account,
        name: user.name,
        email: user.email,
        phone: user.phone,
        password_hash: user.password_hash,
        password_sealed: user.password_sealed,
        is_admin: user.is_admin,
        builtin: user.builtin,
        created_at: user.created_at,
        head_img: None,
    };
    let audit = Audit::new(store.clone(), Clock::system());
    let record = |id| audit.row(&Origin::command("test"), AuditKind::UserRegistered, Some(id), None);
    let handles = vec![(HandleKind::Account, ADMIN.to_owned())];
    store.insert_user(row, handles, record).await.expect("the store is empty");
}

/// The dialects as the program mounts them, without a server around them.
pub async fn mounted() -> Vec<Box<dyn Mount>> {
    let Ready { config, core, .. } = Ready::new(Backend::Sqlite, |_| {}).await;
    let parts = Parts {
        config: Arc::new(config),
        core,
        metrics: Metrics::new(),
        shutdown: CancellationToken::new(),
        sockets: TaskTracker::new(),
    };
    gatehouse_server::dialect::mount(&parts)
}
