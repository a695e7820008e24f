//! `go_api`: one exchange a test, named operation and case.

mod broken;
mod cors;
mod create_app;
mod envelope;
mod half_closed;
mod issue_token;
mod limits;
mod list_apps;
mod open_socket;
mod ping;
mod ping_internal;
mod refused_tokens;
mod secrets;
mod shutdown;
mod unread;

use contract_tests::{
    fixture::{DEMO_APP, DEMO_SECRET, Fixture},
    wire::Request,
};
use serde_json::{Value, json};

use crate::{Dialect, as_printed};

/// What the tests about every document need to know.
pub const DIALECT: Dialect = Dialect {
    name: "go_api",
    credential: |server, _scheme| Box::pin(async { ("token", server.token().await) }),
    prepare: as_printed,
};

const TOKEN: &str = "/go-api/external/service/auth/token";
const APP: &str = "/go-api/external/service/auth/app";
const PING: &str = "/go-api/external/service/ping";
const INTERNAL_PING: &str = "/go-api/internal/service/ping";

/// The demo application's credentials, as form fields.
const CREDENTIALS: [(&str, &str); 2] = [("app_id", DEMO_APP), ("app_secret", DEMO_SECRET)];

/// A request for a token with the right credentials.
fn token_request() -> Request {
    Request::post(TOKEN).form(&CREDENTIALS)
}

/// A request for a new application.
fn app_request(token: &str, app: &Value) -> Request {
    Request::post(APP).bearer(token).json(app)
}

/// The application of the document's example.
fn example_app() -> Value {
    json!({
        "app_name": "My Application",
        "description": "Application description",
        "redirect_uri": "https://example.com/callback",
    })
}

/// Creates an application over the wire and gives its id and secret.
async fn create(server: &Fixture, token: &str, name: &str) -> (String, String) {
    let exchange = server.send(app_request(token, &json!({ "app_name": name }))).await;
    let reply = exchange.reply.json();
    assert_eq!(reply["code"], 0, "{exchange}");
    let text = |field: &str| reply["data"][field].as_str().expect("a text").to_owned();
    (text("app_id"), text("app_secret"))
}
