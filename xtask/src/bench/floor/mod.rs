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
    let listener = runtime.block_on(TcpListener::bind(options.listen)).context(options.listen)?;
    match options.kind {
        Floor::Constant => {
            let path = options.replies.as_ref().context("the constant floor needs --replies")?;
            runtime.block_on(constant(listener, constant::Constant::read(path)?))
        }
        Floor::ByHand => runtime.block_on(by_hand(listener)),
    }
}

async fn constant(listener: TcpListener, floor: constant::Constant) -> Result<(), Failure> {
    let floor = Arc::new(floor);
    let answer = move |request, _| {
        let floor = Arc::clone(&floor);
        async move { floor.answer(&request) }
    };
    serve(listener, answer).await
}

async fn by_hand(listener: TcpListener) -> Result<(), Failure> {
    let floor = Arc::new(by_hand::ByHand::new());
    let answer = move |request, peer| {
        let floor = Arc::clone(&floor);
        async move { floor.answer(request, peer).await }
    };
    serve(listener, answer).await
}

async fn serve<Answer, Reply>(listener: TcpListener, answer: Answer) -> Result<(), Failure>
where
    Answer: Fn(Request<Incoming>, SocketAddr) -> Reply + Clone + Send + 'static,
    Reply: Future<Output = Response<Full<Bytes>>> + Send,
{
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

#[cfg(test)]
mod tests {
    use tokio::runtime::Runtime;

    use super::super::case::{CASES, Session};
    use super::super::http;
    use super::super::report::Target;
    use super::*;

    fn listener(runtime: &Runtime) -> (TcpListener, SocketAddr) {
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[test]
    fn both_answer_every_case_alike() {
        let runtime = Runtime::new().unwrap();
        let (bound, original) = listener(&runtime);
        runtime.spawn(by_hand(bound));
        let session = Session::open(original).unwrap();
        let mut recorded = Vec::new();
        let mut replies = Vec::new();
        for case in CASES.iter().filter(|case| case.floors.contains(&Target::ByHand)) {
            let request = (case.request)(&session);
            let reply = http::send(original, &request).unwrap();
            assert_eq!(reply.status, 200, "{}", case.name);
            assert!(String::from_utf8_lossy(&reply.body).contains(case.accepted), "{}", case.name);
            recorded.push(constant::Recorded::new(&request, &reply));
            replies.push((request, reply));
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), serde_json::to_vec(&recorded).unwrap()).unwrap();

        let (bound, copy) = listener(&runtime);
        runtime.spawn(constant(bound, constant::Constant::read(file.path()).unwrap()));
        for (request, reply) in replies {
            let copied = http::send(copy, &request).unwrap();
            assert_eq!(copied.body, reply.body);
            assert_eq!(copied.length, reply.length);
        }
    }

    #[test]
    fn by_hand_refuses_what_the_server_refuses() {
        let runtime = Runtime::new().unwrap();
        let (bound, address) = listener(&runtime);
        runtime.spawn(by_hand(bound));
        let path = "/go-api/external/service/auth/app";
        let forged = http::Request::get(path).header("authorization", "Bearer e30.e30.e30");
        for request in
            [http::Request::get(path), forged, http::Request::form("/go-api/external/service/auth/token", "a=b")]
        {
            assert_eq!(http::send(address, &request).unwrap().status, 401);
        }
        assert_eq!(http::send(address, &http::Request::get("/elsewhere")).unwrap().status, 404);
    }
}
