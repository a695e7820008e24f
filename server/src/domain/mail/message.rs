//! What we write to people: plain text, in their language.

use std::fmt;

use lettre::Address;

use crate::domain::Error;

/// The longest address that a mail server has to take (RFC 5321, 4.5.3.1.3, less the angle brackets).
const LONGEST_ADDRESS: usize = 254;

/// A language that messages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Chinese, simplified.
    Chinese,
}

/// A message to one recipient. Printed, it shows a hint of the recipient only.
#[derive(Clone)]
pub struct Message {
    pub(super) to: Address,
    pub(super) subject: String,
    pub(super) text: String,
}

impl Message {
    /// A message of plain text, its lines ended by `\n`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `email` or `subject`, neither of which can so begin another header or command.
    pub fn new(to: &str, subject: impl Into<String>, text: impl Into<String>) -> Result<Self, Error> {
        let to = Some(to).filter(|to| to.len() <= LONGEST_ADDRESS && !to.chars().any(char::is_control));
        let to =
            to.and_then(|to| to.parse().ok()).ok_or_else(|| Error::invalid("email", "is not an e-mail address"))?;
        let subject = single_line("subject", subject.into())?;
        Ok(Self { to, subject, text: text.into() })
    }

    /// The code with which `user_name` registers, good for `minutes`. The code has a line of its own.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `email` or `user_name`.
    pub fn registration_code(
        to: &str,
        user_name: &str,
        code: &str,
        minutes: u64,
        language: Language,
    ) -> Result<Self, Error> {
        let name = single_line("user_name", user_name.to_owned())?;
        match language {
            Language::English => {
                let span = if minutes == 1 { "1 minute".to_owned() } else { format!("{minutes} minutes") };
                let text = format!(
                    "Hello {name},\n\nyour registration code is\n\n{code}\n\n\
                     It is good for {span}, and for one registration. If you did not ask for it, ignore this message.\n"
                );
                Self::new(to, "Your registration code", text)
            }
            Language::Chinese => {
                let text = format!(
                    "{name}，您好：\n\n您的注册验证码是\n\n{code}\n\n\
                     验证码在 {minutes} 分钟内有效，只能使用一次。如果不是您本人操作，请忽略本邮件。\n"
                );
                Self::new(to, "您的注册验证码", text)
            }
        }
    }

    /// The recipient as a log may show it: `l***@example.com`.
    pub(super) fn hint(&self) -> String {
        let first: String = self.to.user().chars().take(1).collect();
        format!("{first}***@{}", self.to.domain())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("to", &self.hint()).finish_non_exhaustive()
    }
}

/// `value`, unless a mail program could take part of it for something else.
fn single_line(field: &'static str, value: String) -> Result<String, Error> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if value.contains(breaks) { Err(Error::invalid(field, "must be one line of text")) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(message: Result<Message, Error>) -> &'static str {
        match message.expect_err("the message is refused") {
            Error::InvalidInput { field, .. } => field,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn the_code_has_a_line_of_its_own() {
        for (language, subject, span) in [
            (Language::English, "Your registration code", "for 5 minutes,"),
            (Language::Chinese, "您的注册验证码", "在 5 分钟内有效"),
        ] {
            let message = Message::registration_code("lucy@example.com", "lucy", "0421", 5, language).unwrap();
            assert_eq!(message.subject, subject);
            assert_eq!(message.text.lines().filter(|line| *line == "0421").count(), 1, "{}", message.text);
            assert!(message.text.contains("lucy") && message.text.contains(span), "{}", message.text);
        }
        let one = Message::registration_code("lucy@example.com", "lucy", "0421", 1, Language::English).unwrap();
        assert!(one.text.contains("for 1 minute,"), "{}", one.text);
    }

    #[test]
    fn no_field_can_begin_another_header() {
        for to in [
            "",
            "lucy",
            "lucy@",
            "@example.com",
            "lucy@exam ple.com",
            "lucy@example.com\r\nBcc: eve@example.com",
            "lucy@example.com\n",
            "\"lu\r\ncy\"@example.com",
            "lucy@example.com, eve@example.com",
            "Lucy <lucy@example.com>",
            "lucy@example.com> SIZE=1 <eve@example.com",
        ] {
            assert_eq!(refused(Message::new(to, "s", "t")), "email", "{to:?}");
        }
        let long = format!("{}@example.com", "a".repeat(LONGEST_ADDRESS));
        assert_eq!(refused(Message::new(&long, "s", "t")), "email");
        assert_eq!(refused(Message::new("lucy@example.com", "s\r\nBcc: eve@example.com", "t")), "subject");
        for name in ["lucy\n1234", "lucy\r", "lucy\u{2028}1234", "lucy\0"] {
            let message = Message::registration_code("lucy@example.com", name, "0421", 5, Language::English);
            assert_eq!(refused(message), "user_name", "{name:?}");
        }
    }

    #[test]
    fn printed_it_shows_a_hint_only() {
        let message = Message::registration_code("lucy@126.com", "Lucy L", "0421", 5, Language::English).unwrap();
        assert_eq!(format!("{message:?}"), "Message { to: \"l***@126.com\", .. }");
    }
}
