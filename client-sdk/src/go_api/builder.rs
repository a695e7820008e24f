//! The settings of a session, checked before the first request.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use super::{Error, Session};
use crate::retry::RetryPolicy;
use crate::secret::Secret;

/// How long an attempt may take, unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may take, in a client of our own.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long before its expiry a token is renewed, unless told otherwise.
const MARGIN: Duration = Duration::from_secs(300);

/// Makes a [`Session`].
#[derive(Clone, Debug)]
pub struct Builder {
    base_url: String,
    app_id: String,
    app_secret: Secret,
    http_client: Option<reqwest::Client>,
    timeout: Option<Duration>,
    user_agent: String,
    language: Option<String>,
    retry: RetryPolicy,
    margin: Duration,
}

/// Settings that have been checked.
pub(super) struct Settings {
    pub base_url: String,
    pub app_id: String,
    pub app_secret: Secret,
    pub http_client: reqwest::Client,
    pub headers: HeaderMap,
    pub timeout: Option<Duration>,
    pub retry: RetryPolicy,
    pub margin: Duration,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            base_url: String::new(),
            app_id: String::new(),
            app_secret: Secret::new(""),
            http_client: None,
            timeout: Some(TIMEOUT),
            user_agent: concat!("gatehouse-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            language: None,
            retry: RetryPolicy::default(),
            margin: MARGIN,
        }
    }

    /// Where the server is: `http` or `https`, a host, and a path if a proxy puts the API below one.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// The id of the application.
    pub fn app_id(mut self, app_id: impl Into<String>) -> Self {
        self.app_id = app_id.into();
        self
    }

    /// The secret of the application.
    pub fn app_secret(mut self, app_secret: impl Into<Secret>) -> Self {
        self.app_secret = app_secret.into();
        self
    }

    /// Sends with this client, with its proxies, roots and pool. It must speak HTTP/1.1 for [`Session::events`], and
    /// should not follow redirects, which would carry the secret elsewhere; ours does not.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http_client = Some(client);
        self
    }

    /// How long one attempt may take; `None` leaves it to the client. 30 s unless told otherwise.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// The `User-Agent`. The name and version of this crate unless told otherwise.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// The language of the server's messages, in the form of `Accept-Language`: `en` or `zh`.
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// When a request is sent again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How long before its expiry a token is renewed, but never more than a tenth of its life. 5 min unless told
    /// otherwise.
    pub fn renewal_margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// Checks the settings. Nothing is sent before the first operation.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], which names the setting, if the base URL is no absolute `http` or `https` URL or has a user,
    /// a query or a fragment; if an id or a secret is empty; if a header cannot have the user agent or the language;
    /// or if no HTTP client can be made.
    pub fn build(self) -> Result<Session, Error> {
        let mut headers = HeaderMap::new();
        insert(&mut headers, USER_AGENT, "user_agent", &self.user_agent)?;
        if let Some(language) = &self.language {
            insert(&mut headers, ACCEPT_LANGUAGE, "language", language)?;
        }
        for (name, text) in [("app_id", self.app_id.as_str()), ("app_secret", self.app_secret.expose())] {
            if text.trim().is_empty() {
                return Err(config(format!("`{name}` is empty")));
            }
        }
        let base_url = base_url(&self.base_url)?;
        let http_client = match self.http_client {
            Some(client) => client,
            None => reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .map_err(|error| config(format!("there is no HTTP client: {error}")))?,
        };
        Ok(Session::new(Settings {
            base_url,
            app_id: self.app_id,
            app_secret: self.app_secret,
            http_client,
            headers,
            timeout: self.timeout,
            retry: self.retry,
            margin: self.margin,
        }))
    }
}

fn config(what: impl Into<String>) -> Error {
    Error::Config(what.into())
}

fn insert(headers: &mut HeaderMap, name: HeaderName, setting: &str, text: &str) -> Result<(), Error> {
    let value = HeaderValue::try_from(text).map_err(|_| config(format!("`{setting}` does not fit into a header")))?;
    headers.insert(name, value);
    Ok(())
}

/// The base URL without the slash at its end, as the generated client wants it. A refused URL is not repeated in the
/// error: it may hold a password.
fn base_url(text: &str) -> Result<String, Error> {
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

    fn refused(change: impl FnOnce(Builder) -> Builder) -> String {
        let good = Builder::new().base_url("http://127.0.0.1:1/").app_id("id").app_secret("hunter2hunter2");
        change(good).build().map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn good_settings_make_a_session() {
        let session =
            Builder::new().base_url("https://example.com/below/").app_id("id").app_secret("s").build().unwrap();
        assert_eq!(session.base_url(), "https://example.com/below");
    }

    #[test]
    fn bad_settings_are_named() {
        assert!(refused(|builder| builder.base_url("")).contains("`base_url` is no absolute URL"));
        assert!(refused(|builder| builder.base_url("localhost:8080")).contains("neither http nor https"));
        assert!(refused(|builder| builder.base_url("ws://127.0.0.1")).contains("neither http nor https"));
        assert!(refused(|builder| builder.base_url("http://127.0.0.1/?a=b")).contains("a query or a fragment"));
        assert!(refused(|builder| builder.app_id("")).contains("`app_id` is empty"));
        assert!(refused(|builder| builder.app_secret(" ")).contains("`app_secret` is empty"));
        assert!(refused(|builder| builder.language("z\nh")).contains("`language`"));
    }

    #[test]
    fn a_password_in_the_url_is_not_repeated() {
        let error = refused(|builder| builder.base_url("http://me:hunter2@127.0.0.1"));
        assert!(error.contains("a user in it") && !error.contains("hunter2"));
    }

    #[test]
    fn debug_hides_the_secret() {
        let builder = Builder::new().base_url("http://127.0.0.1:1").app_id("id").app_secret("hunter2hunter2");
        assert!(!format!("{builder:?}").contains("hunter2"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("hunter2"));
    }
}
