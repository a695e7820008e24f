//! The settings that the sessions of all dialects share, checked before the first request.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use crate::error::Error;
use crate::line::{Dialect, Line, Settings};
use crate::retry::RetryPolicy;

/// How long an attempt may take, unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may take, in a client of our own.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long before its expiry a token is renewed, unless told otherwise.
const MARGIN: Duration = Duration::from_secs(300);

/// Makes a session. `C` is what the dialect logs in with; its setters, and `build`, are below those that all dialects
/// have.
#[derive(Clone, Debug)]
pub struct Builder<C> {
    settings: Unchecked,
    pub(crate) credentials: C,
}

/// Settings that nobody has checked yet.
#[derive(Clone, Debug)]
struct Unchecked {
    base_url: String,
    http_client: Option<reqwest::Client>,
    timeout: Option<Duration>,
    user_agent: String,
    language: Option<String>,
    retry: RetryPolicy,
    margin: Duration,
}

impl<C> Builder<C> {
    pub(crate) fn new(credentials: C) -> Self {
        let settings = Unchecked {
            base_url: String::new(),
            http_client: None,
            timeout: Some(TIMEOUT),
            user_agent: concat!("gatehouse-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            language: None,
            retry: RetryPolicy::default(),
            margin: MARGIN,
        };
        Self { settings, credentials }
    }

    /// Where the server is: `http` or `https`, a host, and a path if a proxy puts the API below one.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.settings.base_url = base_url.into();
        self
    }

    /// Sends with this client, with its proxies, roots and pool. It must speak HTTP/1.1 for a WebSocket, and should not
    /// follow redirects, which would carry secrets elsewhere; ours does not.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.settings.http_client = Some(client);
        self
    }

    /// How long one attempt may take; `None` leaves it to the client. 30 s unless told otherwise.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.settings.timeout = timeout.into();
        self
    }

    /// The `User-Agent`. The name and version of this crate unless told otherwise.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.settings.user_agent = user_agent.into();
        self
    }

    /// The language of the server's messages, in the form of `Accept-Language`: `en` or `zh`.
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.settings.language = Some(language.into());
        self
    }

    /// When a request is sent again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// How long before its expiry a token is renewed, but never more than a tenth of its life. 5 min unless told
    /// otherwise. If that fails, the token is used on to its end, and renewed by one of the operations until then.
    pub fn renewal_margin(mut self, margin: Duration) -> Self {
        self.settings.margin = margin;
        self
    }

    /// The way to the server that the shared settings describe, and the credentials, which are the dialect's to check.
    pub(crate) fn connect<D: Dialect>(self) -> Result<(Line<D>, C), Error<D::Code>> {
        let settings = self.settings;
        let mut headers = HeaderMap::new();
        insert(&mut headers, USER_AGENT, "user_agent", &settings.user_agent)?;
        if let Some(language) = &settings.language {
            insert(&mut headers, ACCEPT_LANGUAGE, "language", language)?;
        }
        let base_url = base_url(&settings.base_url)?;
        let http_client = match settings.http_client {
            Some(client) => client,
            None => reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .map_err(|error| config(format!("there is no HTTP client: {error}")))?,
        };
        let Unchecked { timeout, retry, margin, .. } = settings;
        Ok((Line::new(Settings { base_url, http_client, headers, timeout, retry, margin }), self.credentials))
    }
}

/// The error of a setting that cannot be used; `what` names it.
pub(crate) fn config<C>(what: impl Into<String>) -> Error<C> {
    Error::Config(what.into())
}

/// Refuses a setting without text.
pub(crate) fn filled<C>(setting: &str, text: &str) -> Result<(), Error<C>> {
    if text.trim().is_empty() { Err(config(format!("`{setting}` is empty"))) } else { Ok(()) }
}

fn insert<C>(headers: &mut HeaderMap, name: HeaderName, setting: &str, text: &str) -> Result<(), Error<C>> {
    let value = HeaderValue::try_from(text).map_err(|_| config(format!("`{setting}` does not fit into a header")))?;
    headers.insert(name, value);
    Ok(())
}

/// The base URL without the slash at its end, as the generated client wants it. A refused URL is not repeated in the
/// error: it may hold a password.
fn base_url<C>(text: &str) -> Result<String, Error<C>> {
    let url = Url::parse(text).map_err(|error| config(format!("`base_url` is no absolute URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(config("`base_url` is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(config("`base_url` has a user in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(config("`base_url` has a query or a fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go_api::GoApi;

    fn good() -> Builder<()> {
        Builder::new(()).base_url("http://127.0.0.1:1/")
    }

    fn refused(builder: Builder<()>) -> String {
        builder.connect::<GoApi>().map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn good_settings_make_a_line() {
        let (line, ()) = good().base_url("https://example.com/below/").connect::<GoApi>().unwrap();
        assert_eq!(line.base_url(), "https://example.com/below");
    }

    #[test]
    fn bad_settings_are_named() {
        assert!(refused(good().base_url("")).contains("`base_url` is no absolute URL"));
        assert!(refused(good().base_url("localhost:8080")).contains("neither http nor https"));
        assert!(refused(good().base_url("ws://127.0.0.1")).contains("neither http nor https"));
        assert!(refused(good().base_url("http://127.0.0.1/?a=b")).contains("a query or a fragment"));
        assert!(refused(good().language("z\nh")).contains("`language`"));
        assert!(refused(good().user_agent("a\nb")).contains("`user_agent`"));
    }

    #[test]
    fn a_password_in_the_url_is_not_repeated() {
        let error = refused(good().base_url("http://me:hunter2@127.0.0.1"));
        assert!(error.contains("a user in it") && !error.contains("hunter2"));
    }
}
