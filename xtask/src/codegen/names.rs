//! Names of the code for names of the document.

use heck::{ToPascalCase, ToShoutySnakeCase, ToSnakeCase};
use proc_macro2::{Ident, Span};

/// A type or variant: `go_api` becomes `GoApi`.
pub fn pascal(name: &str) -> Ident {
    ident(&name.to_pascal_case())
}

/// A method, field or argument: `issueToken` becomes `issue_token`.
pub fn snake(name: &str) -> Ident {
    ident(&name.to_snake_case())
}

/// A constant: `X-Trace-ID` becomes `X_TRACE_ID`.
pub fn shouty(name: &str) -> Ident {
    ident(&name.to_shouty_snake_case())
}

/// Words that even a raw identifier cannot be.
const UNUSABLE: [&str; 5] = ["self", "super", "crate", "Self", "_"];

fn ident(name: &str) -> Ident {
    if syn::parse_str::<syn::Ident>(name).is_ok() {
        return Ident::new(name, Span::call_site());
    }
    if UNUSABLE.contains(&name) || name.is_empty() {
        let suffix = if name == "Self" { "Value" } else { "_value" };
        return Ident::new(&format!("{name}{suffix}"), Span::call_site());
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return Ident::new(&format!("_{name}"), Span::call_site());
    }
    Ident::new_raw(name, Span::call_site())
}

/// Whether a name can become an identifier at all.
pub fn usable(name: &str) -> bool {
    name.is_ascii() && name.chars().any(|c| c.is_ascii_alphanumeric())
}

/// The name of an HTTP status as a variant (RFC 9110, 15).
pub fn status(status: u16) -> Ident {
    let name = match status {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        409 => "Conflict",
        410 => "Gone",
        413 => "TooLarge",
        415 => "UnsupportedMediaType",
        422 => "Unprocessable",
        423 => "Locked",
        429 => "TooManyRequests",
        500 => "Fault",
        503 => "Busy",
        other => return Ident::new(&format!("Status{other}"), Span::call_site()),
    };
    Ident::new(name, Span::call_site())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions_of_the_language() {
        assert_eq!(pascal("go_api").to_string(), "GoApi");
        assert_eq!(snake("issueToken").to_string(), "issue_token");
        assert_eq!(shouty("X-RateLimit-Limit").to_string(), "X_RATE_LIMIT_LIMIT");
    }

    #[test]
    fn keywords_stay_readable() {
        assert_eq!(snake("type").to_string(), "r#type");
        assert_eq!(snake("self").to_string(), "self_value");
        assert_eq!(pascal("self").to_string(), "SelfValue");
        assert_eq!(pascal("2fa").to_string(), "_2fa");
    }
}
