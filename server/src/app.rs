//! The server as a whole: store, core, dialects, and the order of the layers, in this one place.
//!
//! Connection (`http::server`) → front (`http::front`: context, limit, metrics, log) → dialect → domain → store.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use gatehouse_api::DOCUMENTS;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::{Config, LISTEN_PORT},
    dialect,
    domain::{Core, mail::Mail, realm::Realms, sms::Sms},
    http::{
        front::{Front, Rules, Scope},
        metrics::Metrics,
        mount::Parts,
        ops::Ops,
        server::{ConnectionRules, Server},
        trace::TraceIds,
    },
    store::Store,
};

/// The longest wait for a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client may leave a reply unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// A server that listens and does not serve yet.
pub struct App {
    server: Server,
    shutdown: CancellationToken,
    realms: Arc<Realms>,
    mail: Mail,
    sms: Sms,
    messages_grace: Duration,
}

impl App {
    /// Puts the layers together, lets each dialect do what it does first, and opens the listeners.
    ///
    /// # Errors
    ///
    /// The operating system's, with the address that could not be listened on; the domain's, if a dialect cannot begin.
    pub async fn bind(config: Config, core: Core, store: Store) -> io::Result<Self> {
        let config = Arc::new(config);
        let metrics = Metrics::new();
        let sockets = TaskTracker::new();
        let shutdown = CancellationToken::new();
        let (clock, traces) = (core.clock.clone(), TraceIds::new(&core.random));
        let (realms, messages_grace) = (Arc::clone(&core.realms), config.limits.shutdown_grace());
        let (mail, sms) = (core.mail.clone(), core.sms.clone());
        let parts = Parts {
            config: config.clone(),
            core,
            metrics: metrics.clone(),
            shutdown: shutdown.clone(),
            sockets: sockets.clone(),
        };
        let ops = Ops::new(store, metrics.clone(), config.ops.listen.is_some(), config.public_url.as_ref());
        let rules = Rules {
            trusted_proxies: config.trusted_proxies.clone(),
            reveal: config.shows_details(),
            body_limit: config.limits.body_bytes,
            request_timeout: config.limits.request_timeout(),
        };
        let dialects = dialect::mount(&parts);
        for dialect in &dialects {
            dialect.open().await.map_err(|error| io::Error::other(error.chain()))?;
        }
        realms.settle().await.map_err(|error| io::Error::other(error.chain()))?;
        let front = Front::new(dialects, ops, rules, traces, clock, metrics.clone());
        let connections = ConnectionRules {
            header_bytes: config.limits.header_bytes,
            head_timeout: HEAD_TIMEOUT,
            write_timeout: WRITE_TIMEOUT,
            connections: config.limits.connections,
            shutdown_grace: config.limits.shutdown_grace(),
        };
        let server = Server::bind(&addresses(&config), front, connections, metrics, sockets).await?;
        Ok(Self { server, shutdown, realms, mail, sms, messages_grace })
    }

    /// The addresses that are listened on: those of `listen`, then documented ports, then the ops listener.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.server.addresses()
    }

    /// Serves until `shutdown` is ready, then lets requests in flight finish and tells WebSockets to go. What mail and SMS
    /// those requests sent get their time after them.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) {
        let down = self.shutdown.clone();
        tokio::spawn(async move {
            shutdown.await;
            tracing::info!("shutting down");
            down.cancel();
        });
        tokio::select! {
            () = self.server.run(self.shutdown) => {}
            () = self.realms.follow() => {}
        }
        tokio::join!(self.mail.drain(self.messages_grace), self.sms.drain(self.messages_grace));
    }
}

/// Every listener and what it answers.
fn addresses(config: &Config) -> Vec<(SocketAddr, Scope)> {
    let mut addresses: Vec<_> = config.listen.iter().map(|address| (*address, Scope::Everything)).collect();
    if config.documented_ports {
        for document in DOCUMENTS.into_iter().filter(|document| document.port != LISTEN_PORT) {
            for listen in &config.listen {
                let documented = SocketAddr::new(listen.ip(), document.port);
                if addresses.iter().all(|(known, _)| *known != documented) {
                    addresses.push((documented, Scope::Dialect(document.dialect)));
                }
            }
        }
    }
    addresses.extend(config.ops.listen.map(|address| (address, Scope::Ops)));
    addresses
}

/// Serves until `shutdown` is ready.
///
/// # Errors
///
/// As [`App::bind`].
pub async fn serve(
    config: Config,
    core: Core,
    store: Store,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app = App::bind(config, core, store).await?;
    for address in app.addresses() {
        tracing::info!(%address, "listening");
    }
    app.run(shutdown).await;
    Ok(())
}
