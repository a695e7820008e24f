//! Connections that take turns: what many of them asked is worked on first, and answered then.
//!
//! A write wakes whoever waits for it. A client that serves many connections by one thread, as a proxy beside the server
//! does, would be woken for each reply and sleep again before the next one; where the replies follow each other, it is
//! awake for all but the first. Waking is the dearest part of a small reply.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection whose writing lets everything go first that is ready to run, once for whatever is written up to the next
/// flush. Where nothing else is ready, it does not wait.
#[derive(Debug)]
pub struct Turns<T> {
    io: T,
    gave_way: bool,
}

impl<T> Turns<T> {
    /// The connection, before anything was written.
    pub const fn new(io: T) -> Self {
        Self { io, gave_way: false }
    }

    /// The connection itself.
    pub fn into_inner(self) -> T {
        self.io
    }

    /// Ready at the second call. The task is put behind those that are ready now.
    fn give_way(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.gave_way {
            return Poll::Ready(());
        }
        self.gave_way = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Turns<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Turns<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.give_way(cx));
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.give_way(cx));
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        self.gave_way = false;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc, Mutex,
            atomic::{AtomicBool, Ordering},
        },
        task::Wake,
    };

    use tokio::io::AsyncWriteExt;

    use super::*;

    /// What happened, in its order.
    #[derive(Clone, Default)]
    struct Record(Arc<Mutex<Vec<String>>>);

    impl Record {
        fn note(&self, what: String) {
            self.0.lock().unwrap().push(what);
        }

        fn all(&self) -> Vec<String> {
            self.0.lock().unwrap().clone()
        }
    }

    impl AsyncWrite for Record {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.note(String::from_utf8_lossy(bytes).into_owned());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn work_that_is_ready_goes_before_replies_and_each_reply_gives_way_once() {
        let record = Record::default();
        let tasks = ["a", "b"].map(|name| {
            let record = record.clone();
            tokio::spawn(async move {
                let mut connection = Turns::new(record.clone());
                for reply in 1..=2 {
                    record.note(format!("{name} works"));
                    connection.write_all(format!("{name}{reply} head").as_bytes()).await.unwrap();
                    connection.write_all(format!("{name}{reply} body").as_bytes()).await.unwrap();
                    connection.flush().await.unwrap();
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        let expected = [
            "a works", "b works", "a1 head", "a1 body", "a works", "b1 head", "b1 body", "b works", "a2 head",
            "a2 body", "b2 head", "b2 body",
        ];
        assert_eq!(record.all(), expected);
    }

    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[test]
    fn alone_a_reply_waits_for_nobody() {
        let record = Record::default();
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Arc::clone(&woken).into();
        let mut cx = Context::from_waker(&waker);
        let mut connection = Turns::new(record.clone());
        assert!(Pin::new(&mut connection).poll_write(&mut cx, b"reply").is_pending());
        assert!(woken.0.load(Ordering::SeqCst));
        assert!(Pin::new(&mut connection).poll_write(&mut cx, b"reply").is_ready());
        assert_eq!(record.all(), ["reply"]);
    }
}
