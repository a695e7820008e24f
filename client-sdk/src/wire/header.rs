//! Response headers as typed values.

use std::fmt;
use std::str::FromStr;

use reqwest::header::HeaderMap;

/// A response header that is missing, or is not of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderError {
    name: &'static str,
    missing: bool,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.missing { "is missing" } else { "is not of its type" };
        write!(out, "the header `{}` {what}", self.name)
    }
}

impl std::error::Error for HeaderError {}

/// The value of the header `name`.
///
/// # Errors
///
/// If it is missing, or is not of the type.
pub fn required<T: FromStr>(headers: &HeaderMap, name: &'static str) -> Result<T, HeaderError> {
    optional(headers, name)?.ok_or(HeaderError { name, missing: true })
}

/// The value of the header `name`, if there is one.
///
/// # Errors
///
/// If it is not of the type.
pub fn optional<T: FromStr>(headers: &HeaderMap, name: &'static str) -> Result<Option<T>, HeaderError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().ok().map(str::trim);
    match text.and_then(|text| text.parse().ok()) {
        Some(value) => Ok(Some(value)),
        None => Err(HeaderError { name, missing: false }),
    }
}
