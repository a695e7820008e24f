//! What a client may ask of configs, checked.

use crate::store::ConfigFields;

use super::super::Error;
use super::super::app::PageRequest;
use super::super::name::Name;

/// The methods that an interface may have.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// Configs or changes on a page, where nobody says how many.
const PAGE_SIZE: i64 = 20;

/// Characters of a URL, a message, a remark and a keyword.
const TEXT_MAX: usize = 255;

/// Characters of a right.
const AUTH_CODE_MAX: usize = 64;

/// What a config says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigSpec {
    /// What the interface does: 1 to 64 characters.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path, which begins with `/`, with `{parameters}`; at most 255 characters.
    pub url: String,
    /// The right that its callers need; at most 64 characters.
    pub auth_code: Option<String>,
    /// The least time between two calls of a device, in seconds, at least 1.
    pub limit_gap: Option<i32>,
    /// The length of the window, in seconds, at least 1; together with `limit_max` only.
    pub limit_cycle: Option<i32>,
    /// Calls of a device that a window admits, at least 1.
    pub limit_max: Option<i32>,
    /// What whoever is limited is told, at most 255 characters; none for the usual message.
    pub message: Option<String>,
    /// A note, at most 255 characters.
    pub remark: Option<String>,
    /// Whether callers need a token.
    pub verify: bool,
    /// Whether the limits hold; then there must be a gap, or a window.
    pub limit: bool,
}

impl ConfigSpec {
    /// The same, if it keeps the rules of its fields. An optional text that is blank counts as missing.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for the field whose rule is broken.
    pub fn checked(self) -> Result<Self, Error> {
        let name = Name::new("name", self.name)?.into_text();
        if !METHODS.contains(&self.method.as_str()) {
            return Err(Error::invalid("method", format!("must be one of {}", METHODS.join(", "))));
        }
        let is_path = self.url.starts_with('/') && !self.url.contains(|c: char| c.is_whitespace() || c.is_control());
        if !is_path || self.url.chars().nth(TEXT_MAX).is_some() {
            return Err(Error::invalid("url", "must begin with a slash, have no spaces and at most 255 characters"));
        }
        for (field, number) in
            [("limitGap", self.limit_gap), ("limitCycle", self.limit_cycle), ("limitMax", self.limit_max)]
        {
            if number.is_some_and(|number| number < 1) {
                return Err(Error::invalid(field, "must be at least 1"));
            }
        }
        if self.limit_cycle.is_some() != self.limit_max.is_some() {
            return Err(Error::invalid("limitCycle", "must stand together with `limitMax`"));
        }
        if self.limit && self.limit_gap.is_none() && self.limit_cycle.is_none() {
            return Err(Error::invalid("limit", "needs `limitGap`, or `limitCycle` and `limitMax`"));
        }
        Ok(Self {
            name,
            auth_code: optional("authCode", self.auth_code, AUTH_CODE_MAX)?,
            message: optional("message", self.message, TEXT_MAX)?,
            remark: optional("remark", self.remark, TEXT_MAX)?,
            ..self
        })
    }

    pub(super) fn into_fields(self) -> ConfigFields {
        ConfigFields {
            name: self.name,
            method: self.method,
            url: self.url,
            auth_code: self.auth_code,
            limit_gap: self.limit_gap,
            limit_cycle: self.limit_cycle,
            limit_max: self.limit_max,
            message: self.message,
            remark: self.remark,
            verify: self.verify,
            limited: self.limit,
        }
    }
}

/// What is looked for in a list, and which page of it.
#[derive(Clone, Debug)]
pub struct Search {
    keyword: String,
    page: PageRequest,
}

impl Search {
    /// A search for `keyword`, which is looked for as it stands, upper and lower case told apart; for everything where it is
    /// missing or empty. Pages count from 1 and have 20 entries unless it is said otherwise.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a keyword of more than 255 characters or with control characters, and as
    /// [`PageRequest::new`].
    pub fn new(keyword: Option<String>, page: Option<i64>, size: Option<i64>) -> Result<Self, Error> {
        let keyword = keyword.unwrap_or_default();
        if keyword.chars().nth(TEXT_MAX).is_some() || keyword.chars().any(char::is_control) {
            return Err(Error::invalid("keyword", "must have at most 255 characters, and no control characters"));
        }
        Ok(Self { keyword, page: PageRequest::new(page.unwrap_or(1), size.unwrap_or(PAGE_SIZE))? })
    }

    /// What is looked for; empty for everything.
    pub fn keyword(&self) -> &str {
        &self.keyword
    }

    /// The page.
    pub const fn page(&self) -> PageRequest {
        self.page
    }
}

fn optional(field: &'static str, text: Option<String>, max: usize) -> Result<Option<String>, Error> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    if text.chars().nth(max).is_some() {
        return Err(Error::invalid(field, format!("must have at most {max} characters")));
    }
    if text.contains('\0') {
        return Err(Error::invalid(field, "must not contain a zero byte"));
    }
    Ok(Some(text))
}
