//! A dialect as the front sees it: one object, whatever its types.

use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};

use gatehouse_api::runtime::{Context, Dialect, Document, ErrorCode, Matched, Refusal, RouteTable};
use http::HeaderMap;
use poem::{Request, Response};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::metrics::Metrics;
use crate::{
    config::Config,
    domain::{
        Core,
        limit::{Decision, Limits},
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

/// What a dialect wants of the front, and is told by it, beside its operations.
pub trait Observer: Send + Sync + 'static {
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

    /// The reply to a request of its prefixes.
    fn call<'a>(&'a self, cx: &'a Context, request: Request) -> Pin<Box<dyn Future<Output = Matched> + Send + 'a>>;

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

    fn call<'a>(&'a self, cx: &'a Context, request: Request) -> Pin<Box<dyn Future<Output = Matched> + Send + 'a>> {
        Box::pin(RouteTable::call(self, cx, request))
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
