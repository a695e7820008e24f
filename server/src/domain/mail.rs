//! Stub.
use super::Error;
use std::time::Duration;
/// x
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// x
    English,
    /// x
    Chinese,
}
/// x
#[derive(Clone)]
pub struct Mail;
/// x
pub struct Message;
impl Message {
    /// x
    pub fn registration_code(
        _to: &str,
        _user: &str,
        _code: &str,
        _life: Duration,
        _l: Language,
    ) -> Result<Self, Error> {
        Ok(Self)
    }
}
impl Mail {
    /// x
    pub async fn send(&self, _m: Message) -> Result<(), Error> {
        Ok(())
    }
}
