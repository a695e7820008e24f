//! What users log in with, checked and folded: an account, an e-mail address, a phone number.
//!
//! Two handles are one if they look alike but for case and width: both are compared after NFKC and case folding. Which
//! of them was there first is settled by the database, under one constraint for all three kinds.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

use crate::domain::Error;

/// Characters that an account may have.
const ACCOUNT_LENGTH: std::ops::RangeInclusive<usize> = 3..=32;

/// Bytes of an address, by RFC 5321.
const EMAIL_MAX: usize = 254;

/// Characters of a folded handle that the store keeps. Folding makes some characters longer.
const FOLDED_MAX: usize = 320;

/// An account or address as it was written, with the form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    written: String,
    folded: String,
}

impl Handle {
    /// The name of a user: 3 to 32 characters without spaces, control or invisible characters, and without `@`, which
    /// would make it an address.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for `user_name`.
    pub fn account(text: &str) -> Result<Self, Error> {
        let invalid = |reason: &str| Error::invalid("user_name", reason);
        if !ACCOUNT_LENGTH.contains(&text.chars().count()) {
            return Err(invalid("must have 3 to 32 characters"));
        }
        let handle = Self::of(text).ok_or_else(|| invalid("is too long"))?;
        // The folded form is looked at as well: a character may stand for one that is refused.
        if [text, &handle.folded].iter().any(|text| text.chars().any(|c| c == '@' || !is_visible(c))) {
            return Err(invalid("must not contain spaces, `@`, control or invisible characters"));
        }
        Ok(handle)
    }

    /// An e-mail address: a local part and a domain of at least two labels, at most 254 bytes.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for `email`.
    pub fn email(text: &str) -> Result<Self, Error> {
        let invalid = || Error::invalid("email", "must be an address such as `name@example.com`");
        if text.len() > EMAIL_MAX || !is_email(text) {
            return Err(invalid());
        }
        Self::of(text).filter(|handle| handle.folded.matches('@').count() == 1).ok_or_else(invalid)
    }

    /// A phone number: 5 to 20 digits, perhaps after a `+`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for `phone`.
    pub fn phone(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        if !(5..=20).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::invalid("phone", "must be 5 to 20 digits, perhaps after a `+`"));
        }
        Self::of(text).ok_or_else(|| Error::invalid("phone", "is too long"))
    }

    /// The form in which whatever somebody typed in at a login is looked for; `None` for what nobody can have.
    pub fn fold(text: &str) -> Option<String> {
        Self::of(text).map(|handle| handle.folded)
    }

    fn of(text: &str) -> Option<Self> {
        // Long texts are not folded at all, and no zero byte goes to the store, where PostgreSQL would choke on it.
        if text.len() > 4 * FOLDED_MAX || text.contains('\0') {
            return None;
        }
        let folded = folded(text);
        (folded.chars().count() <= FOLDED_MAX).then(|| Self { written: text.to_owned(), folded })
    }

    /// As it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// As it is compared.
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

/// NFKC and case folding, repeated until nothing changes any more: each of them can undo what the other did.
fn folded(text: &str) -> String {
    let (nfkc, case) = (ComposingNormalizer::new_nfkc(), CaseMapper::new());
    let mut folded = nfkc.normalize(&case.fold_string(&nfkc.normalize(text))).into_owned();
    loop {
        let again = nfkc.normalize(&case.fold_string(&folded)).into_owned();
        if again == folded {
            return folded;
        }
        folded = again;
    }
}

fn is_visible(c: char) -> bool {
    !c.is_control() && !c.is_whitespace() && !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain =
        |c: char| is_visible(c) && !matches!(c, '@' | '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '\\' | '"');
    let dotted =
        |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    let label = |label: &str| !label.starts_with('-') && !label.ends_with('-');
    local.len() <= 64
        && dotted(local)
        && dotted(domain)
        && domain.contains('.')
        && domain.split('.').all(label)
        && text.replacen('@', "", 1).chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(text: &str) -> Option<String> {
        Handle::account(text).ok().map(|handle| handle.folded().to_owned())
    }

    #[test]
    fn look_alikes_by_case_and_width_are_one() {
        for (one, other) in
            [("Lory", "lORY"), ("lory", "ｌｏｒｙ"), ("straße", "STRASSE"), ("ﬁsh", "FISH"), ("①②③", "123")]
        {
            assert_eq!(account(one), account(other), "{one} {other}");
            assert!(account(one).is_some());
        }
        assert_eq!(account("e\u{301}cole"), account("\u{c9}COLE"));
        assert_ne!(account("lory"), account("lori"));
    }

    #[test]
    fn accounts_are_visible_and_no_addresses() {
        assert!(account("abc").is_some() && account(&"数".repeat(32)).is_some());
        for bad in ["", "ab", &"a".repeat(33), "a b c", "a@b", "a＠b.c", "ab\u{200b}c", "abc\0", "ab\nc", "ab\u{ad}c"]
        {
            assert!(account(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn folding_is_stable() {
        for text in ["ΐΰ", "ẞß", "K", "ſt", "İ", "\u{1e9e}\u{345}", "\u{fdfa}"] {
            let once = Handle::fold(text).unwrap();
            assert_eq!(Handle::fold(&once).as_ref(), Some(&once), "{text}");
        }
        assert!(Handle::fold("a\0").is_none());
        assert!(Handle::fold(&"\u{fdfa}".repeat(40)).is_none(), "18 characters each");
    }

    #[test]
    fn addresses_are_checked() {
        let email = |text: &str| Handle::email(text).ok().map(|handle| handle.folded().to_owned());
        assert_eq!(email("Civet148@126.COM").as_deref(), Some("civet148@126.com"));
        assert_eq!(email("a.b+c@x-y.example.org").as_deref(), Some("a.b+c@x-y.example.org"));
        for bad in [
            "",
            "a",
            "a@",
            "@b.c",
            "a@b",
            "a@b..c",
            ".a@b.c",
            "a@-b.c",
            "a b@c.d",
            "a@b.c\r\nBcc: x@y.z",
            "<a@b.c>",
            "a@b@c.d",
            "a＠b@c.d",
            "a,b@c.d",
        ] {
            assert!(email(bad).is_none(), "{bad:?}");
        }
        assert!(email(&format!("{}@b.c", "a".repeat(65))).is_none());
    }

    #[test]
    fn phones_are_digits() {
        assert!(Handle::phone("+8613800138000").is_ok() && Handle::phone("13800138000").is_ok());
        for bad in ["", "1234", "+", "12345a", "1 2345", "１２３４５"] {
            assert!(Handle::phone(bad).is_err(), "{bad}");
        }
    }
}
