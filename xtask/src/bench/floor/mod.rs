//! The two floors, on raw hyper 1 with the server's runtime and allocator: `cargo xtask floor constant|by-hand`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::Floor;
use crate::{Context, Failure};

mod by_hand;
pub mod constant;

/// The path that a floor answers as soon as it runs.
pub const READY: &str = "/readyz";

#[derive(clap::Args)]
pub struct Options {
    /// Which floor
    kind: Floor,
    /// The address to listen on
    #[arg(long)]
    listen: SocketAddr,
    /// What the constant floor answers
    #[arg(long)]
    replies: Option<PathBuf>,
}

/// Serves until the process is ended.
pub fn run(options: &Options) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    match options.kind {
        Floor::Constant => {
            let path = options.replies.as_ref().context("the constant floor needs --replies")?;
            let floor = Arc::new(constant::Constant::read(path)?);
            runtime.block_on(serve(options.listen, move |request, _| {
                let floor = Arc::clone(&floor);
                async move { floor.answer(&request) }
            }))
        }
        Floor::ByHand => {
            let floor = Arc::new(by_hand::ByHand::new());
            runtime.block_on(serve(options.listen, move |request, peer| {
                let floor = Arc::clone(&floor);
                async move { floor.answer(request, peer).await }
            }))
        }
    }
}

async fn serve<Answer, Reply>(listen: SocketAddr, answer: Answer) -> Result<(), Failure>
where
    Answer: Fn(Request<Incoming>, SocketAddr) -> Reply + Clone + Send + 'static,
    Reply: Future<Output = Response<Full<Bytes>>> + Send,
{
    let listener = TcpListener::bind(listen).await.context(listen)?;
    loop {
        let (stream, peer) = listener.accept().await.context("cannot accept")?;
        stream.set_nodelay(true).context("cannot set TCP_NODELAY")?;
        let answer = answer.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let reply = answer(request, peer);
                async move { Ok::<_, Infallible>(reply.await) }
            });
            // A client that goes away in the middle is its own affair.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
