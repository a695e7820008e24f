//! Logins that somebody has to be present for: by a code that comes by SMS, or by WeChat.

use std::fmt;
use std::sync::Arc;

use super::builder::Listener;
use super::login::{CodeOf, Entry, UserLogin, code, enter};
use super::raw::types;
use super::tries::Tries;
use super::{Error, InsightAuth, Session, TokenBundle, WeChatUser, sms_signature};
use crate::access::Access;
use crate::line::Line;
use crate::reply::Reply;
use crate::secret::Secret;

/// Logs users in to an application without their passwords. Clones are cheap.
///
/// A session that comes of it has no password to log in with again: it ends with its refresh token.
#[derive(Clone)]
pub struct SignIn {
    line: Arc<Line<InsightAuth>>,
    entry: Entry,
    listener: Option<Listener>,
}

/// What became of a login with a code of WeChat.
#[derive(Clone, Debug)]
pub enum WechatLogin {
    /// The WeChat account is bound to a user, who is logged in.
    Session(Session),
    /// It is bound to nobody. For half an hour it can be bound, with [`SignIn::bind_wechat`].
    Unbound(Box<WeChatUser>),
}

impl SignIn {
    pub(super) fn new(line: Line<InsightAuth>, entry: Entry, listener: Option<Listener>) -> Self {
        Self { line: Arc::new(line), entry, listener }
    }

    /// Has a code sent to the mobile number by SMS, unless one was sent within the last minute, which is still good. A
    /// number that nobody has gets one as well: it is of no use for a login, but for [`bind_wechat`](Self::bind_wechat).
    ///
    /// # Errors
    ///
    /// If the server could not be asked; [`Error::Invalid`] if the number breaks a rule of the document.
    pub async fn request_sms_code(&self, mobile: &str) -> Result<(), Error> {
        self.code(mobile).await.map(|_| ())
    }

    /// Logs in with the code that came by SMS.
    ///
    /// It has to be asked for a Code as [`request_sms_code`](Self::request_sms_code) asks, so that after more than a
    /// minute there may be another SMS. It is not sent again after it may have reached the server: the second one would
    /// find the code used.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::WrongPassword`](super::ErrorCode::WrongPassword) if the code is wrong, used or no longer good;
    /// otherwise as [`Session::token`].
    pub async fn log_in_with_sms_code(&self, mobile: &str, sms_code: impl Into<Secret>) -> Result<Session, Error> {
        let sms_code = sms_code.into();
        let mut tries = Tries::once(self.line.retry_policy());
        loop {
            let code = self.code(mobile).await?;
            let signature = sms_signature(mobile, sms_code.expose(), &code);
            match enter(&self.line, self.line.caller(), &self.entry, mobile, signature).await {
                Ok(bundle) => return Ok(self.session(bundle)),
                Err(error) => tries.again(error).await?,
            }
        }
    }

    /// Logs in with the code that WeChat gave the user of its application `wechat_app_id`.
    ///
    /// It is not sent again after it may have reached the server: WeChat takes a code once.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::InvalidParam`](super::ErrorCode::InvalidParam) if WeChat does not take the code or the server does
    /// not know the application at WeChat; otherwise as [`Session::token`].
    pub async fn with_wechat_code(&self, wechat_app_id: &str, code: impl Into<Secret>) -> Result<WechatLogin, Error> {
        let Entry { app_id, tenant_id, device_id } = self.entry.clone();
        let (code, we_chat_app_id) = (code.into().expose().to_owned(), wechat_app_id.to_owned());
        let request = &types::WechatCode { app_id, tenant_id, we_chat_app_id, code, device_id };
        let mut tries = Tries::once(self.line.retry_policy());
        loop {
            let login = |client: super::raw::Client| async move { client.create_token_with_wechat_code(request).await };
            match self.line.send(self.line.caller(), login).await.map(Reply::into_inner) {
                Ok(types::WechatLogin::TokenBundle(bundle)) => return Ok(WechatLogin::Session(self.session(bundle))),
                Ok(types::WechatLogin::WeChatUser(user)) => return Ok(WechatLogin::Unbound(Box::new(user))),
                Err(error) => tries.again(error).await?,
            }
        }
    }

    /// Binds a WeChat account, which [`with_wechat_code`](Self::with_wechat_code) found unbound within the last half hour,
    /// to the user of a mobile number, and logs that user in. The number is proven by the code that came there by SMS
    /// after [`request_sms_code`](Self::request_sms_code). A user is made if nobody has the number.
    ///
    /// `replace` says whether another WeChat account of that user, and another user of this account, may be given up.
    ///
    /// It is not sent again after it may have reached the server: the second one would find the code used.
    ///
    /// # Errors
    ///
    /// With [`ErrorCode::WrongCode`](super::ErrorCode::WrongCode) if the code of the SMS is wrong, used or no longer good,
    /// [`ErrorCode::WechatBound`](super::ErrorCode::WechatBound) if something would have to be given up,
    /// [`ErrorCode::InvalidParam`](super::ErrorCode::InvalidParam) if the half hour is over; otherwise as
    /// [`Session::token`].
    pub async fn bind_wechat(
        &self,
        wechat_app_id: &str,
        union_id: &str,
        mobile: &str,
        sms_code: impl Into<Secret>,
        replace: bool,
    ) -> Result<Session, Error> {
        let Entry { app_id, tenant_id, device_id } = self.entry.clone();
        let request = &types::WechatBinding {
            app_id,
            tenant_id,
            we_chat_app_id: wechat_app_id.to_owned(),
            union_id: union_id.to_owned(),
            mobile: mobile.to_owned(),
            code: sms_code.into().expose().to_owned(),
            is_replace: replace.then_some(true),
            device_id,
        };
        let mut tries = Tries::once(self.line.retry_policy());
        loop {
            let bind =
                |client: super::raw::Client| async move { client.create_token_with_wechat_union_id(request).await };
            match self.line.send(self.line.caller(), bind).await {
                Ok(bundle) => return Ok(self.session(bundle.into_inner())),
                Err(error) => tries.again(error).await?,
            }
        }
    }

    /// A Code to be signed with what came by SMS.
    async fn code(&self, mobile: &str) -> Result<String, Error> {
        // Asked twice within a minute, the server sends one SMS.
        let mut tries = Tries::repeatable(self.line.retry_policy());
        loop {
            match code(&self.line, mobile, CodeOf::Sms).await {
                Ok(code) => return Ok(code),
                Err(error) => tries.again(error).await?,
            }
        }
    }

    fn session(&self, bundle: TokenBundle) -> Session {
        let login = UserLogin::new(None, self.entry.clone(), None, self.listener.clone());
        let (token, life) = login.keep(bundle);
        Session { access: Access::with_token(self.line.another(), login, token, life) }
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SignIn")
            .field("base_url", &self.line.base_url())
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}
