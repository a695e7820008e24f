//! The `insight_auth` dialect: logins by signature to applications, what their users may do there, and interface configs.
//!
//! A [`Session`] is made from account, password and application. It asks for a Code, signs it, renews its access token
//! with the refresh token, and logs in again when that is used up. It can be cloned and shared between tasks at will:
//! however many need a new token, one of them fetches it. The server lets a device log in once in three seconds; a session
//! that comes too soon waits, as often as its [`RetryPolicy`](crate::RetryPolicy) tries.
//!
//! ```no_run
//! use gatehouse_client::insight_auth::{ErrorCode, Session, Tokens};
//!
//! # fn load() -> Option<Tokens> { None }
//! # fn save(_: &Tokens) {}
//! # async fn journey() -> Result<(), gatehouse_client::insight_auth::Error> {
//! let mut builder = Session::builder()
//!     .base_url("http://127.0.0.1:8080")
//!     .app_id("9dd99dd9e6df467a8207d05ea5581125")
//!     .tenant_id("2564cd559cd340f0b81409723fd8632a")
//!     .account("admin")
//!     .password("123456")
//!     .on_tokens(|tokens| save(tokens));
//! if let Some(tokens) = load() {
//!     builder = builder.tokens(tokens);
//! }
//! let session = builder.build()?;
//!
//! match session.check().await {
//!     Ok(_) => println!("{:?} is logged in", session.user().map(|user| user.name)),
//!     Err(error) if error.code() == Some(ErrorCode::WrongPassword) => println!("wrong account or password"),
//!     Err(error) => return Err(error),
//! }
//! session.logout().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Somebody without a password logs in with a code that comes by SMS:
//!
//! ```no_run
//! use gatehouse_client::insight_auth::Session;
//!
//! # fn typed_in() -> String { String::new() }
//! # async fn journey() -> Result<(), gatehouse_client::insight_auth::Error> {
//! let sign_in = Session::builder()
//!     .base_url("http://127.0.0.1:8080")
//!     .app_id("9dd99dd9e6df467a8207d05ea5581125")
//!     .sign_in()?;
//! sign_in.request_sms_code("13800138000").await?;
//! let session = sign_in.log_in_with_sms_code("13800138000", typed_in()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! or with WeChat, where an account that is new is first bound to a mobile number:
//!
//! ```no_run
//! use gatehouse_client::insight_auth::{Error, Session, SignIn, WechatLogin};
//!
//! # fn typed_in() -> String { String::new() }
//! async fn log_in(sign_in: &SignIn, wechat_app: &str, code: &str, mobile: &str) -> Result<Session, Error> {
//!     let account = match sign_in.with_wechat_code(wechat_app, code).await? {
//!         WechatLogin::Session(session) => return Ok(session),
//!         WechatLogin::Unbound(account) => account,
//!     };
//!     sign_in.request_sms_code(mobile).await?;
//!     sign_in.bind_wechat(wechat_app, &account.unionid, mobile, typed_in(), false).await
//! }
//! ```
//!
//! Interface configs and their changes are streams:
//!
//! ```no_run
//! use futures_util::TryStreamExt;
//! use gatehouse_client::insight_auth::{ConfigUpdate, NewConfig, Session};
//!
//! # async fn journey(session: &Session) -> Result<(), gatehouse_client::insight_auth::Error> {
//! let config = NewConfig::new("List users", "GET", "/base/user/v1.0/users").auth_code("getUser").gap(1);
//! let id = session.create_config(&config).await?.into_inner();
//!
//! let mut configs = session.configs().keyword("users").size(50).items();
//! while let Some(config) = configs.try_next().await? {
//!     println!("{} {}", config.method, config.url);
//! }
//!
//! let mut config = ConfigUpdate::from(session.config(&id).await?.into_inner());
//! config.limit_gap = Some(3);
//! session.update_config(&config).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A service that is called with such tokens asks about them with a [`TokenChecker`]:
//!
//! ```no_run
//! use gatehouse_client::insight_auth::TokenChecker;
//!
//! # async fn serve(authorization: &str) -> Result<(), gatehouse_client::insight_auth::Error> {
//! let checker = TokenChecker::builder().base_url("http://127.0.0.1:8080").build()?;
//! match checker.check(authorization).await?.user_id() {
//!     Some(user) => println!("{user} may come in"),
//!     None => println!("401"),
//! }
//! # Ok(())
//! # }
//! ```

mod builder;
mod checker;
mod configs;
mod listing;
mod login;
mod session;
mod sign_in;
mod signature;
mod tokens;
mod tries;

use crate::line::Dialect;
use crate::wire::Caller;

pub use builder::{Builder, Credentials};
pub use checker::{Bystander, TokenChecker, TokenCheckerBuilder, TokenStatus};
pub use listing::{ConfigLogs, Configs, Listed, Listing, Page};
pub use session::Session;
pub use sign_in::{SignIn, WechatLogin};
pub use signature::{NoDigest, PasswordDigest, signature, sms_signature};
pub use tokens::Tokens;

/// The generated client: one method for each operation, without a session's logins and typed errors.
pub use crate::generated::insight_auth as raw;
pub use raw::ErrorCode;
pub use raw::types::{
    ConfigChange, ConfigDetail, ConfigLog, ConfigLogContent, ConfigRecord, ConfigSummary, ConfigUpdate, FuncInfo,
    Function, ModuleInfo, Navigator, NewConfig, TokenBundle, UserInfo, WeChatUser,
};

/// Why an operation of this dialect failed.
pub type Error = crate::Error<ErrorCode>;

/// This dialect, as sessions know it.
pub(crate) struct InsightAuth;

impl Dialect for InsightAuth {
    type Client = raw::Client;
    type Code = ErrorCode;
    type Failure = raw::types::FailureReply;
    const SUCCESS: i64 = ErrorCode::Ok.number() as i64;
    const CLIENT: fn(&str, reqwest::Client, Caller) -> raw::Client = raw::Client::new_with_client;
}
