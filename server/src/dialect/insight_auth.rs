//! `insight_auth`: logins by signature to applications, and what their users may do there. It translates; the rules are
//! in the domain.

mod configs;
mod convert;
mod fault;
mod menus;

use std::pin::Pin;

use gatehouse_api::{
    insight_auth::{
        ConfigDetail, ConfigLog, ConfigSummary, ConfigUpdate, Credential, DOCUMENT, Fault, Function, InsightAuth,
        Login, Navigator, NewConfig, TokenBundle, WechatBinding, WechatCode, WechatLogin,
    },
    runtime::{Context, Null, WithOption},
};
use http::{HeaderMap, header};

use crate::{
    domain::{
        Core, Error,
        access::{AccessSession, Entry, Kind},
        config::Search,
        throttle::Device,
        user::Handle,
        wechat::Claim,
    },
    http::mount::{Denial, Observer, Parts, language, origin},
};
use configs::{page, unless_deleted, unless_updated};
use fault::fault;

pub use configs::own_interfaces;

/// The type of logins that are signed with a verification code.
const BY_SMS: i32 = 1;

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

    /// Who calls; and whether they have the right that the operation needs, which comes before what they send.
    async fn authenticate(&self, cx: &Context, credential: Credential) -> Result<Caller, Fault> {
        let (kind, token) = match credential {
            Credential::AccessToken(token) => (Kind::Access, token),
            Credential::RefreshToken(token) => (Kind::Refresh, token),
        };
        let token = token.unwrap_or_default();
        let session = self.core.access.check(kind, &token).await.map_err(fault)?;
        if let Some(auth_code) = cx.operation.and_then(|operation| operation.auth_code) {
            // Boxed, because what asks the store is large, and the calls that need no right would carry it along.
            Box::pin(self.core.permissions.require((&session).into(), auth_code)).await.map_err(fault)?;
        }
        Ok(Caller { session, token })
    }

    async fn create_code(&self, cx: &Context, account: String, kind: i32) -> Result<String, Fault> {
        let signatures = &self.core.signatures;
        let code = match kind {
            BY_SMS => signatures.code_by_sms(&account, language(cx.language)).await,
            _ => signatures.code(&account).await,
        };
        code.map_err(fault)
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
            replace: body.is_replace.unwrap_or_default(),
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

    async fn list_configs(
        &self,
        _cx: &Context,
        _caller: Caller,
        keyword: Option<String>,
        number: Option<i64>,
        size: Option<i32>,
    ) -> Result<WithOption<Vec<ConfigSummary>, Option<i64>>, Fault> {
        let search = Search::new(keyword, number, size.map(i64::from)).map_err(fault)?;
        Ok(page(self.core.configs.list(&search).await.map_err(fault)?))
    }

    async fn create_config(&self, _cx: &Context, caller: Caller, body: NewConfig) -> Result<String, Fault> {
        self.core.configs.create(&caller.session.user, body.into()).await.map_err(fault)
    }

    async fn update_config(&self, _cx: &Context, caller: Caller, body: ConfigUpdate) -> Result<Null, Fault> {
        let id = body.id.clone();
        self.core.configs.update(&caller.session.user, &id, body.into()).await.map_err(unless_updated)?;
        Ok(Null)
    }

    async fn delete_config(&self, _cx: &Context, caller: Caller, body: String) -> Result<Null, Fault> {
        self.core.configs.delete(&caller.session.user, &body).await.map_err(unless_deleted)?;
        Ok(Null)
    }

    async fn load_configs(&self, _cx: &Context, _caller: Caller) -> Result<Null, Fault> {
        self.core.configs.load().await.map_err(fault)?;
        Ok(Null)
    }

    async fn list_config_logs(
        &self,
        _cx: &Context,
        _caller: Caller,
        keyword: Option<String>,
        number: Option<i64>,
        size: Option<i32>,
    ) -> Result<WithOption<Vec<ConfigLog>, Option<i64>>, Fault> {
        let search = Search::new(keyword, number, size.map(i64::from)).map_err(fault)?;
        Ok(page(self.core.configs.logs(&search).await.map_err(fault)?))
    }

    async fn get_config_log(&self, _cx: &Context, _caller: Caller, id: String) -> Result<ConfigLog, Fault> {
        Ok(self.core.configs.log(&id).await.map_err(fault)?.into())
    }

    async fn get_config(&self, _cx: &Context, _caller: Caller, id: String) -> Result<ConfigDetail, Fault> {
        Ok(self.core.configs.get(&id).await.map_err(fault)?.into())
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

impl Observer for Handler {
    async fn open(&self) -> Result<(), Error> {
        self.core.configs.open(&own_interfaces()).await
    }

    fn prepare(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send + '_>>> {
        if self.core.configs.is_due() { Some(Box::pin(self.core.configs.refresh())) } else { None }
    }

    fn admit(&self, operation: usize, cx: &Context, headers: &HeaderMap) -> Result<(), Denial> {
        let user_agent = || headers.get(header::USER_AGENT).map_or(&[][..], |value| value.as_bytes());
        let admitted = self.core.configs.admit(operation, || Device::new(cx.client_ip, user_agent()));
        admitted.map_err(|throttled| Denial { message: throttled.message.as_deref().map(str::to_owned) })
    }
}
