//! Makes requests ready, sends them, and sends them again where that is safe.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{Request, Response};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Credential, Operation, Place, header, multipart};
use crate::rate::RateState;
use crate::retry::{self, RetryPolicy};

/// How a generated client sends: with which credentials and headers, how long, how often.
///
/// The default sends no credential, sends once, and leaves the time to the `reqwest::Client`. Clones share what was
/// [`seen`](Self::seen).
#[derive(Clone, Debug)]
pub struct Caller {
    credentials: Vec<Credential>,
    headers: HeaderMap,
    timeout: Option<Duration>,
    retry: RetryPolicy,
    repeatable: bool,
    seen: Arc<Mutex<Seen>>,
}

/// What the last reply said beside its body.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The HTTP status; none before there was a reply.
    pub status: Option<u16>,
    /// The `X-Trace-ID`.
    pub trace_id: Option<String>,
    /// The rate limit.
    pub rate: Option<RateState>,
    /// After how long the server will listen again.
    pub retry_after: Option<Duration>,
    /// What `Sec-WebSocket-Accept` must be, and whether it was.
    accept: Option<String>,
    accepted: bool,
}

impl Seen {
    /// Whether the status is one of failure.
    pub fn is_failure(&self) -> bool {
        self.status.is_some_and(|status| status >= 400)
    }

    /// Whether the server proved that it read the WebSocket handshake.
    pub fn is_websocket(&self) -> bool {
        self.accepted
    }
}

impl Caller {
    /// A caller without credentials that sends everything once.
    pub fn new() -> Self {
        Self {
            credentials: Vec::new(),
            headers: HeaderMap::new(),
            timeout: None,
            retry: RetryPolicy::none(),
            repeatable: false,
            seen: Arc::default(),
        }
    }

    /// Shows `credential` to the operations that take its scheme.
    pub fn with(mut self, credential: Credential) -> Self {
        self.credentials.push(credential);
        self
    }

    /// Sends `headers` with every request, where the operation does not set them itself.
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// Gives up an attempt after `timeout`.
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends again as `policy` says.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Says that the operation may be repeated without harm, though its verb does not.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// What the last reply said beside its body.
    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Adds to a request what its operation and this caller say of all requests.
    ///
    /// # Errors
    ///
    /// If a credential has a character that no header can have, or the operation is unknown.
    pub fn prepare(&self, operation: Option<&'static Operation>, request: &mut Request) -> Result<(), String> {
        let operation = operation.ok_or("the operation is not in the client's table")?;
        for (name, value) in &self.headers {
            if !request.headers().contains_key(name) {
                request.headers_mut().append(name, value.clone());
            }
        }
        if request.timeout().is_none() {
            *request.timeout_mut() = self.timeout;
        }
        self.identify(operation, request)?;
        if operation.multipart {
            multipart::encode(request)?;
        }
        if operation.upgrade {
            self.ask_for_websocket(request)?;
        }
        Ok(())
    }

    /// Shows the first credential that one of the operation's alternatives takes. Without any, the request goes out as
    /// it is: it is the server that refuses.
    fn identify(&self, operation: &Operation, request: &mut Request) -> Result<(), String> {
        let schemes = operation.security.iter().flatten();
        let mut matching = schemes.filter_map(|scheme| self.credentials.iter().find(|other| other.scheme == *scheme));
        let Some(credential) = matching.next() else { return Ok(()) };
        let secret = credential.secret.expose();
        let (name, text) = match credential.scheme.place {
            Place::Query(name) => {
                request.url_mut().query_pairs_mut().append_pair(name, secret);
                return Ok(());
            }
            Place::Bearer => (AUTHORIZATION, format!("Bearer {secret}")),
            Place::Header(name) => {
                let name = HeaderName::try_from(name).map_err(|_| format!("`{name}` is no name of a header"))?;
                (name, secret.to_owned())
            }
        };
        let mut value = HeaderValue::try_from(text)
            .map_err(|_| format!("the credential of `{}` does not fit into a header", credential.scheme.name))?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
        Ok(())
    }

    fn ask_for_websocket(&self, request: &mut Request) -> Result<(), String> {
        let key = generate_key();
        let value = HeaderValue::try_from(&key).map_err(|_| "the handshake's key does not fit into a header")?;
        let headers = request.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(SEC_WEBSOCKET_KEY, value);
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        self.note(|seen| seen.accept = Some(derive_accept_key(key.as_bytes())));
        Ok(())
    }

    /// Sends a request, and again as the policy says, and notes what the last reply said.
    ///
    /// # Errors
    ///
    /// That of the last attempt, without the URL, which may have a token in its query.
    pub async fn exchange(
        &self,
        operation: Option<&'static Operation>,
        client: &reqwest::Client,
        request: Request,
    ) -> reqwest::Result<Response> {
        let repeatable = self.repeatable || operation.is_some_and(|operation| operation.idempotent);
        let mut request = request;
        let mut sent = 1;
        loop {
            let copy = request.try_clone();
            let outcome = client.execute(request).await.map_err(reqwest::Error::without_url);
            self.record(outcome.as_ref().ok());
            let (Some(copy), Some(wait)) = (copy, self.retry.wait(sent, repeatable, &outcome)) else {
                return outcome;
            };
            let id = operation.map_or("", |operation| operation.id);
            tracing::debug!(operation = id, attempt = sent, wait_ms = wait.as_millis(), "sending again");
            // The failed reply holds its connection, which the next attempt may want.
            drop(outcome);
            tokio::time::sleep(wait).await;
            request = copy;
            sent += 1;
        }
    }

    fn record(&self, reply: Option<&Response>) {
        self.note(|seen| {
            let headers = reply.map(Response::headers);
            let text = |name: &HeaderName| headers?.get(name)?.to_str().ok().map(ToOwned::to_owned);
            let accepted = text(&SEC_WEBSOCKET_ACCEPT);
            *seen = Seen {
                status: reply.map(|reply| reply.status().as_u16()),
                trace_id: headers.and_then(|headers| header::optional(headers, "X-Trace-ID").ok().flatten()),
                rate: headers.and_then(RateState::read),
                retry_after: headers.and_then(retry::retry_after),
                accepted: accepted.is_some() && accepted == seen.accept,
                accept: seen.accept.take(),
            };
        });
    }
}

impl Default for Caller {
    fn default() -> Self {
        Self::new()
    }
}
