//! A server that is killed in the middle of writes: what it acknowledged is there when it is started again.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use contract_tests::{fixture::ADMIN, must};
use gatehouse_server::testing::{Backend, TestDatabase, backends};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{direct, program::Installation};

/// The digest of the demo's password.
const DIGEST: &str = "e10adc3949ba59abbe56e057f20f883e";

/// Replies after which the server is killed, all clients taken together.
const ENOUGH: usize = 80;

/// Clients of one server, and what they were told.
#[derive(Clone)]
struct Clients {
    http: reqwest::Client,
    base_url: String,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    replies: AtomicUsize,
    enough: Notify,
    products: Mutex<Vec<String>>,
    projects: Mutex<Vec<Value>>,
    deleted: Mutex<Vec<i64>>,
    logged_out: Mutex<Vec<String>>,
    registered: Mutex<Vec<String>>,
    refresh: Mutex<String>,
}

impl Clients {
    fn new(base_url: String, told: Arc<Told>) -> Self {
        Self { http: direct(), base_url, told }
    }

    /// The body of a reply; none once the server is gone.
    async fn send(&self, request: reqwest::RequestBuilder) -> Option<Value> {
        let reply: Value = request.send().await.ok()?.json().await.ok()?;
        if self.told.replies.fetch_add(1, Ordering::SeqCst) + 1 == ENOUGH {
            self.told.enough.notify_one();
        }
        Some(reply)
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
        for number in 0.. {
            let name = format!("product-{number}");
            assert_eq!(self.product(&access, &name).await?, 0);
            self.told.products.lock().unwrap().push(name);
        }
        None
    }

    /// Makes projects, and deletes every other one.
    async fn make_projects(self) -> Option<()> {
        let token = self.coeus_token(ADMIN).await?;
        for number in 0.. {
            let new = json!({ "project_type": 1, "project_name": format!("project {number}") });
            let made = self.post("/api/v1/project/create", &token, new).await?["data"].clone();
            if number % 2 == 0 {
                self.told.projects.lock().unwrap().push(made);
                continue;
            }
            let listed = self.listed(&token).await?;
            let ours =
                listed.iter().find(|project| project["project_key"] == made["project_key"]).expect("it is listed");
            let id = ours["id"].as_i64().expect("an id");
            let reply = self.post("/api/v1/project/delete", &token, json!({ "id": id })).await?;
            assert_eq!(reply["header"]["code"], 0);
            self.told.deleted.lock().unwrap().push(id);
        }
        None
    }

    /// Exchanges one refresh token after the other.
    async fn rotate(self) -> Option<()> {
        let (_, mut refresh) = self.edge_pair(ADMIN).await?;
        loop {
            *self.told.refresh.lock().unwrap() = refresh.clone();
            refresh = pair(&self.refreshed(&refresh).await?).1;
        }
    }

    /// Logs in and out.
    async fn come_and_go(self) -> Option<()> {
        loop {
            let token = self.coeus_token(ADMIN).await?;
            let reply = self.post("/api/v1/platform/logout", &token, json!({})).await?;
            assert_eq!(reply["header"]["code"], 0);
            self.told.logged_out.lock().unwrap().push(token);
        }
    }

    /// Registers users with the codes of the outbox in `data`.
    async fn register(self, outbox: std::path::PathBuf) -> Option<()> {
        for number in 0.. {
            let (user_name, email) = (format!("user-{number}"), format!("user-{number}@example.com"));
            let asked = json!({ "user_name": user_name, "email": email });
            self.post("/api/v1/auth-code", "", asked).await?;
            let new = json!({ "user_name": user_name, "email": email, "password": DIGEST, "reg_code": code(&outbox) });
            let reply = self.post("/api/v1/register", "", new).await?;
            assert_eq!(reply["header"]["code"], 0, "{reply}");
            self.told.registered.lock().unwrap().push(user_name);
        }
        None
    }
}

fn pair(reply: &Value) -> (String, String) {
    let text = |name: &str| reply["result"][name].as_str().unwrap_or_else(|| panic!("no {name} in {reply}")).to_owned();
    (text("access_token"), text("refresh_token"))
}

/// The code in the latest message.
pub fn code(outbox: &std::path::Path) -> String {
    let names = std::fs::read_dir(outbox).expect("an outbox").map(|entry| entry.expect("an entry").path());
    let latest = names.filter(|path| path.extension().is_some_and(|kind| kind == "eml")).max().expect("a message");
    let message = std::fs::read_to_string(latest).expect("text");
    let is_code = |line: &&str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    message.lines().find(is_code).expect("a code").to_owned()
}

/// Whether everything that was acknowledged holds at the server that was started again.
async fn check(clients: &Clients) {
    let told = Arc::clone(&clients.told);
    let (access, _) = clients.edge_pair(ADMIN).await.expect("a login");
    for name in told.products.lock().unwrap().clone() {
        assert_eq!(clients.product(&access, &name).await, Some(1005), "{name} is there");
    }
    let token = clients.coeus_token(ADMIN).await.expect("a login");
    let listed = clients.listed(&token).await.expect("a list");
    for made in told.projects.lock().unwrap().iter() {
        let kept = listed.iter().find(|project| project["project_key"] == made["project_key"]).expect("it is there");
        assert_eq!(kept["project_secret"], made["project_secret"]);
    }
    for id in told.deleted.lock().unwrap().iter() {
        assert!(listed.iter().all(|project| project["id"] != *id), "{id} is deleted");
    }
    for token in told.logged_out.lock().unwrap().clone() {
        let reply = clients.post("/api/v1/project/list", &token, json!({})).await.expect("a reply");
        assert_eq!(reply["header"]["code"], 1001);
    }
    for user_name in told.registered.lock().unwrap().clone() {
        clients.edge_pair(&user_name).await.expect("a login");
    }
    // The last exchange may have been made and not been told: then its successor comes once more.
    let latest = told.refresh.lock().unwrap().clone();
    let first = clients.refreshed(&latest).await.expect("a reply");
    assert_eq!(first["code"], 0, "{first}");
    assert_eq!(clients.refreshed(&latest).await.expect("a reply")["result"], first["result"]);
}

async fn killed_on(backend: Backend) {
    let database = TestDatabase::create(backend).await;
    let installation = Installation::new().setting("GATEHOUSE_DATABASE_URL", database.url());
    let server = installation.serve(&["--demo"]).await;
    let told = Arc::new(Told::default());
    let clients = Clients::new(server.base_url(), Arc::clone(&told));
    let outbox = installation.directory().join("data/outbox");
    let working = [
        tokio::spawn(clients.clone().make_products()),
        tokio::spawn(clients.clone().make_projects()),
        tokio::spawn(clients.clone().rotate()),
        tokio::spawn(clients.clone().come_and_go()),
        tokio::spawn(clients.clone().register(outbox)),
    ];
    must("enough replies", told.enough.notified()).await;
    server.signal("KILL").await;
    let (status, _) = server.end().await;
    assert!(!status.success());
    for client in working {
        must("the end of a client", client).await.expect("a client was told nothing wrong");
    }
    let lists = [told.products.lock().unwrap().len(), told.projects.lock().unwrap().len()];
    assert!(lists.iter().all(|told| *told > 0), "{lists:?}");

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
