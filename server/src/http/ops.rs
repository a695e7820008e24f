//! What operators ask: is it alive, is it ready, what has it counted. Described with utoipa beside the handlers.

use std::{sync::Arc, time::Duration};

use gatehouse_api::DOCUMENTS;
use http::{HeaderValue, Request, StatusCode, header};
use poem::Response;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::{
    front::{Scope, reads},
    metrics::Metrics,
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
    document: Arc<str>,
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
    /// answered there only.
    pub fn new(store: Store, metrics: Metrics, own_listener: bool) -> Self {
        let document = OpsApi::openapi().to_json().unwrap_or_default().into();
        Self { store, metrics, swagger: Swagger::new(), own_listener, document }
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
            "/openapi/ops.json" => content("application/json", self.document.to_string()),
            _ if Swagger::owns(path) => self.swagger.serve(path),
            _ => document(path),
        }
    }
}

/// An authored document: `/openapi/<dialect>.json`, `.yaml` or `.asyncapi.yaml`.
fn document(path: &str) -> Response {
    let name = path.trim_start_matches("/openapi/");
    for document in DOCUMENTS {
        match name.strip_prefix(document.dialect) {
            Some(".json") => return content("application/json", document.json),
            Some(".yaml") => return content("application/yaml", document.yaml),
            Some(".asyncapi.yaml") => {
                if let Some(text) = document.asyncapi {
                    return content("application/yaml", text);
                }
            }
            _ => {}
        }
    }
    problem(StatusCode::NOT_FOUND)
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
