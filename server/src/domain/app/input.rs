//! What comes in from outside, checked once and then carried by a type.

use url::Url;

use crate::domain::Error;

/// Characters that a name may have.
const NAME_MAX: usize = 50;

/// Characters that a description or an address may have.
const TEXT_MAX: usize = 500;

/// The wish for a new application, with every field within its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApp {
    name: String,
    description: Option<String>,
    redirect_uri: Option<String>,
}

impl NewApp {
    /// Checks the fields. Lengths are in characters (Unicode scalar values); an empty optional text counts as none.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for
    /// - `name`: not 1 to 50 characters, blank, or with control characters;
    /// - `description`: more than 500 characters, or with control characters other than line breaks and tabs;
    /// - `redirect_uri`: more than 500 characters, or no absolute `http` or `https` URL with a host.
    pub fn new(name: String, description: Option<String>, redirect_uri: Option<String>) -> Result<Self, Error> {
        check_length("name", &name, NAME_MAX)?;
        if name.trim().is_empty() {
            return Err(Error::invalid("name", "must not be empty or blank"));
        }
        if name.chars().any(char::is_control) {
            return Err(Error::invalid("name", "must not contain control characters"));
        }
        let description = description.filter(|text| !text.is_empty());
        if let Some(text) = &description {
            check_length("description", text, TEXT_MAX)?;
            if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
                return Err(Error::invalid("description", "must not contain control characters"));
            }
        }
        let redirect_uri = redirect_uri.filter(|text| !text.is_empty());
        if let Some(text) = &redirect_uri {
            check_length("redirect_uri", text, TEXT_MAX)?;
            if !is_web_address(text) {
                return Err(Error::invalid("redirect_uri", "must be an absolute http or https URL"));
            }
        }
        Ok(Self { name, description, redirect_uri })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn into_parts(self) -> (String, Option<String>, Option<String>) {
        (self.name, self.description, self.redirect_uri)
    }
}

fn check_length(field: &'static str, text: &str, max: usize) -> Result<(), Error> {
    // Bytes bound characters from above, so that the usual short text is not walked.
    if text.len() > max && text.chars().count() > max {
        return Err(Error::invalid(field, format!("must have at most {max} characters")));
    }
    Ok(())
}

/// The URL parser repairs what browsers repair (spaces around, backslashes, a missing slash); a stored address must not
/// need repair, hence the look at the text itself.
fn is_web_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let plain = !text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\');
    let has_authority = !rest.is_empty() && !rest.starts_with(['/', '?', '#']);
    web && plain && has_authority && Url::parse(text).is_ok_and(|url| url.has_host())
}

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageRequest {
    page: u64,
    size: u64,
}

impl PageRequest {
    /// The most items on one page.
    pub const MAX_SIZE: i64 = 100;

    /// The `page`th page, counted from 1, of `size` items each.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for `page` if it is below 1 or so far out that no item could have that place, and for
    /// `size` outside 1 to 100.
    pub fn new(page: i64, size: i64) -> Result<Self, Error> {
        if !(1..=Self::MAX_SIZE).contains(&size) {
            return Err(Error::invalid("size", format!("must be 1 to {}", Self::MAX_SIZE)));
        }
        if page < 1 || page.checked_mul(size).is_none() {
            return Err(Error::invalid("page", "must be at least 1, and not past every possible item"));
        }
        Ok(Self { page: page.unsigned_abs(), size: size.unsigned_abs() })
    }

    /// The page, from 1 on.
    pub const fn page(self) -> u64 {
        self.page
    }

    /// Items on a page.
    pub const fn size(self) -> u64 {
        self.size
    }

    /// Items before this page; at most `i64::MAX`.
    pub const fn offset(self) -> u64 {
        (self.page - 1) * self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, description: Option<&str>, redirect_uri: Option<&str>) -> Option<&'static str> {
        match NewApp::new(name.to_owned(), description.map(str::to_owned), redirect_uri.map(str::to_owned)) {
            Ok(_) => None,
            Err(Error::InvalidInput { field, .. }) => Some(field),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn names_have_1_to_50_characters() {
        assert_eq!(refused("", None, None), Some("name"));
        assert_eq!(refused("  ", None, None), Some("name"));
        assert_eq!(refused("a\0b", None, None), Some("name"));
        assert_eq!(refused(&"数".repeat(50), None, None), None);
        assert_eq!(refused(&"数".repeat(51), None, None), Some("name"));
    }

    #[test]
    fn descriptions_have_at_most_500_characters() {
        assert_eq!(refused("a", Some(&"é".repeat(500)), None), None);
        assert_eq!(refused("a", Some(&"é".repeat(501)), None), Some("description"));
        assert_eq!(refused("a", Some("two\nlines"), None), None);
        assert_eq!(refused("a", Some("bell\u{7}"), None), Some("description"));
        assert_eq!(NewApp::new("a".to_owned(), Some(String::new()), None).unwrap().description, None);
    }

    #[test]
    fn redirect_addresses_are_absolute_web_urls() {
        for good in ["https://example.com/callback", "http://127.0.0.1:3000", "HTTPS://[::1]/x?y#z", "https://例え.jp/"]
        {
            assert_eq!(refused("a", None, Some(good)), None, "{good}");
        }
        for bad in [
            "/callback",
            "example.com",
            "ftp://example.com",
            "javascript:alert(1)",
            "https:example.com",
            "https://",
            "https:///path",
            " https://example.com",
            "https://exa mple.com",
            "https:\\\\example.com",
            "http://?x",
        ] {
            assert_eq!(refused("a", None, Some(bad)), Some("redirect_uri"), "{bad}");
        }
        let long = format!("https://example.com/{}", "a".repeat(480));
        assert_eq!(refused("a", None, Some(&long)), None);
        assert_eq!(refused("a", None, Some(&format!("{long}b"))), Some("redirect_uri"));
    }

    #[test]
    fn pages_are_checked_and_never_overflow() {
        assert_eq!(PageRequest::new(3, 20).unwrap().offset(), 40);
        for (page, size) in [(0, 20), (-1, 20), (1, 0), (1, 101), (i64::MAX, 2), (i64::MIN, 1)] {
            assert!(PageRequest::new(page, size).is_err(), "{page} {size}");
        }
        assert_eq!(PageRequest::new(i64::MAX, 1).unwrap().offset(), i64::MAX as u64 - 1);
    }
}
