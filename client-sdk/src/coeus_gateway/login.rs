//! How a session comes by its token: by the digest of the password.

use std::time::Duration;

use super::builder::Credentials;
use super::raw::{credentials, types};
use super::{CoeusGateway, Error, ErrorCode, LoginData};
use crate::access::Login;
use crate::line::Line;
use crate::secret::Secret;
use crate::wire::Credential;

/// How long a token is good for. The reply does not say so; the document does. Where a server is set up otherwise, its
/// refusal brings the next login.
const LIFE: Duration = Duration::from_secs(43_200);

/// The token, and what the login told beside it.
#[derive(Clone)]
pub(crate) struct Granted {
    pub(super) token: Secret,
    /// Without the token, which is in custody.
    data: LoginData,
}

impl Granted {
    fn new(mut data: LoginData) -> Self {
        let token = Secret::new(std::mem::take(&mut data.auth_token));
        Self { token, data }
    }

    /// All that the login told.
    pub(super) fn data(&self) -> LoginData {
        LoginData { auth_token: self.token.expose().to_owned(), ..self.data.clone() }
    }
}

impl Login for Credentials {
    type Dialect = CoeusGateway;
    type Token = Granted;

    async fn log_in(&self, line: &Line<CoeusGateway>) -> Result<(Granted, Duration), Error> {
        let request =
            types::LoginRequest { user_name: self.user_name.clone(), password: self.digest.expose().to_owned() };
        // One more session of the user does no harm.
        let caller = line.caller().repeatable();
        let data = line.send(caller, |client| async move { client.login(&request).await }).await?.into_inner();
        Ok((Granted::new(data), LIFE))
    }

    fn credential(granted: &Granted) -> Credential {
        credentials::bearer_auth(granted.token.expose())
    }

    fn is_stale(error: &Error, _fresh: bool) -> bool {
        error.code() == Some(ErrorCode::Unauthorized)
    }
}
