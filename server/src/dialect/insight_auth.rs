//! `insight_auth`: logins by signature to applications, and what their users may do there. It translates; the rules are
//! in the domain.

mod convert;
mod fault;

use gatehouse_api::{
    insight_auth::{
        Credential, DOCUMENT, Fault, InsightAuth, Login, TokenBundle, WechatBinding, WechatCode, WechatLogin,
    },
    runtime::{Context, Null, WithOption},
};

use crate::{
    domain::{
        Core,
        access::{AccessSession, Entry, Kind},
        user::Handle,
        wechat::Claim,
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

    async fn create_token_with_wechat_code(
        &self,
        cx: &Context,
        body: WechatCode,
    ) -> Result<WithOption<WechatLogin, Option<bool>>, Fault> {
        let entry = Entry { app_id: body.app_id, tenant_id: body.tenant_id, device_id: body.device_id, id: None };
        let (origin, app) = (origin(&DOCUMENT, cx), body.we_chat_app_id);
        let arrival = self.core.wechat.arrive(&origin, entry, &app, &body.code).await.map_err(fault)?;
        Ok(convert::arrival(arrival))
    }

    async fn create_token_with_wechat_union_id(&self, cx: &Context, body: WechatBinding) -> Result<TokenBundle, Fault> {
        let entry = Entry { app_id: body.app_id, tenant_id: body.tenant_id, device_id: body.device_id, id: None };
        let claim = Claim {
            wechat_app_id: body.we_chat_app_id,
            union_id: body.union_id,
            mobile: Handle::phone(&body.mobile).map_err(fault)?,
            code: body.code,
            replace: body.is_replace.as_deref() == Some("true"),
        };
        let bundle = self.core.wechat.bind(&origin(&DOCUMENT, cx), entry, claim).await.map_err(fault)?;
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
}

impl Observer for Handler {}
