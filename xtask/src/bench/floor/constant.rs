//! The constant floor: the bytes that the server once sent, and nothing else. What it costs is the transport's.

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::super::http;
use super::READY;
use crate::{Context, Failure};

/// One reply of the server, as it is handed over to the floor.
#[derive(Serialize, Deserialize)]
pub struct Recorded {
    method: String,
    /// Without the query.
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Recorded {
    pub fn new(request: &http::Request, reply: &http::Reply) -> Self {
        // hyper writes these two itself.
        let own = |name: &str| matches!(name, "date" | "content-length");
        Self {
            method: request.method.clone(),
            path: request.path.split('?').next().unwrap_or_default().to_owned(),
            headers: reply.headers.iter().filter(|(name, _)| !own(name)).cloned().collect(),
            body: String::from_utf8_lossy(&reply.body).into_owned(),
        }
    }
}

pub(super) struct Constant {
    replies: HashMap<String, Vec<(Method, HeaderMap, Bytes)>>,
}

impl Constant {
    /// Reads the recorded replies from a file of JSON.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read(path).context(path.display())?;
        let recorded: Vec<Recorded> = serde_json::from_slice(&text).context(path.display())?;
        let mut replies: HashMap<_, Vec<_>> = HashMap::new();
        replies.insert(READY.to_owned(), vec![(Method::GET, HeaderMap::new(), Bytes::new())]);
        for Recorded { method, path, headers, body } in recorded {
            let mut map = HeaderMap::with_capacity(headers.len());
            for (name, value) in &headers {
                let name = HeaderName::from_bytes(name.as_bytes()).context(name)?;
                map.append(name, HeaderValue::from_str(value).context(value)?);
            }
            let method = Method::from_bytes(method.as_bytes()).context(&method)?;
            replies.entry(path).or_default().push((method, map, Bytes::from(body)));
        }
        Ok(Self { replies })
    }

    pub(super) fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let replies = self.replies.get(request.uri().path()).into_iter().flatten();
        let mut response = Response::default();
        match replies.into_iter().find(|(method, ..)| method == request.method()) {
            Some((_, headers, body)) => {
                *response.headers_mut() = headers.clone();
                *response.body_mut() = Full::new(body.clone());
            }
            None => *response.status_mut() = StatusCode::NOT_FOUND,
        }
        response
    }
}
