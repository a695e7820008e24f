//! The constraints of a document, checked before a request leaves.

use std::cmp::Ordering;
use std::fmt::{self, Display};

/// A type whose values the document constrains.
pub trait Check {
    /// Whether the value keeps the document's rules.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    fn check(&self) -> Result<(), Violation>;
}

impl<T: Check> Check for Box<T> {
    fn check(&self) -> Result<(), Violation> {
        (**self).check()
    }
}

/// A rule that a request breaks. It names the field and the rule, never the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    field: String,
    rule: String,
}

impl Violation {
    fn new(field: &str, rule: impl Into<String>) -> Self {
        Self { field: field.to_owned(), rule: rule.into() }
    }
}

impl Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` {}", self.field, self.rule)
    }
}

impl std::error::Error for Violation {}

impl<E> From<Violation> for progenitor_client::Error<E> {
    fn from(violation: Violation) -> Self {
        Self::InvalidRequest(violation.to_string())
    }
}

/// Checks an object within an object, or within a list, that is called `field`.
///
/// # Errors
///
/// The first rule that `value` breaks, under `field`.
pub fn within(field: &str, value: &impl Check) -> Result<(), Violation> {
    value.check().map_err(|violation| Violation { field: format!("{field}.{}", violation.field), rule: violation.rule })
}

/// Checks that a text has `least` to `most` characters (Unicode scalar values, as JSON Schema counts).
///
/// # Errors
///
/// If it has fewer or more.
pub fn length(field: &str, value: &str, least: Option<usize>, most: Option<usize>) -> Result<(), Violation> {
    bounded(field, value.chars().count(), least, most, "characters")
}

/// Checks that a list has `least` to `most` items.
///
/// # Errors
///
/// If it has fewer or more.
pub fn count(field: &str, items: usize, least: Option<usize>, most: Option<usize>) -> Result<(), Violation> {
    bounded(field, items, least, most, "items")
}

fn bounded(field: &str, found: usize, least: Option<usize>, most: Option<usize>, unit: &str) -> Result<(), Violation> {
    match (least, most) {
        (Some(least), _) if found < least => Err(Violation::new(field, format!("has fewer than {least} {unit}"))),
        (_, Some(most)) if found > most => Err(Violation::new(field, format!("has more than {most} {unit}"))),
        _ => Ok(()),
    }
}

/// Checks that a number is in `least..=most`. What is no number is out of every range.
///
/// # Errors
///
/// If it is out of the range.
pub fn range<N: PartialOrd + Display>(
    field: &str,
    value: N,
    least: Option<N>,
    most: Option<N>,
) -> Result<(), Violation> {
    let ordering = |bound: &N| value.partial_cmp(bound);
    match (least, most) {
        (Some(least), _) if ordering(&least).is_none_or(Ordering::is_lt) => {
            Err(Violation::new(field, format!("is less than {least}")))
        }
        (_, Some(most)) if ordering(&most).is_none_or(Ordering::is_gt) => {
            Err(Violation::new(field, format!("is more than {most}")))
        }
        _ => Ok(()),
    }
}

/// Checks that a number is more than `bound`.
///
/// # Errors
///
/// If it is not.
pub fn above<N: PartialOrd + Display>(field: &str, value: N, bound: N) -> Result<(), Violation> {
    if value > bound { Ok(()) } else { Err(Violation::new(field, format!("is not more than {bound}"))) }
}

/// Checks that a number is less than `bound`.
///
/// # Errors
///
/// If it is not.
pub fn below<N: PartialOrd + Display>(field: &str, value: N, bound: N) -> Result<(), Violation> {
    if value < bound { Ok(()) } else { Err(Violation::new(field, format!("is not less than {bound}"))) }
}

/// Checks that no item of a list is there twice.
///
/// # Errors
///
/// If one is.
pub fn unique<T: PartialEq>(field: &str, items: &[T]) -> Result<(), Violation> {
    let twice = items.iter().enumerate().any(|(place, item)| items[..place].contains(item));
    if twice { Err(Violation::new(field, "has an item twice")) } else { Ok(()) }
}

/// Passes on whether a number is a multiple of `step`.
///
/// # Errors
///
/// If it is not.
pub fn multiple(field: &str, is_multiple: bool, step: impl Display) -> Result<(), Violation> {
    if is_multiple { Ok(()) } else { Err(Violation::new(field, format!("is no multiple of {step}"))) }
}

/// Checks that a number is one of `values`.
///
/// # Errors
///
/// If it is another one.
pub fn one_of<N: PartialEq>(field: &str, value: N, values: &[N]) -> Result<(), Violation> {
    if values.contains(&value) { Ok(()) } else { Err(Violation::new(field, "is none of the document's values")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_counted_in_characters() {
        assert!(length("name", "名字", None, Some(2)).is_ok());
        assert_eq!(
            length("name", "名字们", None, Some(2)).unwrap_err().to_string(),
            "`name` has more than 2 characters"
        );
        assert!(length("name", "", Some(1), None).is_err());
    }

    #[test]
    fn numbers_stay_in_their_range() {
        assert!(range("size", 100, Some(1), Some(100)).is_ok());
        assert!(range("size", 0, Some(1), Some(100)).is_err());
        assert!(range("size", 101, Some(1), Some(100)).is_err());
        assert!(range("share", f64::NAN, Some(0.0), None).is_err());
        assert!(above("share", 0.0, 0.0).is_err() && above("share", 0.1, 0.0).is_ok());
        assert!(below("share", 1.0, 1.0).is_err() && below("share", f64::NAN, 1.0).is_err());
    }

    #[test]
    fn items_are_unique() {
        assert!(unique("tags", &["a", "b"]).is_ok() && unique::<i32>("tags", &[]).is_ok());
        assert!(unique("tags", &["a", "b", "a"]).is_err());
    }
}
