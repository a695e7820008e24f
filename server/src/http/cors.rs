//! Cross-origin requests (the Fetch standard's CORS protocol), off unless origins are configured.

use http::{HeaderMap, HeaderValue, Method, Request, header};

/// The origins whose pages may call a dialect.
#[derive(Debug, Default)]
pub struct Cors {
    origins: Vec<HeaderValue>,
    any: bool,
}

impl Cors {
    /// These origins, such as `https://app.example.com`; `*` is every one. None turns CORS off.
    pub fn new(origins: &[String]) -> Self {
        let any = origins.iter().any(|origin| origin == "*");
        let origins = origins.iter().filter_map(|origin| origin.trim_end_matches('/').parse().ok()).collect();
        Self { origins, any }
    }

    /// Whether a request asks what it would be allowed to send, from an origin that may.
    pub fn is_preflight<B>(&self, request: &Request<B>) -> bool {
        *request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
            && self.allows(request.headers()).is_some()
    }

    /// The origin of a request, where it may call.
    pub fn allows<'a>(&self, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
        if self.origins.is_empty() && !self.any {
            return None;
        }
        let origin = headers.get(header::ORIGIN)?;
        (self.any || self.origins.contains(origin)).then_some(origin)
    }

    /// Says to a browser that this origin may read the reply. Credentials are never allowed: tokens are no cookies.
    pub fn mark(headers: &mut HeaderMap, origin: HeaderValue) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(
                "X-Trace-ID, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After",
            ),
        );
    }

    /// Answers a preflight.
    pub fn mark_preflight(headers: &mut HeaderMap, request: &HeaderMap) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE"));
        if let Some(wanted) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(origin: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::ORIGIN, origin.parse().unwrap())])
    }

    #[test]
    fn only_configured_origins_may_call() {
        let cors = Cors::new(&["https://app.example.com/".to_owned()]);
        assert!(cors.allows(&from("https://app.example.com")).is_some());
        assert!(cors.allows(&from("https://app.example.com.evil.test")).is_none());
        assert!(cors.allows(&HeaderMap::new()).is_none());
        assert!(Cors::new(&[]).allows(&from("https://app.example.com")).is_none());
        assert!(Cors::new(&["*".to_owned()]).allows(&from("null")).is_some());
    }
}
