//! `insight_auth`: logins by signature to applications, and what their users may do there. It translates; the rules are
//! in the domain.

mod convert;
mod fault;
mod menus;

use gatehouse_api::{
    insight_auth::{Credential, DOCUMENT, Fault, Function, InsightAuth, Login, Navigator, TokenBundle},
    runtime::{Context, Null},
};

use crate::{
    domain::{
        Core,
        access::{AccessSession, Entry, Kind},
    },
    http::mount::{Observer, Parts, origin},
};
use fault::fault;

/// What implements the operations of `insight_auth`.
pub struct Handler {
    core: Core,
}

impl Handler {
    /// The handler over these parts of the server.
    pub fn new(parts: &Parts) -> Self {
        Self { core: parts.core.clone() }
    }
}

/// Who calls, and the token that says so.
pub struct Caller {
    session: AccessSession,
    token: String,
}

impl InsightAuth for Handler {
    type Caller = Caller;

    async fn authenticate(&self, _cx: &Context, credential: Credential) -> Result<Caller, Fault> {
        let (kind, token) = match credential {
            Credential::AccessToken(token) => (Kind::Access, token),
            Credential::RefreshToken(token) => (Kind::Refresh, token),
        };
        let token = token.unwrap_or_default();
        let session = self.core.access.check(kind, &token).await.map_err(fault)?;
        Ok(Caller { session, token })
    }

    async fn create_code(&self, _cx: &Context, account: String, _type: i32) -> Result<String, Fault> {
        self.core.signatures.code(&account).await.map_err(fault)
    }

    async fn create_token(&self, cx: &Context, body: Login) -> Result<TokenBundle, Fault> {
        let origin = origin(&DOCUMENT, cx);
        let (user, code) = self.core.signatures.log_in(&origin, &body.account, &body.signature).await.map_err(fault)?;
        let entry = Entry { app_id: body.app_id, tenant_id: body.tenant_id, device_id: body.device_id, id: Some(code) };
        let bundle = self.core.access.begin(&origin, user, entry).await.map_err(fault)?;
        Ok(bundle.into())
    }

    async fn refresh_token(&self, _cx: &Context, caller: Caller) -> Result<TokenBundle, Fault> {
        let bundle = self.core.access.refresh(caller.session, &caller.token).await.map_err(fault)?;
        Ok(bundle.into())
    }

    async fn delete_token(&self, cx: &Context, caller: Caller) -> Result<Null, Fault> {
        self.core.access.end(&origin(&DOCUMENT, cx), &caller.session).await.map_err(fault)?;
        Ok(Null)
    }

    async fn get_token_status(&self, _cx: &Context, _caller: Caller) -> Result<Null, Fault> {
        Ok(Null)
    }

    async fn list_navigators(&self, _cx: &Context, caller: Caller) -> Result<Vec<Navigator>, Fault> {
        let navigators = self.core.permissions.navigators((&caller.session).into()).await.map_err(fault)?;
        Ok(navigators.into_iter().map(Navigator::from).collect())
    }

    async fn list_functions(&self, _cx: &Context, caller: Caller, id: String) -> Result<Vec<Function>, Fault> {
        let functions = self.core.permissions.functions((&caller.session).into(), &id).await.map_err(fault)?;
        Ok(functions.into_iter().map(Function::from).collect())
    }
}

impl Observer for Handler {}
