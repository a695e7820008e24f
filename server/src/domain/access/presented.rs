//! The form of an opaque token: base64 of `{"id","userId","userName","secret"}`, as the documented system has it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::domain::signed::is_id;

/// The longest token that is read. Ours have some 200 characters.
pub(super) const MAX: usize = 1024;

/// What a token says. It proves nothing but by its secret.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Presented {
    /// The id of the session: 32 hexadecimal digits.
    pub id: String,
    /// The public id of the user.
    pub user_id: String,
    /// What the store has the hash of.
    pub secret: String,
}

impl Presented {
    /// What a token says; none for what is no token. Only the text that was issued is one: the secret vouches for no name,
    /// no other key and no other way to write the same, so that whoever reads a token that is good reads what we wrote.
    pub(super) fn read(token: &str) -> Option<Self> {
        let json = STANDARD.decode(token).ok()?;
        let presented: Self = serde_json::from_slice(&json).ok()?;
        let is_ours = is_id(&presented.id) && written(&presented.id, &presented.user_id, &presented.secret) == token;
        is_ours.then_some(presented)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    id: &'a str,
    user_id: &'a str,
    user_name: Option<&'a str>,
    secret: &'a str,
}

/// The token of a session with this secret. The name is null, as in the document's samples.
pub(super) fn written(id: &str, user_id: &str, secret: &str) -> String {
    let written = Written { id, user_id, user_name: None, secret };
    STANDARD.encode(serde_json::to_vec(&written).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "404a257bc35a4540aed079dc4b48d957";

    #[test]
    fn a_token_is_that_of_the_document() {
        let token = written(ID, "00000000000000000000000000000000", "7198462545674cfcb834ce91a8ce244f");
        assert_eq!(
            token,
            "eyJpZCI6IjQwNGEyNTdiYzM1YTQ1NDBhZWQwNzlkYzRiNDhkOTU3IiwidXNlcklkIjoiMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAi\
             LCJ1c2VyTmFtZSI6bnVsbCwic2VjcmV0IjoiNzE5ODQ2MjU0NTY3NGNmY2I4MzRjZTkxYThjZTI0NGYifQ=="
        );
        let presented = Presented::read(&token).unwrap();
        assert_eq!((presented.id.as_str(), presented.secret.as_str()), (ID, "7198462545674cfcb834ce91a8ce244f"));
    }

    #[test]
    fn what_is_no_token_is_none() {
        let token = |json: &str| STANDARD.encode(json);
        for bad in [
            String::new(),
            "{}".to_owned(),
            token("{}"),
            token(r#"{"id":"x","userId":"u","secret":"s"}"#),
            token(r#"{"id":1,"userId":"u","secret":"s"}"#),
            token(&format!(r#"{{"id":"{ID}","secret":"s"}}"#)),
            written("x", "u", "s"),
        ] {
            assert!(Presented::read(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_read_only_as_it_is_written() {
        assert!(Presented::read(&written(ID, "u", "s")).is_some());
        for bad in [
            format!(r#"{{"id":"{ID}","userId":"u","userName":"root","secret":"s"}}"#),
            format!(r#"{{"id":"{ID}","userId":"u","secret":"s"}}"#),
            format!(r#"{{"id":"{ID}","userId":"u","userName":null,"secret":"s","admin":true}}"#),
            format!(r#"{{"id":"{ID}","secret":"s","userId":"u","userName":null}}"#),
            format!(r#"{{"id":"{ID}", "userId":"u","userName":null,"secret":"s"}}"#),
            format!(r#"{{"id":"{ID}","userId":"\u0075","userName":null,"secret":"s"}}"#),
        ] {
            assert!(Presented::read(&STANDARD.encode(&bad)).is_none(), "{bad}");
        }
    }
}
