//! Listeners and connections: hyper's HTTP/1 with limits on everything that a client can hold.

use std::{convert::Infallible, future::poll_fn, io, net::SocketAddr, pin::Pin, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use gatehouse_api::runtime::DRAIN;
use http_body_util::{BodyExt, combinators::BoxBody};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    front::{Front, Scope},
    heads::{Heads, Progress, Unread},
    metrics::Metrics,
    stall::Stalling,
};

/// How long accepting pauses after the operating system refused a connection, for want of descriptors mostly.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long the rest of a request that was refused unread is still taken.
const LINGER: Duration = Duration::from_secs(1);

/// What one connection may take up.
#[derive(Debug, Clone)]
pub struct ConnectionRules {
    /// Bytes of a request's line and headers.
    pub header_bytes: usize,
    /// The longest wait for a request's head, and so for the next request of an idle connection.
    pub head_timeout: Duration,
    /// How long a client may take nothing of a reply that waits for it.
    pub write_timeout: Duration,
    /// Connections at once; more wait in the operating system's queue.
    pub connections: usize,
    /// How long requests in flight have to finish at shutdown.
    pub shutdown_grace: Duration,
}

/// Open listeners.
pub struct Server {
    listeners: Vec<(TcpListener, Scope)>,
    front: Arc<Front>,
    rules: ConnectionRules,
    metrics: Metrics,
    sockets: TaskTracker,
}

impl Server {
    /// Opens a listener for each address.
    ///
    /// # Errors
    ///
    /// The operating system's, with the address in its text.
    pub async fn bind(
        addresses: &[(SocketAddr, Scope)],
        front: Front,
        rules: ConnectionRules,
        metrics: Metrics,
        sockets: TaskTracker,
    ) -> io::Result<Self> {
        let mut listeners = Vec::new();
        for (address, scope) in addresses {
            let listener = TcpListener::bind(address)
                .await
                .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))?;
            listeners.push((listener, *scope));
        }
        Ok(Self { listeners, front: Arc::new(front), rules, metrics, sockets })
    }

    /// The addresses that are listened on, in the order in which they were asked for.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|(listener, _)| listener.local_addr().ok()).collect()
    }

    /// Serves until `shutdown` is cancelled, then lets requests in flight finish.
    pub async fn run(self, shutdown: CancellationToken) {
        let slots = Arc::new(Semaphore::new(self.rules.connections));
        let accepting = self.listeners.iter().map(|(listener, scope)| {
            let shutdown = shutdown.clone();
            self.accept(listener, *scope, &slots, shutdown)
        });
        futures_util::future::join_all(accepting).await;
        drop(self.listeners);
        // Every connection holds a slot until it ends, and so does every socket a token: all free means all done.
        let all = u32::try_from(self.rules.connections).unwrap_or(u32::MAX);
        self.sockets.close();
        let done = async { tokio::join!(slots.acquire_many(all), self.sockets.wait()) };
        if tokio::time::timeout(self.rules.shutdown_grace, done).await.is_err() {
            tracing::warn!("requests were still in flight when the time for the shutdown ran out");
        }
    }

    async fn accept(&self, listener: &TcpListener, scope: Scope, slots: &Arc<Semaphore>, shutdown: CancellationToken) {
        loop {
            let accepted = async {
                let Ok(slot) = slots.clone().acquire_owned().await else {
                    return std::future::pending().await;
                };
                (listener.accept().await, slot)
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                (accepted, slot) = accepted => match accepted {
                    Ok((stream, peer)) => self.connect(stream, peer, scope, slot, shutdown.clone()),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
    }

    fn connect(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        scope: Scope,
        slot: OwnedSemaphorePermit,
        shutdown: CancellationToken,
    ) {
        let Ok(local) = stream.local_addr() else {
            return;
        };
        // Replies are written whole, so that waiting for more to send would only delay them. A socket that refuses the
        // option still works.
        let _refused = stream.set_nodelay(true);
        let (front, progress) = (self.front.clone(), Arc::new(Progress::default()));
        let service = {
            let (front, progress) = (front.clone(), progress.clone());
            service_fn(move |request| {
                progress.answering();
                let front = front.clone();
                async move {
                    let response: http::Response<BoxBody<Bytes, io::Error>> =
                        front.serve(request, peer, local, scope).await.into();
                    give_way().await;
                    Ok::<_, Infallible>(response)
                }
            })
        };
        let stream = Stalling::new(stream, self.rules.write_timeout);
        let stream = Heads::new(stream, progress.clone(), self.rules.head_timeout);
        let mut connection = http1::Builder::new()
            // The connection sees to it itself.
            .header_read_timeout(None)
            .max_buf_size(self.rules.header_bytes)
            // A buffer may come to be larger than it was asked to be.
            .max_header_size(self.rules.header_bytes)
            // A client that has sent its request may say that it sends no more, and still wants the reply.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let open = self.metrics.connections.clone();
        open.inc();
        tokio::spawn(async move {
            // A client that breaks the protocol or leaves is no event of ours.
            let shutting_down = tokio::select! {
                _ended = &mut connection => false,
                () = shutdown.cancelled() => true,
            };
            if shutting_down {
                Pin::new(&mut connection).graceful_shutdown();
                progress.end();
                let _ended = (&mut connection).await;
            }
            if let Some(parts) = connection.into_parts()
                && let (stream, Some(unread)) = parts.io.into_inner().into_parts()
            {
                let _gone = Box::pin(refuse(stream, front.refuse(&unread, peer, scope), &unread)).await;
            }
            open.dec();
            drop(slot);
        });
    }
}

/// Lets everything go first that is ready to run, once. A write wakes whoever waits for it: a client that serves many
/// connections by one thread, as a proxy beside the server does, would be woken for each reply and sleep again before the
/// next one, where it is awake for all but the first if they follow each other.
async fn give_way() {
    let mut gave_way = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut gave_way, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Answers a request whose head hyper could not read, and ends the connection: nobody knows where the next one begins.
async fn refuse(mut stream: Stalling<TcpStream>, response: poem::Response, unread: &Unread) -> io::Result<()> {
    let (parts, body) = http::Response::<BoxBody<Bytes, io::Error>>::from(response).into_parts();
    let body = body.collect().await?.to_bytes();
    let reason = parts.status.canonical_reason().unwrap_or_default();
    let mut reply = format!("HTTP/1.1 {} {reason}\r\n", parts.status.as_str()).into_bytes();
    for (name, value) in &parts.headers {
        reply.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let date = unread.date.as_deref().map_or_else(String::new, |date| format!("date: {date}\r\n"));
    reply.extend(format!("connection: close\r\ncontent-length: {}\r\n{date}\r\n", body.len()).bytes());
    // A reply to HEAD has the headers of the one to GET, and no body.
    if !unread.line.starts_with("HEAD ") {
        reply.extend(body);
    }
    stream.write_all(&reply).await?;
    stream.shutdown().await?;
    // What the client still sends is read for a while, because the operating system would answer it with a reset, which
    // may overtake the reply (RFC 9112, 9.6).
    let mut rest = stream.take(DRAIN as u64);
    let mut sink = tokio::io::sink();
    let _late = tokio::time::timeout(LINGER, tokio::io::copy(&mut rest, &mut sink)).await;
    Ok(())
}
