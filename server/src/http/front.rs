//! The one pass that every request takes: context, limit, dialect, and what every reply carries.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, poll};
use gatehouse_api::runtime::{Context, DRAIN, Document, Language, Matched, OutcomeCode, Refusal};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use ipnet::IpNet;
use poem::{
    Addr, Response,
    web::{LocalAddr, RemoteAddr},
};

use super::{
    client_ip::client_ip,
    cors::Cors,
    heads::Unread,
    metrics::{Metrics, NO_DIALECT, NO_OPERATION, Tally},
    mount::Mount,
    ops::{Ops, problem},
    trace::{TraceIds, X_TRACE_ID},
};
use crate::domain::{
    clock::Clock,
    limit::{Decision, Limits},
};

const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// How long the rest of a body that is too large is read: a client that is still sending gets to see why it is refused,
/// and one that never does is not waited for.
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// Writes the line of a request into the log, at this level.
macro_rules! access_line {
    ($level:ident, $cx:expr, $dialect:expr, $operation:expr, $status:expr, $code:expr, $refused:expr, $took:expr) => {
        tracing::$level!(
            target: "gatehouse::access",
            trace = $cx.trace.as_str(),
            dialect = $dialect,
            operation = $operation,
            status = $status,
            code = $code,
            refused = $refused.map(tracing::field::debug),
            client = %$cx.client_ip,
            micros = u64::try_from($took.as_micros()).unwrap_or(u64::MAX),
        )
    };
}

/// What the front needs of the settings.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Proxies whose `X-Forwarded-For` and `Forwarded` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether envelopes say why a request failed.
    pub reveal: bool,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The longest that a request may take, its body included.
    pub request_timeout: Duration,
}

/// A dialect with what the front does for it.
struct Mounted {
    routes: Box<dyn Mount>,
    document: &'static Document,
    limits: Option<Arc<Limits>>,
    cors: Cors,
    /// The code of success in the envelope.
    success: i32,
    /// The numbers of each operation, in the document's order.
    tallies: Vec<Tally>,
    /// Those of requests that reach none.
    unmatched: Tally,
}

impl Mounted {
    fn new(routes: Box<dyn Mount>, metrics: &Metrics) -> Self {
        let (document, success) = (routes.document(), routes.success());
        let tally = |operation| metrics.tally(document.dialect, operation, success);
        Self {
            document,
            limits: routes.limits(),
            cors: Cors::new(routes.allowed_origins()),
            success,
            tallies: document.operations.iter().map(|facts| tally(facts.id)).collect(),
            unmatched: tally(NO_OPERATION),
            routes,
        }
    }

    /// Counts a request of this client, where the operation that it is meant for is limited.
    fn count(&self, operation: Option<usize>, client: IpAddr) -> Option<Decision> {
        let limit = operation.map_or(&self.document.rate_limit, |at| &self.document.operations[at].rate_limit);
        let limited = limit.is_some();
        self.limits.as_ref().filter(|_| limited).map(|limits| limits.hit(client))
    }

    /// The reply in place of the operation that a request is meant for, if that may not be called now.
    fn denial(&self, operation: Option<usize>, cx: &Context, headers: &HeaderMap) -> Option<Matched> {
        self.routes.denial(operation?, cx, headers)
    }

    /// What every reply of a dialect has, and what is kept of it.
    fn finish(
        &self,
        tally: &Tally,
        cx: &Context,
        matched: Matched,
        decision: Option<Decision>,
        started: Instant,
    ) -> Response {
        let Matched { mut response, refused } = matched;
        let headers = response.headers_mut();
        headers.insert(X_TRACE_ID, header_text(cx.trace.as_str()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(decision) = decision {
            mark(headers, decision, cx.at_millis / 1000);
        }
        let status = response.status().as_u16();
        let code = response.data::<OutcomeCode>().map_or(self.success, |code| code.0);
        let took = started.elapsed();
        tally.reply(status, code, took);
        access_line!(info, cx, tally.dialect(), tally.operation(), status, code, refused, took);
        response
    }
}

/// Which paths a listener answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every dialect, Swagger UI, and the ops endpoints unless they have a listener of their own.
    Everything,
    /// One dialect: its documented port.
    Dialect(&'static str),
    /// The ops endpoints.
    Ops,
}

/// Takes every request.
pub struct Front {
    dialects: Vec<Mounted>,
    ops: Ops,
    rules: Rules,
    traces: TraceIds,
    clock: Clock,
    metrics: Metrics,
}

impl Front {
    /// The front of these dialects.
    pub fn new(
        dialects: Vec<Box<dyn Mount>>,
        ops: Ops,
        rules: Rules,
        traces: TraceIds,
        clock: Clock,
        metrics: Metrics,
    ) -> Self {
        let dialects = dialects.into_iter().map(|routes| Mounted::new(routes, &metrics)).collect();
        Self { dialects, ops, rules, traces, clock, metrics }
    }

    /// The reply to a request.
    pub async fn serve(
        &self,
        mut request: Request<Incoming>,
        peer: SocketAddr,
        local: SocketAddr,
        scope: Scope,
    ) -> Response {
        let started = now();
        let mut cx = self.context(request.headers(), peer);
        let Some(mounted) = self.dialect(request.uri().path(), scope) else {
            // Boxed, because the store's futures would make every request's future as large as they are.
            let response = Box::pin(self.ops.serve(&request, scope)).await;
            return self.finish_outside(Ops::operation(request.uri().path()), &cx, response, started);
        };
        cx.language = language(mounted.document, request.headers());
        unalias(mounted.document, &mut request);
        let operation = mounted.document.position(request.method().as_str(), request.uri().path());
        cx.operation = operation.map(|at| &mounted.document.operations[at]);
        let decision = mounted.count(operation, cx.client_ip);
        let origin = mounted.cors.allows(request.headers()).cloned();

        let matched = match decision {
            Some(decision) if !decision.admitted => {
                if decision.first_refusal {
                    self.aside(mounted.routes.limit_reached(request.headers(), decision)).await;
                }
                refusal(mounted, &cx, Refusal::TooManyRequests)
            }
            _ if mounted.routes.hides(request.uri().path(), cx.client_ip) => refusal(mounted, &cx, Refusal::NotFound),
            _ if mounted.cors.is_preflight(&request) => preflight(request.headers()),
            _ => {
                if let Some(work) = mounted.routes.prepare() {
                    self.aside(work).await;
                }
                match mounted.denial(operation, &cx, request.headers()) {
                    Some(denied) => denied,
                    None => self.call(mounted, &cx, operation, request, (peer, local)).await,
                }
            }
        };
        let tally = operation.map_or(&mounted.unmatched, |at| &mounted.tallies[at]);
        let mut response = mounted.finish(tally, &cx, matched, decision, started);
        if let Some(origin) = origin {
            Cors::mark(response.headers_mut(), origin);
        }
        response
    }

    /// The reply to a request whose head could not be read, so that there is none. Its client is the peer, because what
    /// a proxy would say of it may be lost with the head; it counts like every request, and past the limit it is refused
    /// for that.
    pub fn refuse(&self, unread: &Unread, peer: SocketAddr, scope: Scope) -> Response {
        let started = now();
        let traced = unread.headers.get(X_TRACE_ID).map(|id| (X_TRACE_ID, id.clone()));
        let mut cx = self.context(&traced.into_iter().collect(), peer);
        let (method, path) = method_and_path(&unread.line);
        let Some(mounted) = self.dialect(path, scope) else {
            return self.finish_outside(NO_OPERATION, &cx, problem(unread.status), started);
        };
        cx.language = language(mounted.document, &unread.headers);
        let path = alias(mounted.document, path).map_or(Cow::Borrowed(path), Cow::Owned);
        let decision = mounted.count(mounted.document.position(method, &path), cx.client_ip);
        let mut matched = match decision {
            Some(decision) if !decision.admitted => refusal(mounted, &cx, Refusal::TooManyRequests),
            _ => refusal(mounted, &cx, Refusal::Invalid),
        };
        if matched.refused == Some(Refusal::Invalid) {
            matched.response.set_status(unread.status);
        }
        mounted.finish(&mounted.unmatched, &cx, matched, decision, started)
    }

    fn context(&self, headers: &HeaderMap, peer: SocketAddr) -> Context {
        let at = self.clock.now();
        Context {
            trace: self.traces.of(headers, at),
            language: Language::English,
            operation: None,
            client_ip: client_ip(peer.ip(), headers, &self.rules.trusted_proxies),
            at_millis: at.millis(),
            reveal: self.rules.reveal,
            body_limit: self.rules.body_limit,
        }
    }

    /// As [`Mounted::finish`], for what is outside every dialect. Those who ask all the time are not worth a line.
    fn finish_outside(
        &self,
        operation: &'static str,
        cx: &Context,
        mut response: Response,
        started: Instant,
    ) -> Response {
        response.headers_mut().insert(X_TRACE_ID, header_text(cx.trace.as_str()));
        let status = response.status().as_u16();
        let took = started.elapsed();
        self.metrics.tally(NO_DIALECT, operation, 0).reply(status, 0, took);
        let refused = None::<Refusal>;
        if Ops::is_probe(operation) {
            access_line!(debug, cx, NO_DIALECT, operation, status, 0, refused, took);
        } else {
            access_line!(info, cx, NO_DIALECT, operation, status, 0, refused, took);
        }
        response
    }

    /// Calls the dialect. A panic and a request that takes too long end in its envelope as well.
    async fn call(
        &self,
        mounted: &Mounted,
        cx: &Context,
        operation: Option<usize>,
        request: Request<Incoming>,
        (peer, local): (SocketAddr, SocketAddr),
    ) -> Matched {
        if content_length(request.headers()).is_some_and(|length| length > self.rules.body_limit as u64) {
            // Whoever waits for `100 Continue` has sent nothing yet, and reading would invite them to.
            if !request.headers().contains_key(header::EXPECT) {
                let _late = tokio::time::timeout(DRAIN_TIME, Box::pin(drain(request.into_body()))).await;
            }
            return refusal(mounted, cx, Refusal::TooLarge);
        }
        if is_encoded(request.headers()) {
            return refusal(mounted, cx, Refusal::UnsupportedMediaType);
        }
        let local = LocalAddr(Addr::SocketAddr(local));
        let remote = RemoteAddr(Addr::SocketAddr(peer));
        let request = (request, local, remote, http::uri::Scheme::HTTP).into();
        let answered = AssertUnwindSafe(mounted.routes.call(cx, operation, request)).catch_unwind();
        match within(self.rules.request_timeout, answered).await {
            Some(Ok(matched)) => matched,
            Some(Err(_)) => {
                self.metrics.panics.inc();
                tracing::error!(trace = cx.trace.as_str(), "an operation panicked");
                refusal(mounted, cx, Refusal::Fault)
            }
            None => refusal(mounted, cx, Refusal::Busy),
        }
    }

    /// Does what a reply is possible without, unless it takes too long.
    async fn aside(&self, work: impl Future<Output = ()>) {
        match within(self.rules.request_timeout, AssertUnwindSafe(work).catch_unwind()).await {
            Some(Ok(())) => {}
            Some(Err(_)) => {
                self.metrics.panics.inc();
                tracing::error!("what goes on beside an operation panicked");
            }
            None => tracing::warn!("what goes on beside an operation took too long"),
        }
    }

    /// The dialect that answers a path: on a documented port that port's, whatever the path; elsewhere the one that the
    /// path belongs to.
    fn dialect(&self, path: &str, scope: Scope) -> Option<&Mounted> {
        let mut dialects = self.dialects.iter();
        match scope {
            Scope::Everything => dialects.find(|mounted| mounted.document.owns(path)),
            Scope::Dialect(name) => dialects.find(|mounted| mounted.document.dialect == name),
            Scope::Ops => None,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "durations in logs and metrics are of this machine, not of the domain")]
fn now() -> Instant {
    Instant::now()
}

/// What `work` comes to, unless that takes longer than `limit`. Most requests have nothing to wait for, and need no timer.
async fn within<F: Future>(limit: Duration, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    if let Poll::Ready(done) = poll!(work.as_mut()) {
        return Some(done);
    }
    // Boxed, because a timer makes the future of every request larger and strangely aligned.
    Box::pin(tokio::time::timeout(limit, work)).await.ok()
}

fn refusal(mounted: &Mounted, cx: &Context, refusal: Refusal) -> Matched {
    Matched { response: mounted.routes.refusal(cx, refusal), refused: Some(refusal) }
}

fn preflight(request: &HeaderMap) -> Matched {
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    Cors::mark_preflight(response.headers_mut(), request);
    Matched { response, refused: None }
}

/// The language that a request asks for: the dialect's own header, `Accept-Language`, the document's.
fn language(document: &Document, headers: &HeaderMap) -> Language {
    let text = |value: Option<&HeaderValue>| value.and_then(|value| value.to_str().ok().map(str::to_owned));
    document
        .language_header
        .and_then(|name| text(headers.get(name)))
        .and_then(|tag| Language::of_tag(&tag))
        .or_else(|| text(headers.get(header::ACCEPT_LANGUAGE)).and_then(|value| Language::accepted(&value)))
        .unwrap_or(document.language)
}

/// Replaces an alias of a prefix by what it stands for.
fn unalias(document: &Document, request: &mut Request<Incoming>) {
    let renamed = alias(document, request.uri().path()).map(|path| match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    });
    if let Some(uri) = renamed.and_then(|uri| uri.parse::<Uri>().ok()) {
        *request.uri_mut() = uri;
    }
}

/// What a path stands for, if it begins with an alias.
fn alias(document: &Document, path: &str) -> Option<String> {
    document.aliases.iter().find_map(|(alias, target)| {
        let rest = path.strip_prefix(alias)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| format!("{target}{rest}"))
    })
}

/// The method and the path of a request line, of which only the beginning may be there: then whole segments of the path.
/// What is no request line has an empty path.
fn method_and_path(line: &str) -> (&str, &str) {
    let (method, target) = line.split_once(' ').unwrap_or((line, ""));
    // The absolute form (RFC 9112, 3.2.2) names the server first.
    let target = match target.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            rest.find('/').map_or("", |at| &rest[at..])
        }
        _ => target,
    };
    let end = target.find([' ', '?', '#']).or_else(|| target.rfind('/')).unwrap_or(0);
    (method, &target[..end])
}

/// Whether a body is compressed or otherwise encoded, which nothing here decodes.
fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Reads and drops a body, up to [`DRAIN`].
async fn drain(mut body: Incoming) {
    let mut length = 0;
    while let Some(Ok(frame)) = body.frame().await {
        length += frame.data_ref().map_or(0, bytes::Bytes::len);
        if length > DRAIN {
            return;
        }
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn mark(headers: &mut HeaderMap, decision: Decision, now: i64) {
    headers.insert(X_RATELIMIT_LIMIT, decision.limit.into());
    headers.insert(X_RATELIMIT_REMAINING, decision.remaining.into());
    headers.insert(X_RATELIMIT_RESET, decision.reset.into());
    if !decision.admitted {
        headers.insert(header::RETRY_AFTER, (decision.reset - now).max(1).into());
    }
}

/// A header value of text that holds only visible ASCII; trace ids do by their type.
fn header_text(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// Whether a method only reads.
pub(super) fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
