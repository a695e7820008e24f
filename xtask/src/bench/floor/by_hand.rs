//! The floor by hand: the server's work for the measured operations, written straight down. It counts against the rate
//! limit, makes a trace id, keeps the metrics, checks secrets and tokens with the same primitives, looks the
//! application up in a map and serialises the body by serde. What it lacks is everything that makes a server of it:
//! validation, other outcomes, a store.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::{digest, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::super::case::{APP_ID, APP_SECRET, APPS, DESCRIPTION, REDIRECT_URI, app_name};
use super::READY;

const LIMIT: u32 = 4_000_000_000;
/// Of the rate limit, in seconds.
const WINDOW: i64 = 3600;
/// A token's life in seconds.
const LIFE: i64 = 604_800;
/// Upper bounds of the latency histogram, in microseconds.
const BUCKETS: [u64; 8] = [50, 100, 250, 500, 1_000, 5_000, 25_000, 100_000];
const SHARDS: usize = 16;

/// The operations, which index the metrics.
#[derive(Clone, Copy)]
enum Operation {
    Ping,
    Token,
    Apps,
}

#[derive(Default)]
struct Metrics {
    replies: AtomicU64,
    microseconds: AtomicU64,
    buckets: [AtomicU64; BUCKETS.len() + 1],
}

struct App {
    id: i64,
    name: String,
    secret: hmac::Tag,
    /// The ids of the applications that it created, oldest first.
    created: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    id: i64,
    app_name: &'a str,
    app_id: &'a str,
    iat: i64,
    exp: i64,
    iss: &'a str,
    aud: &'a str,
    jti: &'a str,
}

/// A checked token: whose it is and until when.
type Checked = (Arc<str>, i64);

#[derive(Serialize)]
struct Envelope<'a, T> {
    code: i32,
    msg: &'a str,
    trace: Trace<'a>,
    data: T,
}

#[derive(Serialize)]
struct Trace<'a> {
    id: &'a str,
    desc: &'a str,
}

#[derive(Serialize)]
struct Token {
    token: String,
    expires_in: i64,
}

#[derive(Serialize)]
struct Item<'a> {
    app_id: &'a str,
    app_name: &'a str,
    description: &'a str,
    redirect_uri: &'a str,
    status: &'a str,
    created_at: &'a str,
}

#[derive(Serialize)]
struct Page<'a> {
    items: Vec<Item<'a>>,
    pagination: Pagination,
}

#[derive(Serialize)]
struct Pagination {
    page: usize,
    size: usize,
    total: usize,
    total_pages: usize,
}

/// Requests of one client in one window: when it ends, and how many there were.
type Window = (i64, u32);

pub(super) struct ByHand {
    limits: [Mutex<HashMap<IpAddr, Window>>; SHARDS],
    metrics: [Metrics; 3],
    apps: HashMap<String, App>,
    secrets: hmac::Key,
    tokens: hmac::Key,
    checked: Mutex<HashMap<[u8; 32], Checked>>,
    traces: AtomicU64,
}

impl ByHand {
    pub(super) fn new() -> Self {
        let secrets = hmac::Key::new(hmac::HMAC_SHA256, b"the key of the secrets, 32 bytes");
        let secret = hmac::sign(&secrets, APP_SECRET.as_bytes());
        let created: Vec<_> = (1..=APPS).map(|number| format!("go-api-{number:08}")).collect();
        let mut apps = HashMap::new();
        for (number, app_id) in (1..).zip(&created) {
            let app = App { id: 1 + number as i64, name: app_name(number), secret, created: Vec::new() };
            apps.insert(app_id.clone(), app);
        }
        apps.insert(APP_ID.to_owned(), App { id: 1, name: "demo".to_owned(), secret, created });
        Self {
            limits: Default::default(),
            metrics: Default::default(),
            apps,
            secrets,
            tokens: hmac::Key::new(hmac::HMAC_SHA256, b"the key of the tokens, 32 bytes."),
            checked: Mutex::default(),
            traces: AtomicU64::new(1),
        }
    }

    pub(super) async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Full<Bytes>> {
        let (began, now) = clocks();
        let operation = match (request.method(), request.uri().path()) {
            (&Method::GET, "/go-api/external/service/ping") => Operation::Ping,
            (&Method::POST, "/go-api/external/service/auth/token") => Operation::Token,
            (&Method::GET, "/go-api/external/service/auth/app") => Operation::Apps,
            (&Method::GET, READY) => return Response::default(),
            _ => return status(StatusCode::NOT_FOUND),
        };
        let Some((remaining, reset)) = self.count(peer.ip(), now) else {
            return status(StatusCode::TOO_MANY_REQUESTS);
        };
        let trace = self.trace(request.headers());
        let body = match operation {
            Operation::Ping => Some(envelope(&trace, ())),
            Operation::Token => match request.into_body().collect().await {
                Ok(body) => self.token(&body.to_bytes(), now).map(|data| envelope(&trace, data)),
                Err(_) => None,
            },
            Operation::Apps => self.caller(request.headers(), now).and_then(|caller| self.apps(&trace, &caller)),
        };
        let Some(body) = body else {
            return status(StatusCode::UNAUTHORIZED);
        };
        self.record(operation, began.elapsed());
        reply(body, &trace, remaining, reset)
    }

    /// Counts the request; nothing where the limit is reached, else what remains and when the window ends.
    fn count(&self, ip: IpAddr, now: i64) -> Option<(u32, i64)> {
        let shard = match ip {
            IpAddr::V4(ip) => ip.octets()[3],
            IpAddr::V6(ip) => ip.octets()[7],
        };
        let mut windows = self.limits[usize::from(shard) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        let (ends, count) = windows.entry(ip).or_insert((now + WINDOW, 0));
        if *ends <= now {
            (*ends, *count) = (now + WINDOW, 0);
        }
        *count = (*count < LIMIT).then_some(*count + 1)?;
        Some((LIMIT - *count, *ends))
    }

    /// The request's own trace id, or the next of a sequence that does not look like one (splitmix64).
    fn trace(&self, headers: &HeaderMap) -> String {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        let own = headers.get("x-trace-id").map(HeaderValue::as_bytes);
        if let Some(own) = own.filter(|own| (1..=64).contains(&own.len()) && own.iter().all(is_plain)) {
            return String::from_utf8_lossy(own).into_owned();
        }
        let mut mixed = self.traces.fetch_add(1, Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        format!("{:016x}", mixed ^ (mixed >> 31))
    }

    /// Checks the credentials of the form and signs a token.
    fn token(&self, form: &[u8], now: i64) -> Option<Token> {
        let field =
            |wanted: &str| form_urlencoded::parse(form).find(|(name, _)| name == wanted).map(|(_, value)| value);
        let (app_id, app_secret) = (field("app_id")?, field("app_secret")?);
        let app = self.apps.get(&*app_id)?;
        hmac::verify(&self.secrets, app_secret.as_bytes(), app.secret.as_ref()).ok()?;
        let mut jti = [0; 16];
        rand::fill(&mut jti).ok()?;
        let claims = Claims {
            id: app.id,
            app_name: &app.name,
            app_id: &app_id,
            iat: now,
            exp: now + LIFE,
            iss: "go-api",
            aud: "go_api",
            jti: &hex::encode(jti),
        };
        let mut token = URL_SAFE_NO_PAD.encode(br#"{"typ":"JWT","alg":"HS256","kid":"1"}"#);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(&claims).ok()?, &mut token);
        let signature = hmac::sign(&self.tokens, token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Some(Token { token, expires_in: LIFE })
    }

    /// Whose token the request bears. A token that was verified once is known by its digest.
    fn caller(&self, headers: &HeaderMap, now: i64) -> Option<Arc<str>> {
        let token = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        let digest: [u8; 32] = digest::digest(&digest::SHA256, token.as_bytes()).as_ref().try_into().ok()?;
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let (app_id, exp) = match checked.get(&digest) {
            Some(known) => known.clone(),
            None => {
                let (signed, signature) = token.rsplit_once('.')?;
                hmac::verify(&self.tokens, signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
                let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
                let claims: Claims<'_> = serde_json::from_slice(&claims).ok()?;
                let known = (Arc::from(claims.app_id), claims.exp);
                checked.insert(digest, known.clone());
                known
            }
        };
        (exp > now).then_some(app_id)
    }

    /// The page of the applications that the caller created.
    fn apps(&self, trace: &str, caller: &str) -> Option<Vec<u8>> {
        let created = &self.apps.get(caller)?.created;
        let known = created.iter().take(APPS).filter_map(|app_id| self.apps.get_key_value(app_id));
        let items = known.map(|(app_id, app)| Item {
            app_id,
            app_name: &app.name,
            description: DESCRIPTION,
            redirect_uri: REDIRECT_URI,
            status: "enabled",
            created_at: "2026-01-02T03:04:05Z",
        });
        let total = created.len();
        let pagination = Pagination { page: 1, size: APPS, total, total_pages: total.div_ceil(APPS) };
        Some(envelope(trace, Page { items: items.collect(), pagination }))
    }

    fn record(&self, operation: Operation, took: Duration) {
        let metrics = &self.metrics[operation as usize];
        let microseconds = took.as_micros() as u64;
        metrics.replies.fetch_add(1, Relaxed);
        metrics.microseconds.fetch_add(microseconds, Relaxed);
        let bucket = BUCKETS.iter().position(|&bound| microseconds <= bound).unwrap_or(BUCKETS.len());
        metrics.buckets[bucket].fetch_add(1, Relaxed);
    }
}

fn envelope(trace: &str, data: impl Serialize) -> Vec<u8> {
    let envelope = Envelope { code: 0, msg: "ok", trace: Trace { id: trace, desc: "" }, data };
    serde_json::to_vec(&envelope).unwrap_or_default()
}

fn reply(body: Vec<u8>, trace: &str, remaining: u32, reset: i64) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    if let Ok(trace) = HeaderValue::from_str(trace) {
        headers.insert(HeaderName::from_static("x-trace-id"), trace);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(LIMIT));
    headers.insert(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(remaining));
    headers.insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(reset));
    response
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

#[expect(clippy::disallowed_methods, reason = "the floor stands for a server, which reads the real clocks too")]
fn clocks() -> (Instant, i64) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (Instant::now(), since.as_secs() as i64)
}
