//! A dialect as the front sees it: one object, whatever its types.

use std::{borrow::Cow, future::Future, net::IpAddr, pin::Pin, sync::Arc};

use gatehouse_api::runtime::{Context, Dialect, Document, ErrorCode, Fault, Language, Matched, Refusal, RouteTable};
use http::HeaderMap;
use poem::{Request, Response};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::metrics::Metrics;
use crate::{
    config::Config,
    domain::{
        Core, Error,
        limit::{Decision, Limits},
        mail,
        origin::Origin,
    },
};

/// What dialects are made of.
pub struct Parts {
    /// The settings.
    pub config: Arc<Config>,
    /// The identity core.
    pub core: Core,
    /// What the server counts.
    pub metrics: Metrics,
    /// Cancelled when the server shuts down.
    pub shutdown: CancellationToken,
    /// Open WebSockets, which the shutdown waits for.
    pub sockets: TaskTracker,
}

/// Where a request of a dialect comes from, for the domain's records.
pub fn origin(document: &Document, cx: &Context) -> Origin {
    Origin { dialect: document.dialect, client: cx.client_ip, trace: cx.trace.to_string() }
}

/// The language of what is sent to people, which is that of messages.
pub const fn language(language: Language) -> mail::Language {
    match language {
        Language::English => mail::Language::English,
        Language::Chinese => mail::Language::Chinese,
    }
}

/// Why an operation is not called now: the code of [`Refusal::TooManyRequests`], as an outcome of the operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// What the envelope says instead of the code's message.
    pub message: Option<String>,
}

/// What a dialect wants of the front, and is told by it, beside its operations.
pub trait Observer: Send + Sync + 'static {
    /// What has to be done before the first request.
    fn open(&self) -> impl Future<Output = Result<(), Error>> + Send {
        async { Ok(()) }
    }

    /// What has to be done before this request; asked for each, and hardly ever anything.
    fn prepare(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send + '_>>> {
        None
    }

    /// Whether the operation at this place in the document may be called now. It is asked before the request is read
    /// beyond its head, and before its credential is looked at.
    fn admit(&self, _operation: usize, _cx: &Context, _headers: &HeaderMap) -> Result<(), Denial> {
        Ok(())
    }

    /// The limit that its document sets for a client address.
    fn limits(&self) -> Option<Arc<Limits>> {
        None
    }

    /// The origins whose pages may call it.
    fn allowed_origins(&self) -> &[String] {
        &[]
    }

    /// Whether a path is to look to this client as if nothing were there, whatever the method.
    fn hides(&self, _path: &str, _client: IpAddr) -> bool {
        false
    }

    /// A client used up its requests; told once a window, with the headers of the first request that was refused.
    fn limit_reached(&self, _headers: &HeaderMap, _decision: Decision) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// A mounted dialect.
pub trait Mount: Send + Sync {
    /// Its document.
    fn document(&self) -> &'static Document;

    /// The code of its envelope for success.
    fn success(&self) -> i32;

    /// The document that its routes emit, as JSON.
    fn emitted(&self) -> String;

    /// The reply to a request of its prefixes, which is meant for the operation at this place in the document, if for any.
    fn call<'a>(
        &'a self,
        cx: &'a Context,
        operation: Option<usize>,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Matched> + Send + 'a>>;

    /// As [`Observer::open`].
    fn open<'a>(&'a self) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

    /// As [`Observer::prepare`].
    fn prepare(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send + '_>>>;

    /// The reply in place of an operation that may not be called now; see [`Observer::admit`].
    fn denial(&self, operation: usize, cx: &Context, headers: &HeaderMap) -> Option<Matched>;

    /// A reply in its envelope that the transport gives by itself.
    fn refusal(&self, cx: &Context, refusal: Refusal) -> Response;

    /// As [`Observer::limits`].
    fn limits(&self) -> Option<Arc<Limits>>;

    /// As [`Observer::allowed_origins`].
    fn allowed_origins(&self) -> &[String];

    /// As [`Observer::hides`].
    fn hides(&self, path: &str, client: IpAddr) -> bool;

    /// As [`Observer::limit_reached`].
    fn limit_reached<'a>(
        &'a self,
        headers: &'a HeaderMap,
        decision: Decision,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

impl<D> Mount for RouteTable<D>
where
    D: Dialect,
    D::Handler: Observer,
{
    fn document(&self) -> &'static Document {
        D::DOCUMENT
    }

    fn success(&self) -> i32 {
        D::Code::SUCCESS.number()
    }

    fn emitted(&self) -> String {
        RouteTable::emitted(self)
    }

    fn call<'a>(
        &'a self,
        cx: &'a Context,
        operation: Option<usize>,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Matched> + Send + 'a>> {
        Box::pin(RouteTable::call(self, cx, operation, request))
    }

    fn open<'a>(&'a self) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>> {
        Box::pin(self.dialect().handler().open())
    }

    fn prepare(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send + '_>>> {
        self.dialect().handler().prepare()
    }

    fn denial(&self, operation: usize, cx: &Context, headers: &HeaderMap) -> Option<Matched> {
        let denial = self.dialect().handler().admit(operation, cx, headers).err()?;
        let refusal = Refusal::TooManyRequests;
        let fault = Fault::new(D::Code::of_refusal(refusal));
        let fault = match denial.message {
            Some(message) => fault.with_message(Cow::Owned(message)),
            None => fault,
        };
        Some(Matched { response: Self::fault_of(cx, operation, &fault), refused: Some(refusal) })
    }

    fn refusal(&self, cx: &Context, refusal: Refusal) -> Response {
        Self::refuse_with(cx, refusal)
    }

    fn limits(&self) -> Option<Arc<Limits>> {
        self.dialect().handler().limits()
    }

    fn allowed_origins(&self) -> &[String] {
        self.dialect().handler().allowed_origins()
    }

    fn hides(&self, path: &str, client: IpAddr) -> bool {
        self.dialect().handler().hides(path, client)
    }

    fn limit_reached<'a>(
        &'a self,
        headers: &'a HeaderMap,
        decision: Decision,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(self.dialect().handler().limit_reached(headers, decision))
    }
}
