//! `edge_gateway`: one exchange a test, named operation and case.

use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, Fixture},
    wire::Request,
};
use serde_json::{Value, json};

use crate::Dialect;

/// What the tests about every document need to know.
pub const DIALECT: Dialect = Dialect {
    name: "edge_gateway",
    credential: |server| Box::pin(async { Pair::of_admin(server).await.access }),
    prepare: |server, operation| {
        Box::pin(async move {
            match operation {
                "refreshToken" => vec![("refreshToken", Pair::of_admin(server).await.refresh.into())],
                _ => Vec::new(),
            }
        })
    },
};

const LOGIN: &str = "/v1.0/openapi/auth/login";

/// The tokens of a login or a refresh.
struct Pair {
    access: String,
    refresh: String,
}

impl Pair {
    /// Logs the administrator in.
    async fn of_admin(server: &Fixture) -> Self {
        Self::read(&server.send(login_request(ADMIN, ADMIN_PASSWORD)).await.reply.json())
    }

    /// The pair of a reply.
    fn read(reply: &Value) -> Self {
        let text = |name: &str| reply["result"][name].as_str().expect("a token").to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// A login with these credentials.
fn login_request(username: &str, password: &str) -> Request {
    Request::post(LOGIN).json(&json!({ "username": username, "password": password }))
}
