//! A server that is killed while interface configs change: every change is recorded, and every record is of a change.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use contract_tests::must;
use gatehouse_server::testing::{Backend, TestDatabase, backends};
use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinSet};

use crate::{direct, program::Installation};

/// The digest of the demo's password.
const DIGEST: &str = "e10adc3949ba59abbe56e057f20f883e";

/// How many changes must have been acknowledged before the server is killed.
const ENOUGH: usize = 60;

/// A client of one server.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    base_url: String,
    token: String,
    changes: Arc<(AtomicUsize, Notify)>,
}

impl Client {
    /// The data of a reply; none once the server is gone.
    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Option<Value> {
        let method = method.parse().expect("a method");
        let mut request = self.http.request(method, format!("{}/base/auth/v1.0/{path}", self.base_url));
        request = request.header("Authorization", &self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let reply: Value = request.send().await.ok()?.json().await.ok()?;
        assert_eq!(reply["code"], 200, "{path}: {reply}");
        Some(reply["data"].clone())
    }

    fn changed(&self) {
        if self.changes.0.fetch_add(1, Ordering::SeqCst) + 1 >= ENOUGH {
            self.changes.1.notify_one();
        }
    }

    async fn log_in(&mut self) {
        let code = self.call("GET", "tokens/codes?account=admin", None).await.expect("a Code");
        let code = code.as_str().expect("a Code");
        let md5 = |text: String| hex::encode(<md5::Md5 as md5::Digest>::digest(text.as_bytes()));
        let signature = md5(format!("{}{code}", md5(format!("admin{DIGEST}"))));
        let login = json!({ "account": "admin", "signature": signature, "appId": "9dd99dd9e6df467a8207d05ea5581125" });
        let bundle = self.call("POST", "tokens", Some(login)).await.expect("a login");
        self.token = bundle["accessToken"].as_str().expect("a token").to_owned();
    }

    /// Makes, changes and deletes configs until the server is gone.
    async fn work(self, worker: usize) -> Option<()> {
        for number in 0.. {
            let mut config = json!({
                "name": "made", "method": "GET", "url": format!("/killed/{worker}/{number}"), "authCode": null,
                "limitGap": null, "limitCycle": null, "limitMax": null, "message": null, "remark": null,
                "verify": false, "limit": false,
            });
            let id = self.call("POST", "configs", Some(config.clone())).await?;
            self.changed();
            config["id"] = id.clone();
            config["name"] = json!("changed");
            self.call("PUT", "configs", Some(config)).await?;
            self.changed();
            if number % 2 == 0 {
                self.call("DELETE", "configs", Some(id)).await?;
                self.changed();
            }
        }
        None
    }

    /// Everything of a list.
    async fn all(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        for page in 1.. {
            let separator = if path.contains('?') { '&' } else { '?' };
            let path = format!("{path}{separator}page={page}&size=100");
            let mut items = self.call("GET", &path, None).await.expect("a page").as_array().expect("a list").clone();
            if items.is_empty() {
                return all;
            }
            all.append(&mut items);
        }
        all
    }
}

/// What the records say that there is, by id: the name of each config.
async fn recorded(client: &Client) -> BTreeMap<String, String> {
    let mut recorded = BTreeMap::new();
    // The newest comes first.
    for log in client.all("configs/logs").await.into_iter().rev() {
        let path = format!("configs/logs/{}", log["id"].as_str().expect("an id"));
        let log = client.call("GET", &path, None).await.expect("a record");
        let id = log["businessId"].as_str().expect("an id").to_owned();
        let is_ours = |config: &Value| config["url"].as_str().is_some_and(|url| url.starts_with("/killed/"));
        let name = |config: &Value| config["name"].as_str().expect("a name").to_owned();
        let content = &log["content"];
        match log["type"].as_str() {
            Some("INSERT") if is_ours(content) => assert_eq!(recorded.insert(id, name(content)), None),
            Some("UPDATE") if is_ours(&content["after"]) => {
                assert_eq!(recorded.insert(id, name(&content["after"])), Some(name(&content["before"])));
            }
            Some("DELETE") if is_ours(content) => assert_eq!(recorded.remove(&id), Some(name(content))),
            _ => {}
        }
    }
    recorded
}

async fn killed_on(backend: Backend) {
    let database = TestDatabase::create(backend).await;
    let installation = Installation::new().setting("GATEHOUSE_DATABASE_URL", database.url());
    let server = installation.serve(&["--demo"]).await;
    let mut client =
        Client { http: direct(), base_url: server.base_url(), token: String::new(), changes: Arc::default() };
    client.log_in().await;
    let mut working = JoinSet::new();
    for worker in 0..4 {
        working.spawn(client.clone().work(worker));
    }
    tokio::select! {
        () = must("enough changes", client.changes.1.notified()) => {}
        ended = working.join_next() => panic!("a client ended before the server did: {ended:?}"),
    }
    server.signal("KILL").await;
    let (status, _) = server.end().await;
    assert!(!status.success());
    while let Some(ended) = must("the end of a client", working.join_next()).await {
        ended.expect("a client was told nothing wrong");
    }

    let server = installation.serve(&["--demo"]).await;
    client.base_url = server.base_url();
    let there: BTreeMap<_, _> = client
        .all("configs?keyword=/killed/")
        .await
        .iter()
        .map(|config| {
            (config["id"].as_str().expect("an id").to_owned(), config["name"].as_str().expect("a name").to_owned())
        })
        .collect();
    assert!(there.len() >= ENOUGH / 10, "{}", there.len());
    assert_eq!(recorded(&client).await, there, "{backend:?}");
    server.stop().await;
}

#[tokio::test]
async fn configs_and_their_records_agree() {
    for backend in backends() {
        killed_on(backend).await;
    }
}
