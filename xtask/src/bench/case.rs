//! The cases: one row each. A new operation is measured by adding its row.

use std::net::SocketAddr;

use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::http::{self, Request};
use super::report::Target;
use crate::{Context, Failure};

/// The demo data's application, which the floors know as well.
pub(super) const APP_ID: &str = "go-api-demo0001";
pub(super) const APP_SECRET: &str = "demodemodemodemodemodemodemodemo";

/// How many applications the measured page shows: as many as a page holds when nothing is asked.
pub(super) const APPS: usize = 20;

const TOKEN: &str = "/go-api/external/service/auth/token";
const APP: &str = "/go-api/external/service/auth/app";
const PING: &str = "/go-api/external/service/ping";
const LOGIN: &str = "/v1.0/openapi/auth/login";
const REFRESH: &str = "/v1.0/openapi/token";
const PRODUCT: &str = "/v1.0/openapi/createProduct";
const COEUS_LOGIN: &str = "/api/v1/login";
const CREATE_PROJECT: &str = "/api/v1/project/create";
const PROJECTS: &str = "/api/v1/project/list";
const CODE: &str = "/base/auth/v1.0/tokens/codes?account=admin";
const INSIGHT_LOGIN: &str = "/base/auth/v1.0/tokens";
const STATUS: &str = "/base/auth/v1.0/tokens/status";
const CONFIGS: &str = "/base/auth/v1.0/configs";

/// The demo data's application of insight_auth.
const INSIGHT_APP: &str = "9dd99dd9e6df467a8207d05ea5581125";

/// The MD5 of the demo data's password.
const DIGEST: &str = "e10adc3949ba59abbe56e057f20f883e";

/// The largest limit of an interface config.
const CONFIG_LIMIT: i32 = i32::MAX;

/// The demo data's administrator.
const USER: &str = r#"{"username":"admin","password":"123456"}"#;
const USER_BY_DIGEST: &str = r#"{"user_name":"admin","password":"e10adc3949ba59abbe56e057f20f883e"}"#;

/// One operation under load.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) request: fn(&Session) -> Request,
    /// What the body of every success contains.
    pub(super) accepted: &'static str,
    /// The least share of the constant floor's requests a second that is the goal, where there is one.
    pub(super) goal: Option<f64>,
    /// The floors that can be asked the same.
    pub(super) floors: &'static [Target],
    /// Lua by which each reply changes the next request.
    pub(super) script: Option<&'static str>,
    /// What the script sends in turn with the request.
    pub(super) second: Option<Second>,
}

/// Makes a request that may need another one before.
pub(super) type Second = fn(&Session) -> Result<Request, Failure>;

const BOTH: &[Target] = &[Target::Constant, Target::ByHand];
const CONSTANT: &[Target] = &[Target::Constant];

/// Each refresh presents the token of the latest reply; those that are under way at the same time share one.
const ROTATE: &str = r#"
local path = wrk.path
request = function() return wrk.format(nil, path) end
response = function(status, headers, body)
    local token = body:match('"refresh_token":"([^"]+)"')
    if token then path = "/v1.0/openapi/token/" .. token end
end
"#;

pub(super) const CASES: &[Case] = &[
    Case {
        name: PING_CASE,
        request: |_| Request::get(PING),
        accepted: "\"code\":0",
        goal: Some(0.62),
        floors: BOTH,
        script: None,
        second: None,
    },
    Case {
        name: "token",
        request: |_| Request::form(TOKEN, &format!("app_id={APP_ID}&app_secret={APP_SECRET}")),
        accepted: "\"code\":0",
        goal: Some(0.55),
        floors: BOTH,
        script: None,
        second: None,
    },
    Case {
        name: "app-list",
        request: |session| Request::get(&format!("{APP}?page=1&size={APPS}")).header("authorization", &session.bearer),
        accepted: "\"code\":0",
        goal: None,
        floors: BOTH,
        script: None,
        second: None,
    },
    Case {
        name: "x-token",
        // The credential is judged before the name, which is one character too long: the check and nothing behind it.
        request: |session| {
            Request::get(&format!("{PRODUCT}?name={}", "a".repeat(65))).header("x-token", &session.users.access)
        },
        accepted: "\"code\":1104",
        goal: None,
        floors: CONSTANT,
        script: None,
        second: None,
    },
    Case {
        name: "projects",
        request: |session| Request::json(PROJECTS, "{}").header("authorization", &session.users.coeus),
        accepted: "\"code\":0",
        goal: None,
        floors: CONSTANT,
        script: None,
        second: None,
    },
    Case {
        name: "status",
        request: |session| Request::get(STATUS).header("authorization", &session.users.insight),
        accepted: "\"code\":200",
        goal: Some(0.60),
        floors: CONSTANT,
        script: None,
        second: None,
    },
    Case {
        name: "configs",
        request: |session| Request::get(CONFIGS).header("authorization", &session.users.insight),
        accepted: "\"code\":200",
        goal: None,
        floors: CONSTANT,
        script: None,
        second: None,
    },
    Case {
        name: "signature",
        request: |_| Request::get(CODE),
        accepted: "\"code\":200",
        goal: None,
        floors: &[],
        script: Some(include_str!("signature.lua")),
        second: Some(|session| signed_login(session.address)),
    },
    Case {
        name: "refresh",
        request: |session| Request::post(&format!("{REFRESH}/{}", session.users.refresh)),
        accepted: "\"code\":0",
        goal: None,
        floors: &[],
        script: Some(ROTATE),
        second: None,
    },
    Case {
        name: LOGIN_CASE,
        request: |_| Request::json(LOGIN, USER),
        accepted: "\"code\":0",
        goal: None,
        floors: &[],
        script: None,
        second: None,
    },
];

/// The case that saturates the threads of passwords.
pub(super) const LOGIN_CASE: &str = "login";

/// The case whose latency is watched meanwhile.
pub(super) const PING_CASE: &str = "ping";

/// The case of this name, whichever are measured.
pub(super) fn named(name: &str) -> Result<&'static Case, Failure> {
    CASES.iter().find(|case| case.name == name).context(format_args!("there is no case {name}"))
}

/// What a user of the server holds. The constant floor gets that of the server, and looks at none of it.
#[derive(Clone, Default)]
pub(super) struct Users {
    /// An access token of edge_gateway.
    access: String,
    /// The refresh token beside it.
    refresh: String,
    /// A token of coeus_gateway.
    coeus: String,
    /// An access token of insight_auth.
    insight: String,
}

/// What a client of the server holds while it asks.
pub(super) struct Session {
    address: SocketAddr,
    /// `Bearer ` and a token of go_api.
    pub(super) bearer: String,
    pub(super) users: Users,
}

impl Session {
    /// Logs in to the server at `address` with the demo data's credentials.
    pub(super) fn open(address: SocketAddr) -> Result<Self, Failure> {
        let request = Request::form(TOKEN, &format!("app_id={APP_ID}&app_secret={APP_SECRET}"));
        let data = ask(address, &request)?;
        let token = data.get("token").and_then(Value::as_str).context("the login's answer holds no token")?;
        Ok(Self { address, bearer: format!("Bearer {token}"), users: Users::default() })
    }

    /// Logs the demo data's user in, and creates what the measured pages show.
    pub(super) fn prepare(&mut self) -> Result<(), Failure> {
        let text = |value: &Value, pointer: &str| {
            value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).context("a login's answer has no token")
        };
        let pair = reply_of(self.address, &Request::json(LOGIN, USER))?;
        let coeus = reply_of(self.address, &Request::json(COEUS_LOGIN, USER_BY_DIGEST))?;
        self.users = Users {
            access: text(&pair, "/result/access_token")?,
            refresh: text(&pair, "/result/refresh_token")?,
            coeus: text(&coeus, "/data/auth_token")?,
            insight: text(&reply_of(self.address, &signed_login(self.address)?)?, "/data/accessToken")?,
        };
        self.widen_limits()?;
        for number in 1..=APPS {
            let project = json!({ "project_type": 1, "project_name": format!("Measured project {number:02}") });
            let request = Request::json(CREATE_PROJECT, &project.to_string());
            reply_of(self.address, &request.header("authorization", &self.users.coeus))?;
        }
        self.create_apps()
    }

    /// Lets one device call as often as it can. Its calls are still counted, and those that nothing limits are from now on.
    fn widen_limits(&self) -> Result<(), Failure> {
        for (method, url) in [("GET", CODE), ("POST", INSIGHT_LOGIN), ("GET", STATUS), ("GET", CONFIGS)] {
            let url = url.split('?').next().unwrap_or_default();
            let listed = Request::get(&format!("{CONFIGS}?keyword={url}&page=1&size=100"));
            let listed = reply_of(self.address, &listed.header("authorization", &self.users.insight))?;
            let configs = listed["data"].as_array().context("there is no list of configs")?;
            let mut config = configs
                .iter()
                .find(|config| config["method"] == method && config["url"] == url)
                .context(format_args!("there is no config of {method} {url}"))?
                .clone();
            config["limit"] = true.into();
            config["limitGap"] = Value::Null;
            config["limitCycle"] = 86_400.into();
            config["limitMax"] = CONFIG_LIMIT.into();
            let mut edit = Request::json(CONFIGS, &config.to_string()).header("authorization", &self.users.insight);
            edit.method = "PUT".into();
            let reply = reply_of(self.address, &edit)?;
            if reply["code"] != 200 {
                return Err(Failure::new(format!("{method} {url} stays limited: {reply}")));
            }
        }
        Ok(())
    }

    /// Creates the applications that the measured page shows.
    fn create_apps(&self) -> Result<(), Failure> {
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

/// A login with the signature of a Code that the server gives for it.
fn signed_login(address: SocketAddr) -> Result<Request, Failure> {
    let md5 = |text: String| hex::encode(Md5::digest(text.as_bytes()));
    let reply = reply_of(address, &Request::get(CODE))?;
    let code = reply["data"].as_str().context(format_args!("{CODE} gives no Code: {reply}"))?;
    let signature = md5(format!("{}{code}", md5(format!("admin{DIGEST}"))));
    let login = json!({ "appId": INSIGHT_APP, "account": "admin", "signature": signature });
    Ok(Request::json(INSIGHT_LOGIN, &login.to_string()))
}

/// The `data` of a success of go_api.
fn ask(address: SocketAddr, request: &Request) -> Result<Value, Failure> {
    let mut body = reply_of(address, request)?;
    match body.get("code").and_then(Value::as_i64) {
        Some(0) => Ok(body["data"].take()),
        _ => Err(Failure::new(format!("{}: {body}", request.path))),
    }
}

/// The body of a reply.
fn reply_of(address: SocketAddr, request: &Request) -> Result<Value, Failure> {
    let reply = http::send(address, request).context(&request.path)?;
    let no_json = || Failure::new(format!("{}: {}", request.path, String::from_utf8_lossy(&reply.body)));
    serde_json::from_slice(&reply.body).map_err(|_| no_json())
}
