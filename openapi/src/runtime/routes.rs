//! The routes of a dialect in one flat table: a hash look-up for fixed paths, poem's tree for those with parameters.

use std::{
    collections::HashMap,
    future::{Future, ready},
    pin::Pin,
};

use poem::{
    Endpoint, Request, Response, Route, RouteMethod,
    endpoint::{BoxEndpoint, DynEndpoint},
    error::{MethodNotAllowedError, NotFoundError, ReadBodyError},
    http::{Method, Uri},
};
use poem_openapi::{ExtractParamOptions, OpenApiService, error::ContentTypeError};

use super::{
    Context, Dialect, ErrorCode, Fault, Refusal, Refused,
    answer::json,
    payload::{has_no_body, pairs},
    security::Luggage,
};

/// The routes of one dialect.
pub struct RouteTable<D: Dialect> {
    dialect: D,
    /// Paths without parameters. A document has some dozens of them at most, so that comparing is quicker than hashing.
    fixed: Vec<(String, Vec<(Method, BoxEndpoint<'static>)>)>,
    patterns: Route,
}

/// A reply on its way.
pub type Routed<'a> = Pin<Box<dyn Future<Output = poem::Result<Response>> + Send + 'a>>;

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
        let mut fixed = Vec::new();
        let mut patterns = Route::new();
        for (path, methods) in endpoints {
            if path.contains(':') {
                let methods = methods
                    .into_iter()
                    .fold(RouteMethod::new(), |all, (method, endpoint)| all.method(method, endpoint));
                patterns = patterns.at(path, methods);
            } else {
                fixed.push((path, methods.into_iter().collect()));
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

    /// The reply to a request, which is meant for the operation at this place in the document, if for any. Whatever goes
    /// wrong, it is in the dialect's envelope.
    pub fn call<'a>(
        &'a self,
        cx: &'a Context,
        operation: Option<usize>,
        mut request: Request,
    ) -> impl Future<Output = Matched> + Send + 'a {
        // A query that is not UTF-8 is the parameters' matter: paths, methods and credentials are judged before it, and
        // an operation without parameters does not look at it.
        let query = match request.uri().query() {
            Some(query) => pairs(query.as_bytes())
                .map(|pair| pair.map(|(name, value)| (name.into_owned(), value.into_owned())))
                .collect(),
            None => Some(Vec::new()),
        };
        let luggage = Luggage { context: *cx, handler: self.dialect.handler().clone(), query };
        request.extensions_mut().insert(luggage);
        async move {
            let (mut request, mut body) = request.split();
            if let Some(operation) = operation
                && let Some(routed) = self.dialect.direct(operation, cx, &request, &mut body)
            {
                return match routed.await {
                    Ok(response) => Matched { response, refused: None },
                    Err(error) => self.refuse(cx, error, &Asked::of(&request)),
                };
            }
            let asked = Asked::of(&request);
            request.set_body(body.take().unwrap_or_default());
            match self.route(request).await {
                Ok(response) => Matched { response, refused: None },
                Err(error) => self.refuse(cx, error, &asked),
            }
        }
    }

    /// A reply that the transport gives instead of any operation.
    pub fn refuse_with(cx: &Context, refusal: Refusal) -> Response {
        let fault = Fault::<D::Code>::refusal(refusal);
        json(fault.status(), Some(fault.code().number()), D::failure(cx, &fault))
    }

    /// A fault of an operation, given by its place in the document, that was not called.
    pub fn fault_of(cx: &Context, operation: usize, fault: &Fault<D::Code>) -> Response {
        let body = D::failure_of(D::DOCUMENT.operations[operation].id, cx, fault);
        json(fault.status(), Some(fault.code().number()), body)
    }

    fn route(&self, request: Request) -> Routed<'_> {
        let refused = || Box::pin(ready(Err(MethodNotAllowedError.into())));
        let path = request.uri().path();
        // poem takes HEAD for GET everywhere, and would do what must not be done by asking.
        if *request.method() == Method::HEAD
            && D::DOCUMENT
                .operations
                .iter()
                .any(|facts| facts.is_at(path) && facts.method == "GET" && !facts.takes("HEAD"))
        {
            return refused();
        }
        let Some((_, methods)) = self.fixed.iter().find(|(known, _)| known == path) else {
            return Box::pin(self.patterns.call(request));
        };
        let find = |method: &Method| methods.iter().find(|(known, _)| known == method).map(|(_, endpoint)| endpoint);
        if let Some(endpoint) = find(request.method()) {
            return DynEndpoint::call(&**endpoint, request);
        }
        match find(&Method::GET) {
            Some(endpoint) if *request.method() == Method::HEAD => DynEndpoint::call(&**endpoint, request),
            _ => refused(),
        }
    }

    fn refuse(&self, cx: &Context, error: poem::Error, asked: &Asked) -> Matched {
        let (no_body, path) = (asked.no_body, asked.uri.path());
        let operation = D::DOCUMENT.operation(asked.method.as_str(), path);
        let answer = |fault: &Fault<D::Code>| {
            let body = match operation {
                Some(facts) => D::failure_of(facts.id, cx, fault),
                None => D::failure(cx, fault),
            };
            json(fault.status(), Some(fault.code().number()), body)
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

/// What has to be known of a request that was refused.
struct Asked {
    no_body: bool,
    method: Method,
    uri: Uri,
}

impl Asked {
    fn of(request: &Request) -> Self {
        Self { no_body: has_no_body(request), method: request.method().clone(), uri: request.uri().clone() }
    }
}

/// What poem-openapi tells the extractor of a credential or a body, neither of which is a parameter.
pub const fn no_parameter() -> ExtractParamOptions<()> {
    ExtractParamOptions {
        name: "",
        ignore_case: false,
        default_value: None,
        example_value: None,
        explode: true,
        style: None,
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
    let operations = D::DOCUMENT.operations;
    // A path without parameters hides one that it would fit as well.
    let is_fixed = operations.iter().any(|facts| facts.path == path);
    for facts in operations.iter().filter(|facts| if is_fixed { facts.path == path } else { facts.is_at(path) }) {
        methods.push(facts.method);
        if facts.takes("HEAD") {
            methods.push("HEAD");
        }
    }
    methods.join(", ")
}
