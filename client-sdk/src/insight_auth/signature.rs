//! Signatures: what a login shows in place of the password.

use std::str::FromStr;

use md5::{Digest as _, Md5};

use crate::digest;
use crate::secret::Secret;

/// The MD5 digest of a password, which is all that a login needs. It is as good as the password: keep it as secret.
#[derive(Clone, Debug)]
pub struct PasswordDigest(Secret);

/// The text is not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDigest;

impl PasswordDigest {
    /// The digest of a password as the user types it.
    pub fn of(password: &str) -> Self {
        Self(digest::of(password))
    }

    /// The digest in lower-case hexadecimal.
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

impl FromStr for PasswordDigest {
    type Err = NoDigest;

    /// Takes 32 hexadecimal digits, in capitals or not.
    fn from_str(text: &str) -> Result<Self, NoDigest> {
        digest::parse(text).map(Self).ok_or(NoDigest)
    }
}

impl std::fmt::Display for NoDigest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("not 32 hexadecimal digits")
    }
}

impl std::error::Error for NoDigest {}

/// The signature of a login with a password: `md5(md5(account + md5(password)) + code)`, in lower-case hexadecimal.
///
/// `account` is the account, the mobile number or the e-mail address, character by character as the Code was asked for.
///
/// ```
/// use gatehouse_client::insight_auth::{PasswordDigest, signature};
///
/// let digest = PasswordDigest::of("123456");
/// assert_eq!(
///     signature("admin", &digest, "404a257bc35a4540aed079dc4b48d957"),
///     "6821a080527d775101b624d632899fee",
/// );
/// ```
pub fn signature(account: &str, digest: &PasswordDigest, code: &str) -> String {
    md5(md5(account, digest.0.expose()).expose(), code).expose().to_owned()
}

/// The signature of a login with a verification code that came by SMS: `md5(md5(mobile + md5(sms_code)) + code)`. The
/// Code must have been asked for with type 1.
pub fn sms_signature(mobile: &str, sms_code: &str, code: &str) -> String {
    signature(mobile, &PasswordDigest::of(sms_code), code)
}

/// The digest of two texts, one after the other.
fn md5(first: &str, second: &str) -> Secret {
    Secret::new(hex::encode(Md5::new_with_prefix(first).chain_update(second).finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Code of the document's sample.
    const CODE: &str = "404a257bc35a4540aed079dc4b48d957";

    #[test]
    fn signatures_are_those_of_the_document() {
        let digest = PasswordDigest::of("123456");
        assert_eq!(digest.secret().expose(), "e10adc3949ba59abbe56e057f20f883e");
        assert_eq!(signature("admin", &digest, CODE), "6821a080527d775101b624d632899fee");
        let parsed: PasswordDigest = "E10ADC3949BA59ABBE56E057F20F883E".parse().unwrap();
        assert_eq!(signature("admin", &parsed, CODE), "6821a080527d775101b624d632899fee");
        assert_ne!(signature("Admin", &digest, CODE), signature("admin", &digest, CODE));
        assert_eq!(sms_signature("13800138000", "246810", CODE), "d870c93fb9106a65f2af563c6e9dec13");
    }

    #[test]
    fn what_is_no_digest_is_refused_and_none_is_printed() {
        assert_eq!("123456".parse::<PasswordDigest>().unwrap_err(), NoDigest);
        assert_eq!(format!("{:?}", PasswordDigest::of("hunter2")), "PasswordDigest([redacted])");
    }
}
