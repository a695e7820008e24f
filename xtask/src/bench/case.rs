//! The cases: one row each. A new operation is measured by adding its row.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::http::{self, Request};
use crate::{Context, Failure};

/// The demo data's application, which the floors know as well.
pub(super) const APP_ID: &str = "go-api-demo0001";
pub(super) const APP_SECRET: &str = "demodemodemodemodemodemodemodemo";

/// How many applications the measured page shows: as many as a page holds when nothing is asked.
pub(super) const APPS: usize = 20;

const TOKEN: &str = "/go-api/external/service/auth/token";
const APP: &str = "/go-api/external/service/auth/app";
const PING: &str = "/go-api/external/service/ping";

/// One operation under load.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) request: fn(&Session) -> Request,
    /// What the body of every success contains.
    pub(super) accepted: &'static str,
    /// The least share of the constant floor's requests a second that is the goal, where there is one.
    pub(super) goal: Option<f64>,
}

pub(super) const CASES: &[Case] = &[
    Case { name: "ping", request: |_| Request::get(PING), accepted: "\"code\":0", goal: Some(0.62) },
    Case {
        name: "token",
        request: |_| Request::form(TOKEN, &format!("app_id={APP_ID}&app_secret={APP_SECRET}")),
        accepted: "\"code\":0",
        goal: Some(0.55),
    },
    Case {
        name: "app-list",
        request: |session| Request::get(&format!("{APP}?page=1&size={APPS}")).header("authorization", &session.bearer),
        accepted: "\"code\":0",
        goal: None,
    },
];

/// What a client of the server holds while it asks.
pub(super) struct Session {
    address: SocketAddr,
    /// `Bearer ` and a token of go_api.
    pub(super) bearer: String,
}

impl Session {
    /// Logs in to the server at `address` with the demo data's credentials.
    pub(super) fn open(address: SocketAddr) -> Result<Self, Failure> {
        let request = Request::form(TOKEN, &format!("app_id={APP_ID}&app_secret={APP_SECRET}"));
        let data = ask(address, &request)?;
        let token = data.get("token").and_then(Value::as_str).context("the login's answer holds no token")?;
        Ok(Self { address, bearer: format!("Bearer {token}") })
    }

    /// Creates the applications that the measured page shows.
    pub(super) fn create_apps(&self) -> Result<(), Failure> {
        for number in 1..=APPS {
            let app = json!({
                "app_name": app_name(number),
                "description": DESCRIPTION,
                "redirect_uri": REDIRECT_URI,
            });
            ask(self.address, &Request::json(APP, &app.to_string()).header("authorization", &self.bearer))?;
        }
        Ok(())
    }
}

pub(super) const DESCRIPTION: &str = "Shown on the measured page";
pub(super) const REDIRECT_URI: &str = "https://example.com/callback";

pub(super) fn app_name(number: usize) -> String {
    format!("Measured application {number:02}")
}

/// The `data` of a success.
fn ask(address: SocketAddr, request: &Request) -> Result<Value, Failure> {
    let reply = http::send(address, request).context(&request.path)?;
    let refused = || format!("{}: {}", request.path, String::from_utf8_lossy(&reply.body));
    let mut body: Value = serde_json::from_slice(&reply.body).map_err(|_| Failure::new(refused()))?;
    match body.get("code").and_then(Value::as_i64) {
        Some(0) => Ok(body["data"].take()),
        _ => Err(Failure::new(refused())),
    }
}
