//! Mail: composed here, then handed to a relay by SMTP in the background, or written to the outbox where there is none.

mod message;
mod relay;
mod smtp;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};

use super::Error;
use super::clock::{Clock, Timestamp};
use super::outbox::Outbox;
use super::queue::{self, Queue};
use super::random::Random;

pub use super::queue::Pace;
pub use message::{Language, Message};
pub use relay::Relay;
pub use smtp::Smtp;

/// The last moment that a header can name.
const END_OF_9999: Timestamp = Timestamp::from_seconds(253_402_300_799);

/// Whom messages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads a mailbox such as `Gatehouse <no-reply@example.com>` or `no-reply@example.com`.
    ///
    /// # Errors
    /// What is asked for.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "must be a mailbox such as `Gatehouse <no-reply@example.com>`";
        let is_one_line = !text.chars().any(char::is_control);
        text.parse().ok().filter(|_| is_one_line).map(Self).ok_or(FORM)
    }
}

/// Where messages go.
pub enum Transport {
    /// To a relay.
    Smtp(Smtp),
    /// Into files of this directory, `*.eml`.
    Outbox(PathBuf),
}

/// Sends messages. A clone is the same sender, with the same queue.
#[derive(Clone)]
pub struct Mail(Arc<Inner>);

struct Inner {
    sender: Sender,
    clock: Clock,
    random: Random,
    route: Route,
}

enum Route {
    Queue(Queue<Smtp>),
    Outbox(Outbox),
}

/// A message as it goes out.
pub(super) struct Letter {
    envelope: Envelope,
    sender_domain: String,
    content: Vec<u8>,
    /// The `Message-ID`, the same at every try, so that a relay that got the message twice can tell.
    id: String,
    /// The recipient as a log may show it.
    hint: String,
}

impl queue::Letter for Letter {
    fn hint(&self) -> &str {
        &self.hint
    }

    fn id(&self) -> &str {
        &self.id
    }
}

impl Mail {
    /// Sends as `sender` by `transport`.
    pub fn new(transport: Transport, sender: Sender, clock: Clock, random: Random) -> Self {
        let route = match transport {
            Transport::Smtp(smtp) => Route::Queue(Queue::new(smtp, random.clone())),
            Transport::Outbox(directory) => Route::Outbox(Outbox::new(directory, clock.clone(), random.clone())),
        };
        Self(Arc::new(Inner { sender, clock, random, route }))
    }

    /// Takes the message on. To a relay it goes in the background, in several tries if need be; what becomes of it
    /// there is in the log. In the outbox it is when this returns.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if too many messages wait already or the server shuts down; [`Error::Internal`] if the
    /// outbox cannot be written.
    pub async fn send(&self, message: Message) -> Result<(), Error> {
        let letter = self.compose(message)?;
        match &self.0.route {
            Route::Queue(queue) => queue.push(letter),
            Route::Outbox(outbox) => {
                let path = outbox.put("eml", letter.content).await?;
                tracing::info!(to = letter.hint, path = %path.display(), "mail was written to the outbox");
                Ok(())
            }
        }
    }

    /// Takes no more messages for a relay, and gives those under way this time. For the end of the server.
    pub async fn drain(&self, within: Duration) {
        match &self.0.route {
            Route::Queue(queue) => queue.drain(within).await,
            Route::Outbox(_) => {}
        }
    }

    fn compose(&self, message: Message) -> Result<Letter, Error> {
        let hint = message.hint();
        let Sender(sender) = &self.0.sender;
        let sender_domain = sender.email.domain().to_owned();
        let id = format!("<{}@{sender_domain}>", self.0.random.hex(32));
        let composed = lettre::Message::builder()
            .from(sender.clone())
            .to(Mailbox::new(None, message.to))
            .subject(message.subject)
            .date(date(self.0.clock.now()))
            .message_id(Some(id.clone()))
            // RFC 3834: keeps programs that answer for people on holiday from answering us.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN)
            // In every language this keeps a line of digits as it is, for scripts and for people who read the file.
            .header(ContentTransferEncoding::QuotedPrintable)
            .body(message.text)
            .map_err(Error::internal)?;
        Ok(Letter { envelope: composed.envelope().clone(), sender_domain, content: composed.formatted(), id, hint })
    }
}

/// The moment as lettre wants it, which panics beyond what a header can name.
fn date(moment: Timestamp) -> SystemTime {
    let millis = moment.min(END_OF_9999).millis();
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests;
