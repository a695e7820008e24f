//! A WeChat of one test: the two operations of its web logins over real sockets, and every misbehaviour that a client of
//! it has to bear.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::form_urlencoded;

/// The application at WeChat that the document's samples name.
pub const APP_ID: &str = "6821a080527d775101b624d632899fee";

/// Its secret, which is that of the demo realm.
pub const APP_SECRET: &str = "wechatwechatwechatwechatwechat01";

/// The account of the document's samples.
pub const UNION_ID: &str = "o6_bmasdasdsad6_2sgVt7hMZOPfL";

/// What goes wrong at one of the operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is ever answered.
    Stall,
    /// The answer has 10 MB.
    Huge,
    /// The answer leads elsewhere.
    Redirect,
    /// The answer is this text.
    Text(&'static str),
    /// The answer has this HTTP status.
    Status(u16),
    /// The answer is WeChat's refusal with this code.
    Code(i64),
    /// The answer has this field set, or left out where it is null.
    Field(&'static str, Value),
}

/// One of the two operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// `/sns/oauth2/access_token`
    Token,
    /// `/sns/userinfo`
    User,
}

/// A running server. It ends with the test's runtime.
pub struct Wechat {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// By code; each is taken once.
    codes: HashMap<String, Value>,
    /// Other ids of the application.
    aliases: Vec<String>,
    /// By access token.
    tokens: HashMap<String, Value>,
    faults: HashMap<Step, Fault>,
    requests: Vec<String>,
}

type Reply = Response<Full<Bytes>>;

impl Wechat {
    /// Starts a server at `127.0.0.1`.
    ///
    /// # Panics
    /// If there is no free port on loopback.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                let connection = server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // A client that leaves is no event of ours.
                tokio::spawn(async move { connection.await.unwrap_or_default() });
            }
        });
        Self { address, state }
    }

    /// The base of its operations.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on this code is that of the person of the document's samples, under this UnionID.
    pub fn grant(&self, code: &str, union_id: &str) {
        self.grant_to(code, person(union_id));
    }

    /// From now on this code is that of this person.
    pub fn grant_to(&self, code: &str, person: Value) {
        self.state.lock().unwrap().codes.insert(code.to_owned(), person);
    }

    /// From now on the application goes by this id as well.
    pub fn also_known_as(&self, app_id: &str) {
        self.state.lock().unwrap().aliases.push(app_id.to_owned());
    }

    /// From now on this goes wrong at this operation.
    pub fn fail(&self, step: Step, fault: Fault) {
        self.state.lock().unwrap().faults.insert(step, fault);
    }

    /// From now on nothing goes wrong.
    pub fn recover(&self) {
        self.state.lock().unwrap().faults.clear();
    }

    /// Path and query of every request so far.
    pub fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }
}

/// The person of the document's samples, under this UnionID, as WeChat tells of them.
pub fn person(union_id: &str) -> Value {
    json!({
        "openid": "o6_bmjrPTlm6_2sgVt7hMZOPfL2M",
        "nickname": "达明",
        "sex": 1,
        "language": "zh_CN",
        "city": "上海",
        "province": "上海",
        "country": "中国",
        "headimgurl": "http://thirdwx.qlogo.cn/mmopen/xbIQx1GRqdvyqkMMhEaGOX802l1CyqMJNgUzK/0",
        "privilege": [],
        "unionid": union_id,
    })
}

async fn answer(state: Arc<Mutex<State>>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let query: HashMap<String, String> =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let asked = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let (step, told, fault) = {
        let mut state = state.lock().unwrap();
        state.requests.push(request.uri().to_string());
        let (step, told) = match request.uri().path() {
            "/sns/oauth2/access_token" => (Step::Token, state.token(asked)),
            "/sns/userinfo" => (Step::User, state.user(asked)),
            _ => return Ok(reply(404, Bytes::new())),
        };
        (step, told, state.faults.get(&step).cloned())
    };
    Ok(match fault {
        None => reply(200, told.to_string()),
        Some(Fault::Stall) => std::future::pending().await,
        Some(Fault::Huge) => reply(200, vec![b' '; 10_000_000]),
        Some(Fault::Redirect) => {
            let mut reply = reply(302, Bytes::new());
            let elsewhere = format!("/elsewhere?{step:?}");
            reply.headers_mut().insert(header::LOCATION, HeaderValue::from_str(&elsewhere).expect("a value"));
            reply
        }
        Some(Fault::Text(text)) => reply(200, text),
        Some(Fault::Status(status)) => reply(status, told.to_string()),
        Some(Fault::Code(code)) => reply(200, refusal(code).to_string()),
        Some(Fault::Field(name, value)) => {
            let mut told = told;
            if value.is_null() {
                told.as_object_mut().expect("an object").remove(name);
            } else {
                told[name] = value;
            }
            reply(200, told.to_string())
        }
    })
}

impl State {
    fn token<'a>(&mut self, asked: impl Fn(&str) -> &'a str) -> Value {
        if asked("appid") != APP_ID && !self.aliases.iter().any(|alias| alias == asked("appid")) {
            return refusal(40_013);
        }
        if asked("secret") != APP_SECRET {
            return refusal(40_125);
        }
        if asked("grant_type") != "authorization_code" {
            return refusal(40_002);
        }
        // A code that was taken is known no more.
        let Some(person) = self.codes.remove(asked("code")) else { return refusal(40_029) };
        let token = format!("wechat-token-{}", self.requests.len());
        let told = json!({
            "access_token": token,
            "expires_in": 7200,
            "refresh_token": "wechat-refresh-token",
            "openid": person["openid"],
            "scope": "snsapi_login",
            "unionid": person["unionid"],
        });
        self.tokens.insert(token, person);
        told
    }

    fn user<'a>(&self, asked: impl Fn(&str) -> &'a str) -> Value {
        match self.tokens.get(asked("access_token")) {
            None => refusal(40_001),
            Some(person) if person["openid"] != asked("openid") => refusal(40_003),
            Some(_) if asked("lang") != "zh_CN" => refusal(40_097),
            Some(person) => person.clone(),
        }
    }
}

fn refusal(code: i64) -> Value {
    json!({ "errcode": code, "errmsg": "no, rid: 6502-1b2c" })
}

fn reply(status: u16, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = StatusCode::from_u16(status).expect("a status");
    // WeChat calls its JSON text.
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    reply
}
