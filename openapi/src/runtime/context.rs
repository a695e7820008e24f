//! What every operation knows of the request that it serves.

use std::{fmt, net::IpAddr};

use poem::{FromRequest, Request, RequestBody};

use super::OperationFacts;

/// What every operation knows of its request. The transport makes it before anything is routed.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The id that joins the reply to the log.
    pub trace: TraceId,
    /// The language of messages.
    pub language: Language,
    /// The operation that the request is meant for, if there is one.
    pub operation: Option<&'static OperationFacts>,
    /// Who sent the request, as far as trusted proxies tell.
    pub client_ip: IpAddr,
    /// When the request came in, in milliseconds since the Unix epoch.
    pub at_millis: i64,
    /// Whether replies may say why a request failed: debug mode outside production.
    pub reveal: bool,
    /// The largest body that is read, in bytes.
    pub body_limit: usize,
}

impl<'a> FromRequest<'a> for Context {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        super::security::context(request).copied()
    }
}

/// The language of messages; codes never depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    English,
    /// Chinese, simplified.
    Chinese,
}

impl Language {
    /// The language of a tag such as `zh`, `zh-CN`, `zh_CN` or `en-GB`; `None` for every other one.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Chinese)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }

    /// The language that an `Accept-Language` value prefers (RFC 9110, 12.5.4) among ours; the first of equals.
    pub fn accepted(value: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in value.split(',') {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::of_tag) else {
                continue;
            };
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q=").map(|q| q.trim().parse().unwrap_or(0.0)))
                .unwrap_or(1.0_f32);
            if quality > 0.0 && best.is_none_or(|(_, known)| quality > known) {
                best = Some((language, quality));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// The id that joins a reply to the log: 1 to 64 characters of `[A-Za-z0-9._-]`. It lives on the stack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceId {
    bytes: [u8; Self::MAX],
    len: u8,
}

impl TraceId {
    /// The longest id, in bytes.
    pub const MAX: usize = 64;

    /// The id of these bytes; `None` unless they are 1 to 64 of `[A-Za-z0-9._-]`.
    pub fn new(id: &[u8]) -> Option<Self> {
        let usable = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if id.is_empty() || id.len() > Self::MAX || !id.iter().all(usable) {
            return None;
        }
        let mut bytes = [0; Self::MAX];
        bytes[..id.len()].copy_from_slice(id);
        let len = u8::try_from(id.len()).ok()?;
        Some(Self { bytes, len })
    }

    /// The id of an array of such bytes, which the caller made itself.
    pub fn ascii<const N: usize>(id: [u8; N]) -> Self {
        const { assert!(N > 0 && N <= Self::MAX) };
        let mut bytes = [0; Self::MAX];
        bytes[..N].copy_from_slice(&id);
        Self { bytes, len: N as u8 }
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_of_the_highest_quality_wins() {
        assert_eq!(Language::accepted("zh-CN,zh;q=0.9,en;q=0.8"), Some(Language::Chinese));
        assert_eq!(Language::accepted("en;q=0.2, zh;q=0.7"), Some(Language::Chinese));
        assert_eq!(Language::accepted("fr, de;q=0.9, en;q=0.1"), Some(Language::English));
        assert_eq!(Language::accepted("zh;q=0, en;q=0.5"), Some(Language::English));
        assert_eq!(Language::accepted("*"), None);
        assert_eq!(Language::accepted(""), None);
    }

    #[test]
    fn trace_ids_are_short_and_plain() {
        assert_eq!(TraceId::new(b"a.B_9-z").map(|id| id.to_string()).as_deref(), Some("a.B_9-z"));
        assert!(TraceId::new(&[b'a'; 64]).is_some());
        for bad in [b"".as_slice(), &[b'a'; 65], b"a b", b"a\nb", "\u{e9}".as_bytes()] {
            assert!(TraceId::new(bad).is_none(), "{bad:?}");
        }
    }
}
