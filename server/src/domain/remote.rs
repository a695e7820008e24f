//! Services of others that this one calls by HTTP: over TLS or on loopback, without redirects, each call within its time,
//! and with replies of a bounded size. What goes wrong is told without the address, which can hold a secret.

use std::fmt;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use tokio::sync::OnceCell;
use url::{Host, Url};

use super::secret::Secret;

/// Bytes of a reply that are read.
const LONGEST_REPLY: usize = 64 * 1024;

/// A service at one address.
pub(super) struct Remote {
    base: Secret<String>,
    timeout: Duration,
    /// Made at the first call: reading the system's certificates takes a while, and not every installation calls.
    client: OnceCell<Client>,
}

/// Why a call has no reply that could be used.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing can be called from here; for want of any trusted authority, mostly.
    Unable(String),
    /// No answer came, or none that was complete within the time.
    Silent(String),
    /// The reply has another status than success.
    Status(StatusCode),
    /// The reply is larger than anybody needs.
    TooLong,
}

impl Remote {
    /// The service at `base`, which [`check_address`] has looked at; every call has `timeout` as a whole.
    pub(super) const fn new(base: Secret<String>, timeout: Duration) -> Self {
        Self { base, timeout, client: OnceCell::const_new() }
    }

    /// The bytes of what is at `path` below the base. `query` is escaped.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<u8>, Failure> {
        let mut url = self.base()?;
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        url.query_pairs_mut().extend_pairs(query);
        let mut reply = self.call(self.request(Method::GET, url).await?).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(silent)? {
            if bytes.len() + chunk.len() > LONGEST_REPLY {
                return Err(Failure::TooLong);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// Sends a JSON text to the base itself; of the reply only the status counts. `id` is the same for the same message,
    /// so that whoever gets it twice can tell.
    pub(super) async fn post(&self, id: &str, json: Vec<u8>) -> Result<(), Failure> {
        let request = self.request(Method::POST, self.base()?).await?;
        let request = request.header("Content-Type", "application/json").header("Idempotency-Key", id).body(json);
        // The body goes with the connection, unread.
        self.call(request).await.map(drop)
    }

    async fn request(&self, method: Method, url: Url) -> Result<RequestBuilder, Failure> {
        let client = self.client.get_or_try_init(|| async { client(&url, self.timeout) }).await?;
        Ok(client.request(method, url))
    }

    fn base(&self) -> Result<Url, Failure> {
        read(self.base.expose()).map_err(|why| Failure::Unable(format!("the address {why}")))
    }

    async fn call(&self, request: RequestBuilder) -> Result<reqwest::Response, Failure> {
        let reply = request.send().await.map_err(silent)?;
        if reply.status().is_success() { Ok(reply) } else { Err(Failure::Status(reply.status())) }
    }
}

fn client(base: &Url, timeout: Duration) -> Result<Client, Failure> {
    let mut client = Client::builder().timeout(timeout).redirect(Policy::none()).no_proxy();
    if base.scheme() == "http" {
        // Nothing here is encrypted, so that a system without any authority will do.
        client = client.tls_certs_only([]);
    }
    client.build().map_err(|error| Failure::Unable(told(error)))
}

fn silent(error: reqwest::Error) -> Failure {
    Failure::Silent(told(error))
}

/// The error and its causes without the address.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut told = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        told = format!("{told}: {cause}");
        source = cause.source();
    }
    told
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unable(why) => write!(f, "it cannot be called: {why}"),
            Self::Silent(why) => write!(f, "no answer: {why}"),
            Self::Status(status) => write!(f, "it answered {}", status.as_u16()),
            Self::TooLong => write!(f, "the answer has more than {LONGEST_REPLY} bytes"),
        }
    }
}

impl std::error::Error for Failure {}

/// Looks whether this is the address of a service that may be called: `https`, or `http` at loopback.
///
/// # Errors
/// What is asked for, never what was given: that can hold a secret.
pub fn check_address(text: &str) -> Result<(), &'static str> {
    read(text).map(drop)
}

fn read(text: &str) -> Result<Url, &'static str> {
    const FORM: &str = "must be an address such as `https://api.example.com`, or one of loopback with `http`";
    let url = Url::parse(text).map_err(|_| FORM)?;
    let is_loopback = match url.host().ok_or(FORM)? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback => Ok(url),
        _ => Err(FORM),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encrypted_or_here() {
        for good in [
            "https://api.weixin.qq.com",
            "https://u:p@sms.example.com/send?key=x",
            "http://127.0.0.1:1",
            "http://127.9.9.9/x",
            "http://[::1]:8080/",
            "http://localhost:8080",
        ] {
            check_address(good).expect(good);
        }
        for bad in [
            "",
            "hunter2",
            "http://hunter2.example.com",
            "http://localhost.hunter2.example.com",
            "http://10.0.0.1/hunter2",
            "http://0.0.0.0/hunter2",
            "ftp://127.0.0.1/hunter2",
            "file:///hunter2",
            "https://",
        ] {
            let said = check_address(bad).expect_err(bad);
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[tokio::test]
    async fn nobody_at_the_other_end_is_told_without_the_address() {
        // Port 1 of loopback: nobody listens there.
        let remote = Remote::new(Secret::new("http://127.0.0.1:1/base/".to_owned()), Duration::from_secs(5));
        let failure = remote.get("/path", &[("secret", "hunter2")]).await.unwrap_err();
        let said = format!("{failure} {failure:?}");
        assert!(said.contains("no answer") && !said.contains("hunter2") && !said.contains("/path"), "{said}");
    }
}
