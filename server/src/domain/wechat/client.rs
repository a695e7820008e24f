//! The protocol of WeChat's web logins: a code is exchanged for a token, the token for what WeChat tells of its user.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::Profile;
use crate::domain::Error;
use crate::domain::remote::{Failure, Remote};
use crate::domain::secret::Secret;

/// Exchanges under way at once. Each takes two calls.
const AT_ONCE: usize = 64;

/// The longest id that WeChat gives; the store keeps as much.
const LONGEST_ID: usize = 128;

/// WeChat is busy, or has answered us too often.
const PASSING: [i64; 4] = [-1, 45_009, 45_011, 50_002];

/// WeChat does not know the application or its secret, or does not answer this server's address.
const MISCONFIGURED: [i64; 8] = [40_002, 40_013, 40_125, 40_164, 41_002, 41_004, 50_001, 61_004];

/// Where WeChat is, and how long it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The address below which its operations are; `https`, or `http` at loopback.
    pub base_url: String,
    /// The time of one call.
    pub timeout: Duration,
}

/// Speaks with WeChat.
pub(super) struct Client {
    remote: Remote,
    lines: Semaphore,
}

/// What WeChat answers: the thing itself, or a code of its own with the same HTTP status.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer<T> {
    Refused { errcode: i64 },
    Given(T),
}

#[derive(Deserialize)]
struct Token {
    access_token: Secret<String>,
    openid: String,
    unionid: Option<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    openid: String,
    unionid: Option<String>,
    #[serde(default)]
    nickname: String,
    #[serde(default)]
    sex: i32,
    #[serde(default)]
    country: String,
    #[serde(default)]
    province: String,
    #[serde(default)]
    city: String,
    #[serde(default)]
    headimgurl: String,
    #[serde(default)]
    privilege: Vec<String>,
    language: Option<String>,
}

impl Client {
    pub(super) fn new(place: Place) -> Self {
        Self { remote: Remote::new(Secret::new(place.base_url), place.timeout), lines: Semaphore::new(AT_ONCE) }
    }

    /// Exchanges the code that an application's user has brought from WeChat. WeChat takes a code once.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] about `code` if WeChat refuses it, or tells no UnionID with it; [`Error::Unavailable`] if
    /// WeChat does not answer, or not in its protocol; [`Error::Internal`] if it does not know the application.
    pub(super) async fn exchange(&self, app_id: &str, secret: &Secret<String>, code: &str) -> Result<Profile, Error> {
        let _line = self.lines.try_acquire().map_err(|_| Error::Unavailable("too many wait for WeChat".into()))?;
        let query =
            [("appid", app_id), ("secret", secret.expose()), ("code", code), ("grant_type", "authorization_code")];
        let token: Token = self.call("/sns/oauth2/access_token", &query).await?;
        let query =
            [("access_token", token.access_token.expose().as_str()), ("openid", &token.openid), ("lang", "zh_CN")];
        let info: UserInfo = self.call("/sns/userinfo", &query).await?;
        if info.openid != token.openid {
            return Err(Error::Unavailable("WeChat told of another user than the code's".into()));
        }
        let no_union = || Error::invalid("code", "belongs to an application without UnionIDs");
        let union_id = info.unionid.clone().or(token.unionid).filter(|id| !id.is_empty()).ok_or_else(no_union)?;
        if union_id.len() > LONGEST_ID || !union_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Unavailable("WeChat told a UnionID that is none".into()));
        }
        Ok(info.of(union_id))
    }

    async fn call<T: DeserializeOwned>(&self, path: &'static str, query: &[(&str, &str)]) -> Result<T, Error> {
        let unavailable = |why: String| Error::Unavailable(format!("WeChat, {path}: {why}").into());
        let reply = self.remote.get(path, query).await.map_err(|failure| match failure {
            Failure::Unable(_) => Error::internal(failure),
            Failure::Silent(_) | Failure::Status(_) | Failure::TooLong => unavailable(failure.to_string()),
        })?;
        // What serde says could repeat a token, and is left out.
        match serde_json::from_slice(&reply)
            .map_err(|_| unavailable("the answer is not what it should be".to_owned()))?
        {
            Answer::Given(given) => Ok(given),
            Answer::Refused { errcode } if PASSING.contains(&errcode) => {
                Err(unavailable(format!("it answered with its code {errcode}")))
            }
            Answer::Refused { errcode } if MISCONFIGURED.contains(&errcode) => {
                Err(Error::internal(format!("WeChat, {path}: it refused the application with its code {errcode}")))
            }
            Answer::Refused { errcode } => {
                Err(Error::invalid("code", format!("was refused by WeChat with its code {errcode}")))
            }
        }
    }
}

impl UserInfo {
    fn of(self, union_id: String) -> Profile {
        Profile {
            union_id,
            open_id: self.openid,
            nickname: self.nickname,
            sex: self.sex,
            country: self.country,
            province: self.province,
            city: self.city,
            head_img_url: self.headimgurl,
            privilege: self.privilege,
            language: self.language,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_what_was_asked_for_or_a_code() {
        let read = |json: &str| serde_json::from_str::<Answer<Token>>(json).map_err(drop);
        assert!(matches!(
            read(r#"{"errcode":40029,"errmsg":"invalid code"}"#),
            Ok(Answer::Refused { errcode: 40_029 })
        ));
        let given = read(r#"{"access_token":"t","expires_in":7200,"refresh_token":"r","openid":"o","scope":"x"}"#);
        assert!(matches!(given, Ok(Answer::Given(Token { unionid: None, .. }))));
        for bad in ["", "{}", "[]", r#"{"errcode":"40029"}"#, r#"{"access_token":7,"openid":"o"}"#, "<html>"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
