//! What happens to the application, as it happens.
//!
//! ```no_run
//! use futures_util::TryStreamExt;
//! use gatehouse_client::go_api::events::{Event, Topic};
//!
//! # async fn follow(session: gatehouse_client::go_api::Session) -> Result<(), gatehouse_client::go_api::Error> {
//! let mut events = session.events().topics([Topic::AppCreated, Topic::LimitReached]).connect().await?;
//! while let Some(event) = events.try_next().await? {
//!     match event {
//!         Event::AppCreated { app_id, app_name, .. } => println!("{app_name} is {app_id}"),
//!         Event::LimitReached { reset, .. } => println!("no more requests before {reset}"),
//!         Event::Reconnected => println!("something may have been missed"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod frame;
mod socket;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use serde_json::Value;
use tokio::time::Instant;

use super::{Error, Session};
use socket::{Connection, Step};

/// A connection that has lived this long was a good one: what broke it is not what broke the one before.
const GOOD: std::time::Duration = std::time::Duration::from_secs(60);

/// What can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Topic {
    /// The application registered another one.
    AppCreated,
    /// The application was disabled.
    AppDisabled,
    /// Its tokens were revoked.
    TokenRevoked,
    /// The address of one of its requests has used up its requests of the hour.
    LimitReached,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 4] = [Self::AppCreated, Self::AppDisabled, Self::TokenRevoked, Self::LimitReached];

    /// The topic's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppCreated => "app.created",
            Self::AppDisabled => "app.disabled",
            Self::TokenRevoked => "token.revoked",
            Self::LimitReached => "limit.reached",
        }
    }
}

/// Something that happened. `id` is unique to it; `at` is an RFC 3339 time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The application registered another one.
    AppCreated {
        /// The event's id.
        id: String,
        /// When it happened.
        at: String,
        /// The new application's id.
        app_id: String,
        /// The new application's name.
        app_name: String,
    },
    /// The application was disabled.
    AppDisabled {
        /// The event's id.
        id: String,
        /// When it happened.
        at: String,
        /// The application's id.
        app_id: String,
    },
    /// The tokens that the application had were revoked.
    TokenRevoked {
        /// The event's id.
        id: String,
        /// When it happened.
        at: String,
        /// The application's id.
        app_id: String,
    },
    /// The requests of this hour are used up.
    LimitReached {
        /// The event's id.
        id: String,
        /// When it happened.
        at: String,
        /// How many requests an hour admits.
        limit: u64,
        /// When the next hour begins, in Unix seconds.
        reset: u64,
    },
    /// Something that this client has no name for.
    Unknown {
        /// The event's id.
        id: String,
        /// When it happened.
        at: String,
        /// The topic's name.
        topic: String,
        /// What the server said of it.
        data: Value,
    },
    /// This client's own: the connection broke and there is a new one. What happened in between was not seen.
    Reconnected,
}

/// Events that are not followed yet.
#[derive(Clone, Debug)]
pub struct Connect {
    session: Session,
    topics: Vec<Topic>,
}

impl Connect {
    pub(super) fn new(session: Session) -> Self {
        Self { session, topics: Topic::ALL.to_vec() }
    }

    /// Follows these topics, and no others. All of them unless told otherwise.
    pub fn topics(mut self, topics: impl IntoIterator<Item = Topic>) -> Self {
        self.topics = topics.into_iter().collect();
        self
    }

    /// Connects and subscribes. When this returns, nothing that happens is missed.
    ///
    /// # Errors
    ///
    /// If there is no connection, or the server refuses it or the topics. This first time nothing is repeated, except
    /// that a token which the server does not take any more is renewed.
    pub async fn connect(self) -> Result<Events, Error> {
        let connection = Connection::open(&self.session, &self.topics).await?;
        let feed = Feed { connect: self, connection: Some(connection), failed: 0, ended: false };
        let events = stream::unfold(feed, |mut feed| async move { feed.next().await.map(|event| (event, feed)) });
        Ok(Events(events.boxed()))
    }
}

/// A stream of events.
///
/// A broken connection is replaced, after the waits of the session's retry policy, for as long as it takes; the stream
/// says so with [`Event::Reconnected`]. It yields [`Error::Closed`] and goes on after close code 4408, since a reader
/// that was too slow has missed something. It ends after an error that a new connection does not mend, as after 4429.
/// Nothing runs in the background: dropping the stream closes the connection.
pub struct Events(BoxStream<'static, Result<Event, Error>>);

impl Stream for Events {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Events").finish_non_exhaustive()
    }
}

/// The state between two events.
struct Feed {
    connect: Connect,
    connection: Option<Connection>,
    /// How many connections in a row failed, or did not live long.
    failed: u32,
    ended: bool,
}

impl Feed {
    async fn next(&mut self) -> Option<Result<Event, Error>> {
        loop {
            if self.ended {
                return None;
            }
            let Some(connection) = &mut self.connection else {
                match self.reconnect().await {
                    Some(event) => return Some(event),
                    None => continue,
                }
            };
            match connection.step().await {
                Step::Event(event) => return Some(Ok(event)),
                Step::Refused(error) => return Some(Err(error)),
                Step::Lost(reason) => {
                    tracing::debug!(%reason, "the socket is lost");
                    self.lose();
                }
                Step::Closed(close) => {
                    tracing::debug!(code = close.code, "the socket was closed");
                    if close.code == socket::TOKEN_OVER {
                        self.connect.session.access.reject(&connection.token).await;
                    }
                    self.lose();
                    self.ended = close.is_final();
                    if close.is_told() {
                        return Some(Err(close.into()));
                    }
                }
            }
        }
    }

    fn lose(&mut self) {
        let lived = self.connection.take().map(|connection| Instant::now() - connection.since);
        self.failed = if lived.is_some_and(|lived| lived >= GOOD) { 0 } else { self.failed.saturating_add(1) };
    }

    /// A new connection, or what ends the stream; none if there is neither, and it is worth another try.
    async fn reconnect(&mut self) -> Option<Result<Event, Error>> {
        // One that broke after a good while is replaced at once.
        if self.failed > 0 {
            tokio::time::sleep(self.connect.session.line().retry_policy().backoff(self.failed)).await;
        }
        match Connection::open(&self.connect.session, &self.connect.topics).await {
            Ok(connection) => {
                self.connection = Some(connection);
                Some(Ok(Event::Reconnected))
            }
            Err(error) if error.is_retryable() => {
                tracing::debug!(%error, "no new socket yet");
                self.failed = self.failed.saturating_add(1);
                None
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error))
            }
        }
    }
}
