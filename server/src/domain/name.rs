//! Names that users give to what they own.

use super::Error;

/// A name: not blank, without control characters, of a bounded length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Characters that a name may have.
    pub const MAX: usize = 64;

    /// The name of this text.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for `field` if it is empty, blank, longer than 64 characters, or has control characters.
    pub fn new(field: &'static str, text: String) -> Result<Self, Error> {
        if text.chars().nth(Self::MAX).is_some() {
            return Err(Error::invalid(field, "must have at most 64 characters"));
        }
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            return Err(Error::invalid(field, "must not be blank or contain control characters"));
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_1_to_64_visible_characters() {
        for good in ["a", "我的ChatGPT项目", &"数".repeat(64)] {
            assert!(Name::new("name", good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "  ", "a\0b", "a\nb", &"数".repeat(65)] {
            assert!(Name::new("name", bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
