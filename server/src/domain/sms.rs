//! SMS: short codes to phone numbers, handed to a provider's webhook in the background, or written to the outbox where
//! there is none.

mod code;
mod webhook;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::Error;
use super::clock::Clock;
use super::mail::Language;
use super::outbox::Outbox;
use super::queue::{self, Queue};
use super::random::Random;
use super::secret::Secret;
use super::user::Handle;
use code::Codes;

pub use super::queue::Pace;
pub use super::remote::check_address;
pub use webhook::Webhook;

/// Where messages go.
pub enum Transport {
    /// To a provider.
    Webhook(Webhook),
    /// Into files of this directory, `*.sms.json`.
    Outbox(PathBuf),
}

/// Sends codes, and knows which ones are good. A clone is the same sender, with the same codes.
#[derive(Clone)]
pub struct Sms(Arc<Inner>);

struct Inner {
    codes: Codes,
    random: Random,
    route: Route,
}

enum Route {
    Queue(Queue<Webhook>),
    Outbox(Outbox),
}

/// A message as it goes out.
pub(super) struct Letter {
    json: Vec<u8>,
    /// The same at every try.
    id: String,
    /// The recipient as a log may show it.
    hint: String,
}

/// What a provider is given.
#[derive(Serialize)]
struct Note<'a> {
    mobile: &'a str,
    code: &'a str,
    text: &'a str,
    language: &'a str,
}

impl Sms {
    /// Sends by `transport`.
    pub fn new(transport: Transport, clock: Clock, random: Random) -> Self {
        let route = match transport {
            Transport::Webhook(webhook) => Route::Queue(Queue::new(webhook, random.clone())),
            Transport::Outbox(directory) => Route::Outbox(Outbox::new(directory, clock.clone(), random.clone())),
        };
        Self(Arc::new(Inner { codes: Codes::new(clock, random.clone()), random, route }))
    }

    /// The code of a number: six digits, good for five minutes. It is sent, unless it was within the last minute; it is a
    /// new one, unless the former one is still good.
    ///
    /// # Errors
    /// [`Error::TooSoon`] if the last one is spent already and was sent within the last minute, or if the number got 20
    /// within a day; [`Error::Unavailable`] if too many messages wait already or the server shuts down;
    /// [`Error::Internal`] if the outbox cannot be written.
    pub async fn send_code(&self, mobile: &Handle, language: Language) -> Result<Secret<String>, Error> {
        let (code, is_new) = self.0.codes.issue(mobile.folded())?;
        if is_new && let Err(error) = self.send(self.letter(mobile.written(), code.expose(), language)?).await {
            self.0.codes.take_back(mobile.folded(), &code);
            return Err(error);
        }
        Ok(code)
    }

    /// The code that was sent to a number, as long as it is good. It tells whoever holds it nothing about tries.
    pub fn pending(&self, mobile: &Handle) -> Option<Secret<String>> {
        self.0.codes.pending(mobile.folded())
    }

    /// Takes the code of a number: of any number that try the right one at once, one succeeds.
    ///
    /// # Errors
    /// [`Error::WrongCode`] if it is another one, was taken before, has expired, or was mistyped five times.
    pub fn take(&self, mobile: &Handle, code: &str) -> Result<(), Error> {
        self.0.codes.take(mobile.folded(), code)
    }

    /// Takes the code of a number, whatever it is, because somebody has proven to know it. Says whether it was still
    /// there: of any number that come at once, one is told so.
    pub fn spend(&self, mobile: &Handle) -> bool {
        self.0.codes.spend(mobile.folded())
    }

    /// Gives back a code that was taken for something that did not happen after all.
    pub fn restore(&self, mobile: &Handle, code: &str) {
        self.0.codes.restore(mobile.folded(), code);
    }

    /// Takes no more messages for the provider, and gives those under way this time. For the end of the server.
    pub async fn drain(&self, within: Duration) {
        match &self.0.route {
            Route::Queue(queue) => queue.drain(within).await,
            Route::Outbox(_) => {}
        }
    }

    async fn send(&self, letter: Letter) -> Result<(), Error> {
        match &self.0.route {
            Route::Queue(queue) => queue.push(letter),
            Route::Outbox(outbox) => {
                let path = outbox.put("sms.json", letter.json).await?;
                tracing::info!(to = letter.hint, path = %path.display(), "SMS was written to the outbox");
                Ok(())
            }
        }
    }

    fn letter(&self, mobile: &str, code: &str, language: Language) -> Result<Letter, Error> {
        let minutes = code::LIFE.as_secs().div_ceil(60);
        let (language, text) = match language {
            Language::English => {
                ("en", format!("Your code is {code}. It is good for {minutes} minutes. Tell it to nobody."))
            }
            Language::Chinese => ("zh", format!("您的验证码是{code}，{minutes}分钟内有效，请勿告知他人。")),
        };
        let note = Note { mobile, code, text: &text, language };
        let json = serde_json::to_vec(&note).map_err(Error::internal)?;
        Ok(Letter { json, id: self.0.random.hex(32), hint: hint(mobile) })
    }
}

impl queue::Letter for Letter {
    fn hint(&self) -> &str {
        &self.hint
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// A number as a log may show it: its last two digits.
fn hint(mobile: &str) -> String {
    let from = mobile.char_indices().nth_back(1).map_or(0, |(from, _)| from);
    format!("***{}", mobile.get(from..).unwrap_or_default())
}

#[cfg(test)]
mod tests;
