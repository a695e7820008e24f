//! The digest that stands for a password: MD5 in lower-case hexadecimal, as the documented systems send it. It keeps the
//! password from nobody who can guess; what protects it on its way is TLS.

use md5::{Digest as _, Md5};

use crate::secret::Secret;

/// The digest of a password.
pub(crate) fn of(password: &str) -> Secret {
    Secret::new(hex::encode(Md5::digest(password.as_bytes())))
}

/// The digest that `text` is, if it is 32 hexadecimal digits.
pub(crate) fn parse(text: &str) -> Option<Secret> {
    let is_digest = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| Secret::new(text.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_md5_in_lower_case() {
        // The documents' sample: the digest of `123456`.
        assert_eq!(of("123456").expose(), "e10adc3949ba59abbe56e057f20f883e");
        assert_eq!(of("密码").expose().len(), 32);
        let parsed = parse("E10ADC3949BA59ABBE56E057F20F883E").unwrap();
        assert_eq!(parsed.expose(), "e10adc3949ba59abbe56e057f20f883e");
        assert!(parse("").is_none() && parse("e10adc3949ba59abbe56e057f20f883g").is_none());
    }
}
