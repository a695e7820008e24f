//! A server that is killed in the middle of writes: what it acknowledged is there when it is started again.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use contract_tests::{fixture::ADMIN, must};
use gatehouse_server::testing::{Backend, TestDatabase, backends};
use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinSet};

use crate::{direct, program::Installation};

/// The digest of the demo's password.
const DIGEST: &str = "e10adc3949ba59abbe56e057f20f883e";

/// How much of every kind must have been acknowledged before the server is killed.
const ENOUGH: usize = 4;

/// Projects that stay, so that all of them fit on one page however long the slowest client takes.
const KEPT_MOST: usize = 40;

/// Clients of one server, and what they were told.
#[derive(Clone)]
struct Clients {
    http: reqwest::Client,
    base_url: String,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    enough: Notify,
    acknowledged: Mutex<Acknowledged>,
}

#[derive(Clone, Default)]
struct Acknowledged {
    /// Access tokens of `edge_gateway` that nobody ended.
    edge_tokens: Vec<String>,
    /// Tokens of `coeus_gateway` that nobody ended.
    coeus_tokens: Vec<String>,
    products: Vec<String>,
    projects: Vec<Value>,
    deleted: Vec<i64>,
    logged_out: Vec<String>,
    registered: Vec<String>,
    exchanges: usize,
    /// The newest refresh token that a client was given.
    refresh: String,
}

impl Told {
    /// Keeps what a client was told, and says so once there is enough of every kind.
    fn keep(&self, write: impl FnOnce(&mut Acknowledged)) {
        let mut acknowledged = self.acknowledged.lock().unwrap();
        write(&mut acknowledged);
        let Acknowledged { products, projects, deleted, logged_out, registered, exchanges, .. } = &*acknowledged;
        let counts = [products.len(), projects.len(), deleted.len(), logged_out.len(), registered.len(), *exchanges];
        if counts.iter().all(|count| *count >= ENOUGH) {
            self.enough.notify_one();
        }
    }
}

impl Clients {
    fn new(base_url: String, told: Arc<Told>) -> Self {
        Self { http: direct(), base_url, told }
    }

    /// The body of a reply; none once the server is gone.
    async fn send(&self, request: reqwest::RequestBuilder) -> Option<Value> {
        request.send().await.ok()?.json().await.ok()
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> Option<Value> {
        let url = format!("{}{path}", self.base_url);
        self.send(self.http.post(url).header("Authorization", token).json(&body)).await
    }

    async fn coeus_token(&self, user_name: &str) -> Option<String> {
        let login = json!({ "user_name": user_name, "password": DIGEST });
        let reply = self.post("/api/v1/login", "", login).await?;
        Some(reply["data"]["auth_token"].as_str().expect("a token").to_owned())
    }

    async fn edge_pair(&self, username: &str) -> Option<(String, String)> {
        let login = json!({ "username": username, "password": "123456" });
        Some(pair(&self.post("/v1.0/openapi/auth/login", "", login).await?))
    }

    async fn product(&self, token: &str, name: &str) -> Option<i64> {
        let url = format!("{}/v1.0/openapi/createProduct?name={name}", self.base_url);
        self.send(self.http.get(url).header("x-token", token)).await?["code"].as_i64()
    }

    async fn refreshed(&self, token: &str) -> Option<Value> {
        self.send(self.http.post(format!("{}/v1.0/openapi/token/{token}", self.base_url))).await
    }

    async fn listed(&self, token: &str) -> Option<Vec<Value>> {
        let reply = self.post("/api/v1/project/list", token, json!({ "page_size": 100 })).await?;
        Some(reply["data"]["list"].as_array().expect("a list").clone())
    }

    /// Registers products until the server is gone.
    async fn make_products(self) -> Option<()> {
        let (access, _) = self.edge_pair(ADMIN).await?;
        self.told.keep(|told| told.edge_tokens.push(access.clone()));
        for number in 0.. {
            let name = format!("product-{number}");
            assert_eq!(self.product(&access, &name).await?, 0);
            self.told.keep(|told| told.products.push(name));
        }
        None
    }

    /// Makes projects, and deletes every other one; every one, once enough of them stay.
    async fn make_projects(self) -> Option<()> {
        let token = self.coeus_token(ADMIN).await?;
        self.told.keep(|told| told.coeus_tokens.push(token.clone()));
        for number in 0.. {
            let new = json!({ "project_type": 1, "project_name": format!("project {number}") });
            let made = self.post("/api/v1/project/create", &token, new).await?["data"].clone();
            if number % 2 == 0 && number < 2 * KEPT_MOST {
                self.told.keep(|told| told.projects.push(made));
                continue;
            }
            let listed = self.listed(&token).await?;
            let ours =
                listed.iter().find(|project| project["project_key"] == made["project_key"]).expect("it is listed");
            let id = ours["id"].as_i64().expect("an id");
            let reply = self.post("/api/v1/project/delete", &token, json!({ "id": id })).await?;
            assert_eq!(reply["header"]["code"], 0);
            self.told.keep(|told| told.deleted.push(id));
        }
        None
    }

    /// Exchanges one refresh token after the other.
    async fn rotate(self) -> Option<()> {
        let (access, mut refresh) = self.edge_pair(ADMIN).await?;
        self.told.keep(|told| {
            told.edge_tokens.push(access);
            told.refresh.clone_from(&refresh);
        });
        loop {
            refresh = pair(&self.refreshed(&refresh).await?).1;
            self.told.keep(|told| {
                told.exchanges += 1;
                told.refresh.clone_from(&refresh);
            });
        }
    }

    /// Logs in and out.
    async fn come_and_go(self) -> Option<()> {
        loop {
            let token = self.coeus_token(ADMIN).await?;
            let reply = self.post("/api/v1/platform/logout", &token, json!({})).await?;
            assert_eq!(reply["header"]["code"], 0);
            self.told.keep(|told| told.logged_out.push(token));
        }
    }

    /// Registers users with the codes of this outbox.
    async fn register(self, outbox: PathBuf) -> Option<()> {
        for number in 0.. {
            let (user_name, email) = (format!("user-{number}"), format!("user-{number}@example.com"));
            let asked = json!({ "user_name": user_name, "email": email });
            self.post("/api/v1/auth-code", "", asked).await?;
            let new = json!({ "user_name": user_name, "email": email, "password": DIGEST, "reg_code": code(&outbox) });
            let reply = self.post("/api/v1/register", "", new).await?;
            assert_eq!(reply["header"]["code"], 0, "{reply}");
            self.told.keep(|told| told.registered.push(user_name));
        }
        None
    }
}

fn pair(reply: &Value) -> (String, String) {
    let text = |name: &str| reply["result"][name].as_str().unwrap_or_else(|| panic!("no {name} in {reply}")).to_owned();
    (text("access_token"), text("refresh_token"))
}

/// The code in the latest message.
pub fn code(outbox: &Path) -> String {
    let names = std::fs::read_dir(outbox).expect("an outbox").map(|entry| entry.expect("an entry").path());
    let latest = names.filter(|path| path.extension().is_some_and(|kind| kind == "eml")).max().expect("a message");
    let message = std::fs::read_to_string(latest).expect("text");
    let is_code = |line: &&str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    message.lines().find(is_code).expect("a code").to_owned()
}

/// Whether everything that was acknowledged holds at the server that was started again.
async fn check(clients: &Clients) {
    let told = clients.told.acknowledged.lock().unwrap().clone();
    // The last exchange may have been made and not been told: then its successor comes once more.
    let first = clients.refreshed(&told.refresh).await.expect("a reply");
    assert_eq!(first["code"], 0, "{first}");
    assert_eq!(clients.refreshed(&told.refresh).await.expect("a reply")["result"], first["result"]);

    // The sessions of before the end go on, and so their keys are the same.
    for access in &told.edge_tokens {
        let taken = clients.product(access, &told.products[0]).await;
        assert_eq!(taken, Some(1005), "the session goes on, and the product is there");
    }
    for name in &told.products {
        assert_eq!(clients.product(&told.edge_tokens[0], name).await, Some(1005), "{name} is there");
    }
    let listed = clients.listed(&told.coeus_tokens[0]).await.expect("a list");
    for made in &told.projects {
        let kept = listed.iter().find(|project| project["project_key"] == made["project_key"]).expect("it is there");
        assert_eq!(kept["project_secret"], made["project_secret"]);
    }
    for id in &told.deleted {
        assert!(listed.iter().all(|project| project["id"] != *id), "{id} is deleted");
    }
    for token in &told.logged_out {
        let reply = clients.post("/api/v1/project/list", token, json!({})).await.expect("a reply");
        assert_eq!(reply["header"]["code"], 1001);
    }
    for user_name in &told.registered {
        clients.edge_pair(user_name).await.expect("a login by the one document");
        clients.coeus_token(user_name).await.expect("a login by the other");
    }
}

async fn killed_on(backend: Backend) {
    let database = TestDatabase::create(backend).await;
    // A spent refresh token comes back here however long the restart takes.
    let installation = Installation::new()
        .setting("GATEHOUSE_DATABASE_URL", database.url())
        .setting("GATEHOUSE_EDGE_GATEWAY__REFRESH_GRACE", "3600");
    let server = installation.serve(&["--demo"]).await;
    let told = Arc::new(Told::default());
    let clients = Clients::new(server.base_url(), Arc::clone(&told));
    let mut working = JoinSet::new();
    working.spawn(clients.clone().make_products());
    working.spawn(clients.clone().make_projects());
    working.spawn(clients.clone().rotate());
    working.spawn(clients.clone().come_and_go());
    working.spawn(clients.register(installation.directory().join("data/outbox")));
    tokio::select! {
        () = must("enough of every kind", told.enough.notified()) => {}
        ended = working.join_next() => panic!("a client ended before the server did: {ended:?}"),
    }
    server.signal("KILL").await;
    let (status, _) = server.end().await;
    assert!(!status.success());
    while let Some(ended) = must("the end of a client", working.join_next()).await {
        ended.expect("a client was told nothing wrong");
    }

    let server = installation.serve(&["--demo"]).await;
    check(&Clients::new(server.base_url(), told)).await;
    server.stop().await;
}

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost() {
    for backend in backends() {
        killed_on(backend).await;
    }
}
