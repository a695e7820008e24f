//! Constraints of schemas, checked on typed values, so that they mean the same in every encoding and every parameter.

use std::sync::OnceLock;

use regex::Regex;

use super::{Refusal, Refused};

/// A model of requests, whose values may break the constraints of its schema.
pub trait Checked {
    /// Checks every constraint.
    ///
    /// # Errors
    ///
    /// [`Refusal::Invalid`] with the field's name and what it must be, never its value.
    fn check(&self) -> Result<(), Refused>;
}

impl Checked for String {
    fn check(&self) -> Result<(), Refused> {
        Ok(())
    }
}

impl<T: Checked> Checked for Vec<T> {
    fn check(&self) -> Result<(), Refused> {
        self.iter().try_for_each(Checked::check)
    }
}

fn refuse(field: &str, what: impl std::fmt::Display) -> Refused {
    Refused::new(Refusal::Invalid, format!("the field `{field}` {what}"))
}

/// Checks that a text is not shorter than `min` characters.
///
/// # Errors
///
/// [`Refusal::Invalid`] where it is.
pub fn min_length(field: &str, text: &str, min: usize) -> Result<(), Refused> {
    // No text has more characters than bytes, and most are counted by their bytes alone.
    let short = text.len() < min || text.chars().take(min).count() < min;
    if short { Err(refuse(field, format_args!("has less than {min} characters"))) } else { Ok(()) }
}

/// Checks that a text is not longer than `max` characters.
///
/// # Errors
///
/// [`Refusal::Invalid`] where it is.
pub fn max_length(field: &str, text: &str, max: usize) -> Result<(), Refused> {
    let long = text.len() > max && text.chars().nth(max).is_some();
    if long { Err(refuse(field, format_args!("has more than {max} characters"))) } else { Ok(()) }
}

/// Checks that a number is at least `min`, or greater where the bound is exclusive.
///
/// # Errors
///
/// [`Refusal::Invalid`] where it is not.
pub fn minimum<T: PartialOrd + std::fmt::Display>(
    field: &str,
    number: T,
    min: T,
    exclusive: bool,
) -> Result<(), Refused> {
    if number > min || (number == min && !exclusive) {
        return Ok(());
    }
    Err(refuse(field, format_args!("is below {min}")))
}

/// Checks that a number is at most `max`, or less where the bound is exclusive.
///
/// # Errors
///
/// [`Refusal::Invalid`] where it is not.
pub fn maximum<T: PartialOrd + std::fmt::Display>(
    field: &str,
    number: T,
    max: T,
    exclusive: bool,
) -> Result<(), Refused> {
    if number < max || (number == max && !exclusive) {
        return Ok(());
    }
    Err(refuse(field, format_args!("is above {max}")))
}

/// Checks that a whole number is a multiple of `step`, which is at least 1.
///
/// # Errors
///
/// [`Refusal::Invalid`] where it is not.
pub fn multiple_of(field: &str, number: i64, step: i64) -> Result<(), Refused> {
    if number % step == 0 { Ok(()) } else { Err(refuse(field, format_args!("is no multiple of {step}"))) }
}

/// Checks that a number of 32 bits did not become infinite when it was read.
///
/// # Errors
///
/// [`Refusal::Invalid`] where it did.
pub fn finite(field: &str, number: f32) -> Result<(), Refused> {
    if number.is_finite() { Ok(()) } else { Err(refuse(field, "is too large")) }
}

/// Checks that a list has at least `min` items.
///
/// # Errors
///
/// [`Refusal::Invalid`] where it has not.
pub fn min_items<T>(field: &str, items: &[T], min: usize) -> Result<(), Refused> {
    if items.len() < min { Err(refuse(field, format_args!("has less than {min} items"))) } else { Ok(()) }
}

/// Checks that a list has at most `max` items.
///
/// # Errors
///
/// [`Refusal::Invalid`] where it has not.
pub fn max_items<T>(field: &str, items: &[T], max: usize) -> Result<(), Refused> {
    if items.len() > max { Err(refuse(field, format_args!("has more than {max} items"))) } else { Ok(()) }
}

/// Checks that no item of a list stands there twice.
///
/// # Errors
///
/// [`Refusal::Invalid`] where one does.
pub fn unique_items<T: Ord>(field: &str, items: &[T]) -> Result<(), Refused> {
    let mut sorted: Vec<&T> = items.iter().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(refuse(field, "has an item twice"));
    }
    Ok(())
}

/// A pattern of a schema, compiled when it is first used.
#[derive(Debug)]
pub struct Pattern {
    text: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The pattern of this text, which the generator has compiled once before.
    pub const fn new(text: &'static str) -> Self {
        Self { text, compiled: OnceLock::new() }
    }

    /// Checks that a text matches somewhere, as OpenAPI has it.
    ///
    /// # Errors
    ///
    /// [`Refusal::Invalid`] where it does not.
    pub fn check(&self, field: &str, text: &str) -> Result<(), Refused> {
        let compiled = self.compiled.get_or_init(|| Regex::new(self.text).ok());
        if compiled.as_ref().is_some_and(|pattern| pattern.is_match(text)) {
            return Ok(());
        }
        Err(refuse(field, "does not match its pattern"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_not_bytes() {
        assert!(max_length("name", "授权已失效", 5).is_ok());
        assert!(max_length("name", "授权已失效", 4).is_err());
        assert!(min_length("name", "授权", 2).is_ok());
        assert!(min_length("name", "授权", 3).is_err());
        assert!(min_length("name", "", 0).is_ok());
    }

    #[test]
    fn bounds_include_their_ends_unless_they_say_otherwise() {
        assert!(minimum("n", 1, 1, false).is_ok());
        assert!(minimum("n", 1, 1, true).is_err());
        assert!(maximum("n", 0.5, 0.5, false).is_ok());
        assert!(maximum("n", 0.5, 0.5, true).is_err());
        assert!(minimum("n", f64::NAN, 0.0, false).is_err());
    }

    #[test]
    fn lists_are_counted_and_compared() {
        assert!(min_items("l", &[1], 2).is_err());
        assert!(max_items("l", &[1, 2], 1).is_err());
        assert!(unique_items("l", &["a", "b", "a"]).is_err());
        assert!(unique_items("l", &["a", "b"]).is_ok());
        assert!(multiple_of("n", -10, 5).is_ok());
        assert!(multiple_of("n", 7, 5).is_err());
    }

    #[test]
    fn patterns_are_not_anchored_and_the_value_is_not_told() {
        static DIGITS: Pattern = Pattern::new("[0-9]+");
        assert!(DIGITS.check("code", "a1b").is_ok());
        let refused = DIGITS.check("code", "secret").unwrap_err();
        assert_eq!(refused.to_string(), "the field `code` does not match its pattern");
    }
}
