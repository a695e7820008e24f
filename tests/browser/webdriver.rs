//! A headless browser, driven over the WebDriver protocol (W3C, 2018) as far as the tests need it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use contract_tests::must;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The name under which an element's reference stands in a reply.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long the driver looks for an element before it says that there is none, in milliseconds.
const PATIENCE: u32 = 30_000;

/// Where a browser and its driver are.
pub struct Programs {
    browser: PathBuf,
    driver: PathBuf,
}

impl Programs {
    /// Chromium or Chrome, and ChromeDriver; none if either is missing.
    pub fn find() -> Option<Self> {
        let browser = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(in_path)?;
        Some(Self { browser, driver: in_path("chromedriver")? })
    }
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// A browser with one window. Clones drive the same one.
#[derive(Clone)]
pub struct Browser(Arc<Session>);

struct Session {
    http: Client,
    address: String,
    _driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser without a history, which can reach nothing but 127.0.0.1.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(programs: &Programs) -> Self {
        let mut command = Command::new(&programs.driver);
        command.arg("--port=0").kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = command.spawn().expect("the driver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
        let port = loop {
            let line = must("the driver's port", lines.next_line()).await.expect("a line").expect("the driver runs on");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').parse::<u16>().expect("a port");
            }
        };
        // What the driver prints later is of no interest, but it must find a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let profile = tempfile::tempdir().expect("a temporary directory");
        let http = Client::builder().no_proxy().build().expect("a client");
        let root = format!("http://127.0.0.1:{port}/session");
        let capabilities = capabilities(&programs.browser, profile.path());
        let session = send(&http, Method::POST, &root, Some(capabilities)).await;
        let id = session["sessionId"].as_str().expect("a session");
        let address = format!("{root}/{id}");
        let browser = Self(Arc::new(Session { http, address, _driver: driver, _profile: profile }));
        browser.post("timeouts", json!({ "implicit": PATIENCE })).await;
        browser
    }

    /// Opens a page and waits until it is loaded.
    pub async fn open(&self, url: &str) {
        self.post("url", json!({ "url": url })).await;
    }

    /// The first element that a CSS selector matches, now or soon.
    ///
    /// # Panics
    /// If there is none even after a while.
    pub async fn find(&self, selector: &str) -> Element {
        self.element("css selector", selector).await
    }

    /// The first element that an XPath expression matches, now or soon.
    ///
    /// # Panics
    /// If there is none even after a while.
    pub async fn find_xpath(&self, expression: &str) -> Element {
        self.element("xpath", expression).await
    }

    async fn element(&self, using: &str, value: &str) -> Element {
        let found = self.post("element", json!({ "using": using, "value": value })).await;
        let id = found[ELEMENT].as_str().expect("an element").to_owned();
        Element { browser: self.clone(), id }
    }

    /// Runs JavaScript in the page and gives what it returns.
    pub async fn script(&self, body: &str) -> Value {
        self.post("execute/sync", json!({ "script": body, "args": [] })).await
    }

    /// Writes the whole page, from its top to its end, to a PNG file.
    pub async fn screenshot(&self, file: &Path) {
        let size = &self.devtools("Page.getLayoutMetrics", json!({})).await["cssContentSize"];
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let options = json!({ "captureBeyondViewport": true, "clip": clip });
        let image = &self.devtools("Page.captureScreenshot", options).await["data"];
        let image = STANDARD.decode(image.as_str().expect("an image")).expect("base64");
        std::fs::write(file, image).expect("the screenshot is written");
    }

    /// A command of Chrome's own protocol, which ChromeDriver passes on.
    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// The addresses that the page asked for since the last call, and what the console complained of.
    pub async fn requests_and_complaints(&self) -> (Vec<String>, Vec<String>) {
        let events = self.post("se/log", json!({ "type": "performance" })).await;
        let requests = entries(&events).filter_map(|entry| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &event["message"];
            let is_request =
                matches!(message["method"].as_str(), Some("Network.requestWillBeSent" | "Network.webSocketCreated"));
            let url = message["params"]["request"]["url"].as_str().or(message["params"]["url"].as_str())?;
            is_request.then(|| url.to_owned())
        });
        let console = self.post("se/log", json!({ "type": "browser" })).await;
        let complaints = entries(&console)
            .filter(|entry| entry["level"] == "SEVERE")
            .filter_map(|entry| entry["message"].as_str().map(str::to_owned));
        (requests.collect(), complaints.collect())
    }

    /// Closes the browser.
    pub async fn quit(self) {
        send(&self.0.http, Method::DELETE, &self.0.address, None).await;
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        send(&self.0.http, Method::POST, &format!("{}/{path}", self.0.address), Some(body)).await
    }

    async fn get(&self, path: &str) -> Value {
        send(&self.0.http, Method::GET, &format!("{}/{path}", self.0.address), None).await
    }
}

/// An element of the page.
pub struct Element {
    browser: Browser,
    id: String,
}

impl Element {
    /// Clicks on it.
    pub async fn click(&self) {
        self.browser.post(&format!("element/{}/click", self.id), json!({})).await;
    }

    /// Replaces what is in this field.
    pub async fn fill(&self, text: &str) {
        self.browser.post(&format!("element/{}/clear", self.id), json!({})).await;
        self.browser.post(&format!("element/{}/value", self.id), json!({ "text": text })).await;
    }

    /// Its text, as it is shown.
    pub async fn text(&self) -> String {
        let text = self.browser.get(&format!("element/{}/text", self.id)).await;
        text.as_str().expect("a text").to_owned()
    }
}

fn entries(log: &Value) -> impl Iterator<Item = &Value> {
    log.as_array().into_iter().flatten()
}

fn capabilities(browser: &Path, profile: &Path) -> Value {
    let arguments = [
        "--headless",
        // Inside a container the browser's own sandbox has no rights to set itself up, and the pages are ours.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-proxy-server",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--window-size=1280,1600",
        &format!("--user-data-dir={}", profile.display()),
    ];
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": { "binary": browser, "args": arguments },
        "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
    } } })
}

/// What the driver answers to a command.
async fn send(http: &Client, method: Method, url: &str, body: Option<Value>) -> Value {
    let mut request = http.request(method, url);
    if let Some(body) = &body {
        request = request.json(body);
    }
    let response = must("the driver's answer", request.send()).await.expect("the driver answers");
    let status = response.status();
    let mut answer: Value = response.json().await.expect("the driver speaks JSON");
    let command = body.unwrap_or_default();
    assert!(status.is_success(), "{command}: {}: {}", answer["value"]["error"], answer["value"]["message"]);
    answer["value"].take()
}
