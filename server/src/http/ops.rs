//! What operators ask: is it alive, is it ready, what has it counted. Described with utoipa beside the handlers.

use std::{borrow::Cow, collections::HashMap, time::Duration};

use gatehouse_api::DOCUMENTS;
use http::{HeaderValue, Request, StatusCode, header};
use poem::Response;
use serde::Serialize;
use url::Url;
use utoipa::{OpenApi, ToSchema};

use super::{
    front::{Scope, reads},
    metrics::{Metrics, NO_OPERATION},
    swagger::Swagger,
};
use crate::store::Store;

/// How long readiness waits for the store.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// The ops endpoints, the documents and Swagger UI.
pub struct Ops {
    store: Store,
    metrics: Metrics,
    swagger: Swagger,
    own_listener: bool,
    documents: HashMap<String, (&'static str, Cow<'static, str>)>,
}

/// The state of the service.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`, or what is wrong.
    #[schema(example = "ok")]
    status: &'static str,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Gatehouse operations",
        description = "Health, readiness and metrics, for orchestrators and monitors."
    ),
    paths(healthz, readyz, metrics)
)]
struct OpsApi;

/// The process runs.
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", tag = "ops",
    responses((status = 200, description = "The process runs.", body = Health)))]
fn healthz() -> Response {
    json(StatusCode::OK, &Health { status: "ok" })
}

/// The server can serve: its store answers.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "ops",
    responses(
        (status = 200, description = "The server can serve.", body = Health),
        (status = 503, description = "The store does not answer.", body = Health),
    ))]
async fn readyz(store: &Store) -> Response {
    match tokio::time::timeout(STORE_TIMEOUT, store.ping()).await {
        Ok(Ok(())) => json(StatusCode::OK, &Health { status: "ok" }),
        Ok(Err(_)) | Err(_) => json(StatusCode::SERVICE_UNAVAILABLE, &Health { status: "the store does not answer" }),
    }
}

/// Counters and histograms in the OpenMetrics text format.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "ops",
    responses((status = 200, description = "Counters and histograms.", body = String, content_type = "application/openmetrics-text")))]
fn metrics(metrics: &Metrics) -> Response {
    content("application/openmetrics-text; version=1.0.0; charset=utf-8", metrics.render())
}

impl Ops {
    /// The endpoints over this store and these numbers. With a listener of their own, health, readiness and metrics are
    /// answered there only. `public_url` is the server that the documents name; without it, whoever serves them.
    pub fn new(store: Store, metrics: Metrics, own_listener: bool, public_url: Option<&Url>) -> Self {
        Self { store, metrics, swagger: Swagger::new(), own_listener, documents: documents(public_url) }
    }

    /// The name of what is at a path, for logs and metrics.
    pub fn operation(path: &str) -> &'static str {
        match path {
            "/healthz" => "healthz",
            "/readyz" => "readyz",
            "/metrics" => "metrics",
            "/" => "swaggerUi",
            _ if Swagger::owns(path) => "swaggerUi",
            _ if path.starts_with("/openapi/") => "openapi",
            _ => NO_OPERATION,
        }
    }

    /// Whether an operation is asked for all the time, by machines.
    pub fn is_probe(operation: &str) -> bool {
        matches!(operation, "healthz" | "readyz" | "metrics")
    }

    /// The reply to a request outside every dialect.
    pub async fn serve<B>(&self, request: &Request<B>, scope: Scope) -> Response {
        let path = request.uri().path();
        let here = (scope == Scope::Ops) == self.own_listener;
        let ours = matches!(path, "/healthz" | "/readyz" | "/metrics") && here
            || scope == Scope::Everything && (path == "/" || path.starts_with("/openapi/") || Swagger::owns(path));
        if !ours {
            return problem(StatusCode::NOT_FOUND);
        }
        if !reads(request.method()) {
            let mut response = problem(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match path {
            "/healthz" => healthz(),
            "/readyz" => readyz(&self.store).await,
            "/metrics" => metrics(&self.metrics),
            "/" => redirect("/swagger-ui/"),
            _ if Swagger::owns(path) => self.swagger.serve(path),
            _ => match self.documents.get(path) {
                Some((content_type, text)) => content(content_type, text.to_string()),
                None => problem(StatusCode::NOT_FOUND),
            },
        }
    }
}

/// What is served below `/openapi/`: every authored document as it is, but for the server that it names.
fn documents(public_url: Option<&Url>) -> HashMap<String, (&'static str, Cow<'static, str>)> {
    let mut files = HashMap::new();
    for document in DOCUMENTS {
        let (mut json, mut yaml) = (Cow::Borrowed(document.json), Cow::Borrowed(document.yaml));
        if let Some(url) = public_url {
            json = document.json.replacen(r#""url": "/""#, &format!(r#""url": "{url}""#), 1).into();
            yaml = document.yaml.replacen("- url: /\n", &format!("- url: {url}\n"), 1).into();
        }
        files.insert(format!("/openapi/{}.json", document.dialect), ("application/json", json));
        files.insert(format!("/openapi/{}.yaml", document.dialect), ("application/yaml", yaml));
        if let Some(text) = document.asyncapi {
            let path = format!("/openapi/{}.asyncapi.yaml", document.dialect);
            files.insert(path, ("application/yaml", Cow::Borrowed(text)));
        }
    }
    let ops = OpsApi::openapi().to_json().unwrap_or_default();
    files.insert("/openapi/ops.json".to_owned(), ("application/json", ops.into()));
    files
}

pub(super) fn content(content_type: &'static str, body: impl Into<poem::Body>) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(body.into())
}

pub(super) fn redirect(to: &'static str) -> Response {
    Response::builder().status(StatusCode::TEMPORARY_REDIRECT).header(header::LOCATION, to).finish()
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = content("application/json", serde_json::to_vec(body).unwrap_or_default());
    response.set_status(status);
    response
}

/// What is outside every dialect has no dialect's envelope: RFC 9457 problem details.
pub(super) fn problem(status: StatusCode) -> Response {
    #[derive(Serialize)]
    struct Problem {
        title: &'static str,
        status: u16,
    }
    let body = Problem { title: status.canonical_reason().unwrap_or_default(), status: status.as_u16() };
    let mut response = content("application/problem+json", serde_json::to_vec(&body).unwrap_or_default());
    response.set_status(status);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_name_the_public_url_where_there_is_one() {
        let url = Url::parse("https://api.example.com/").unwrap();
        let (plain, named) = (documents(None), documents(Some(&url)));
        for document in DOCUMENTS {
            let json = format!("/openapi/{}.json", document.dialect);
            assert_eq!(plain[&json].1, document.json);
            let value: serde_json::Value = serde_json::from_str(&named[&json].1).unwrap();
            assert_eq!(value["servers"][0]["url"], url.as_str());
            assert!(named[&json.replace(".json", ".yaml")].1.contains("  - url: https://api.example.com/\n"));
        }
    }
}
