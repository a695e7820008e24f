//! The routes of a dialect in one flat table: a hash look-up for fixed paths, poem's tree for those with parameters.

use std::collections::HashMap;

use poem::{
    Endpoint, Request, Response, Route, RouteMethod,
    endpoint::BoxEndpoint,
    error::{MethodNotAllowedError, NotFoundError, ReadBodyError},
    http::Method,
};
use poem_openapi::{OpenApiService, error::ContentTypeError};

use super::{
    Context, Dialect, ErrorCode, Fault, Refusal, Refused,
    answer::json,
    param::QueryPairs,
    payload::{has_no_body, pairs},
};

/// The routes of one dialect.
pub struct RouteTable<D: Dialect> {
    dialect: D,
    fixed: HashMap<String, Vec<(Method, BoxEndpoint<'static>)>>,
    patterns: Route,
}

/// A reply, and what it means in the log.
pub struct Matched {
    /// The reply, which always has the dialect's envelope.
    pub response: Response,
    /// Why the request never came to its handler, where it did not.
    pub refused: Option<Refusal>,
}

impl<D: Dialect> RouteTable<D> {
    /// The routes of a dialect.
    pub fn new(dialect: D) -> Self {
        let mut endpoints = HashMap::new();
        dialect.clone().add_routes(&mut endpoints);
        let mut fixed = HashMap::new();
        let mut patterns = Route::new();
        for (path, methods) in endpoints {
            if path.contains(':') {
                let methods = methods
                    .into_iter()
                    .fold(RouteMethod::new(), |all, (method, endpoint)| all.method(method, endpoint));
                patterns = patterns.at(path, methods);
            } else {
                fixed.insert(path, methods.into_iter().collect());
            }
        }
        Self { dialect, fixed, patterns }
    }

    /// The dialect whose routes these are.
    pub fn dialect(&self) -> &D {
        &self.dialect
    }

    /// The document that the routes themselves emit, as JSON; tests hold it against the authored one.
    pub fn emitted(&self) -> String {
        OpenApiService::new(self.dialect.clone(), D::DOCUMENT.dialect, "").spec()
    }

    /// The reply to a request. Whatever goes wrong, it is in the dialect's envelope.
    pub async fn call(&self, cx: &Context, mut request: Request) -> Matched {
        let no_body = has_no_body(&request);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let query = match uri.query() {
            Some(query) => pairs(query.as_bytes()),
            None => Some(Vec::new()),
        };
        let extensions = request.extensions_mut();
        extensions.insert(*cx);
        extensions.insert(self.dialect.handler().clone());
        // A query that is not UTF-8 is the parameters' matter: paths, methods and credentials are judged before it, and
        // an operation without parameters does not look at it.
        extensions.insert(QueryPairs(query));
        match self.route(request).await {
            Ok(response) => Matched { response, refused: None },
            Err(error) => self.refuse(cx, error, no_body, &method, uri.path()),
        }
    }

    /// A reply that the transport gives instead of any operation.
    pub fn refuse_with(cx: &Context, refusal: Refusal) -> Response {
        let fault = Fault::<D::Code>::refusal(refusal);
        json(fault.status(), fault.code().number(), D::failure(cx, &fault))
    }

    async fn route(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path();
        // poem takes HEAD for GET everywhere, and would do what must not be done by asking.
        if *request.method() == Method::HEAD
            && D::DOCUMENT
                .operations
                .iter()
                .any(|facts| facts.is_at(path) && facts.method == "GET" && !facts.takes("HEAD"))
        {
            return Err(MethodNotAllowedError.into());
        }
        let Some(methods) = self.fixed.get(request.uri().path()) else {
            return self.patterns.call(request).await;
        };
        let find = |method: &Method| methods.iter().find(|(known, _)| known == method).map(|(_, endpoint)| endpoint);
        if let Some(endpoint) = find(request.method()) {
            return endpoint.call(request).await;
        }
        match find(&Method::GET) {
            Some(endpoint) if *request.method() == Method::HEAD => endpoint.call(request).await,
            _ => Err(MethodNotAllowedError.into()),
        }
    }

    fn refuse(&self, cx: &Context, error: poem::Error, no_body: bool, method: &Method, path: &str) -> Matched {
        let operation = D::DOCUMENT.operation(method.as_str(), path);
        let answer = |fault: &Fault<D::Code>| {
            let body = match operation {
                Some(facts) => D::failure_of(facts.id, cx, fault),
                None => D::failure(cx, fault),
            };
            json(fault.status(), fault.code().number(), body)
        };
        if let Some(fault) = error.downcast_ref::<Fault<D::Code>>() {
            return Matched { response: answer(fault), refused: None };
        }
        let refused = classify(&error, no_body);
        let mut response = answer(&Fault::refusal(refused.refusal).with_detail(refused.detail));
        if refused.refusal == Refusal::MethodNotAllowed
            && let Ok(allow) = allowed::<D>(path).parse()
        {
            response.headers_mut().insert(poem::http::header::ALLOW, allow);
        }
        Matched { response, refused: Some(refused.refusal) }
    }
}

/// Why poem or poem-openapi stopped a request. Their texts name Rust types and values, so none of them is passed on.
fn classify(error: &poem::Error, no_body: bool) -> Refused {
    if let Some(refused) = error.downcast_ref::<Refused>() {
        return refused.clone();
    }
    if let Some(error) = error.downcast_ref::<ContentTypeError>() {
        return match error {
            ContentTypeError::ExpectContentType if no_body => Refused::new(Refusal::Invalid, "the body is missing"),
            ContentTypeError::ExpectContentType => {
                Refused::new(Refusal::UnsupportedMediaType, "the body has no Content-Type")
            }
            ContentTypeError::NotSupported { .. } => {
                Refused::new(Refusal::UnsupportedMediaType, "the operation does not read this media type")
            }
        };
    }
    if let Some(error) = error.downcast_ref::<poem_openapi::error::ParseParamError>() {
        return Refused::new(Refusal::Invalid, format!("the parameter `{}` does not match its schema", error.name));
    }
    if error.is::<poem_openapi::error::ParsePathError>() {
        return Refused::new(Refusal::Invalid, "the path does not match its schema");
    }
    if error.is::<NotFoundError>() {
        return Refused::new(Refusal::NotFound, "nothing is at this path");
    }
    if error.is::<MethodNotAllowedError>() {
        return Refused::new(Refusal::MethodNotAllowed, "the path does not take this method");
    }
    if matches!(error.downcast_ref::<ReadBodyError>(), Some(ReadBodyError::PayloadTooLarge)) {
        return Refused::new(Refusal::TooLarge, "the body is too large");
    }
    match error.status().as_u16() {
        400 => Refused::new(Refusal::Invalid, "the request does not match its schema"),
        404 => Refused::new(Refusal::NotFound, "nothing is at this path"),
        _ => Refused::new(Refusal::Fault, "the server failed"),
    }
}

/// The methods of a path, for `Allow`.
fn allowed<D: Dialect>(path: &str) -> String {
    let mut methods = Vec::new();
    for facts in D::DOCUMENT.operations.iter().filter(|facts| facts.is_at(path)) {
        methods.push(facts.method);
        if facts.takes("HEAD") {
            methods.push("HEAD");
        }
    }
    methods.join(", ")
}
