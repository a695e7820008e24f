//! Swagger UI over every document, from files that are compiled in.

use std::sync::{Arc, LazyLock};

use gatehouse_api::DOCUMENTS;
use http::{StatusCode, header};
use poem::Response;
use utoipa_swagger_ui::{Config, Url};

use super::ops::{content, problem, redirect};

const BASE: &str = "/swagger-ui";

/// Where the documents are served, in their order.
static ADDRESSES: LazyLock<Vec<String>> =
    LazyLock::new(|| DOCUMENTS.iter().map(|document| format!("/openapi/{}.json", document.dialect)).collect());

/// The pages of Swagger UI.
pub struct Swagger {
    config: Arc<Config<'static>>,
}

impl Swagger {
    /// Swagger UI with a choice of every authored document and the ops one.
    pub fn new() -> Self {
        let mut urls: Vec<_> = DOCUMENTS
            .iter()
            .zip(ADDRESSES.iter())
            .map(|(document, address)| Url::new(document.dialect, address))
            .collect();
        urls.push(Url::new("ops", "/openapi/ops.json"));
        let config = Config::new(urls)
            .persist_authorization(true)
            .display_request_duration(true)
            .try_it_out_enabled(true)
            .validator_url("none");
        Self { config: Arc::new(config) }
    }

    /// Whether a path is one of its pages.
    pub fn owns(path: &str) -> bool {
        path.strip_prefix(BASE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// One of its pages.
    pub fn serve(&self, path: &str) -> Response {
        let Some(file) = path.strip_prefix(BASE).and_then(|rest| rest.strip_prefix('/')) else {
            return redirect("/swagger-ui/");
        };
        match utoipa_swagger_ui::serve(file, self.config.clone()) {
            Ok(Some(file)) => {
                let mut response = content("application/octet-stream", file.bytes.into_owned());
                if let Ok(content_type) = file.content_type.parse() {
                    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
                }
                response
            }
            Ok(None) | Err(_) => problem(StatusCode::NOT_FOUND),
        }
    }
}

impl Default for Swagger {
    fn default() -> Self {
        Self::new()
    }
}
