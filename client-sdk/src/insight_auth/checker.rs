//! Checks of tokens that others show: how a service protects its own operations.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::raw::credentials;
use super::{Error, ErrorCode, InsightAuth};
use crate::line::Line;

/// Makes a [`TokenChecker`].
pub type TokenCheckerBuilder = crate::Builder<Bystander>;

/// Who checks the tokens of others needs none.
#[derive(Clone, Copy, Debug)]
pub struct Bystander;

impl TokenCheckerBuilder {
    /// Checks the settings. Nothing is sent before the first check.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], which names the setting, if the base URL is no absolute `http` or `https` URL or has a user,
    /// a query or a fragment; if a header cannot have the user agent or the language; or if no HTTP client can be made.
    pub fn build(self) -> Result<TokenChecker, Error> {
        let (line, Bystander) = self.connect()?;
        Ok(TokenChecker { line: Arc::new(line) })
    }
}

/// Asks the server about access tokens that come with the requests to a service. Clones are cheap.
///
/// Every check asks the server, so that a logout is known at once.
#[derive(Clone)]
pub struct TokenChecker {
    line: Arc<Line<InsightAuth>>,
}

/// What the server says of an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenStatus {
    /// It is good.
    Good {
        /// Whose it is; none if a server other than Gatehouse writes its tokens in another way.
        user_id: Option<String>,
    },
    /// It has expired; who showed it can renew it.
    Expired,
    /// Its user has logged in on another device, and the application admits one.
    LoggedInElsewhere,
    /// It is none, or its session has ended.
    Invalid,
}

impl TokenStatus {
    /// Whether the token is good.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Good { .. })
    }

    /// Whose token it is, if it is good.
    pub fn user_id(&self) -> Option<&str> {
        match self {
            Self::Good { user_id } => user_id.as_deref(),
            _ => None,
        }
    }
}

/// What a token says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    user_id: String,
}

impl TokenChecker {
    /// The settings of a checker.
    pub fn builder() -> TokenCheckerBuilder {
        TokenCheckerBuilder::new(Bystander)
    }

    /// Asks whether a token, as it stood in the header `Authorization`, is good.
    ///
    /// # Errors
    ///
    /// If the server did not say so or otherwise. A service should then refuse to serve, with 503 rather than 401.
    pub async fn check(&self, token: &str) -> Result<TokenStatus, Error> {
        if token.is_empty() {
            return Ok(TokenStatus::Invalid);
        }
        let caller = self.line.caller().with(credentials::access_token(token));
        let error = match self.line.send(caller, |client| async move { client.get_token_status().await }).await {
            // The server compares what a token says of its user with what it knows, so that it can be believed.
            Ok(_) => return Ok(TokenStatus::Good { user_id: user_of(token) }),
            Err(error) => error,
        };
        match error.code() {
            Some(ErrorCode::TokenExpired) => Ok(TokenStatus::Expired),
            Some(ErrorCode::LoggedInElsewhere) => Ok(TokenStatus::LoggedInElsewhere),
            Some(ErrorCode::InvalidToken) => Ok(TokenStatus::Invalid),
            // What no header can have is no token.
            None if matches!(error, Error::Invalid(_)) => Ok(TokenStatus::Invalid),
            _ => Err(error),
        }
    }
}

impl fmt::Debug for TokenChecker {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TokenChecker").field("base_url", &self.line.base_url()).finish_non_exhaustive()
    }
}

/// The user that a token names.
fn user_of(token: &str) -> Option<String> {
    let claims: Claims = serde_json::from_slice(&STANDARD.decode(token).ok()?).ok()?;
    Some(claims.user_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_user() {
        // The document's sample.
        let token = "eyJpZCI6IjQwNGEyNTdiYzM1YTQ1NDBhZWQwNzlkYzRiNDhkOTU3IiwidXNlcklkIjoiMDAwMDAwMDAwMDAwMDAwMDAwMD\
                     AwMDAwMDAwMDAwMDAiLCJ1c2VyTmFtZSI6bnVsbCwic2VjcmV0IjoiNzE5ODQ2MjU0NTY3NGNmY2I4MzRjZTkxYThjZTI0NGYifQ==";
        assert_eq!(user_of(token).as_deref(), Some("00000000000000000000000000000000"));
        assert_eq!(user_of("e30="), None);
        assert_eq!(user_of("no token"), None);
    }
}
