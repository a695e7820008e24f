//! `insight_auth`: one exchange a test, named operation and case.

mod clock_steps;
mod config_limits;
mod config_writes;
mod configs;
mod create_code;
mod create_config;
mod create_token;
mod create_token_with_wechat_code;
mod create_token_with_wechat_union_id;
mod delete_config;
mod delete_token;
mod exclusive;
mod get_config;
mod get_config_log;
mod get_token_status;
mod list_config_logs;
mod list_configs;
mod list_functions;
mod list_navigators;
mod load_configs;
mod lock;
mod order;
mod races;
mod refresh_token;
mod restart;
mod update_config;

use contract_tests::{
    fixture::{ADMIN, DEMO_APP, Fixture},
    wechat::{APP_ID, APP_SECRET, UNION_ID},
    wire::{Exchange, Reply, Request},
};
use gatehouse_server::domain::{
    access::{Bundle, Entry},
    mail::Language,
    origin::Origin,
    user::{Handle, User},
};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use crate::Dialect;

/// What the tests about every document need to know.
pub const DIALECT: Dialect = Dialect {
    name: "insight_auth",
    credential: |server, scheme| {
        Box::pin(async move {
            configs::permit(server).await;
            let bundle = bundle(server).await;
            if scheme == "refreshToken" { ("refresh token", bundle.refresh) } else { ("access token", bundle.access) }
        })
    },
    prepare: |server, operation| {
        Box::pin(async move {
            match operation {
                "createToken" => {
                    let code = code(server, ADMIN).await;
                    vec![
                        ("signature", signature(ADMIN, DIGEST, &code).into()),
                        ("appId", DEMO_APP.into()),
                        ("tenantId", Value::Null),
                    ]
                }
                // The demo realm has a config for the one of the example.
                "createConfig" => vec![("url", "/base/user/v1.0/users/{id}".into())],
                "createTokenWithWechatCode" => {
                    wechat_app(server).await;
                    server.wechat.grant(WECHAT_CODE, UNION_ID);
                    vec![("appId", DEMO_APP.into())]
                }
                "createTokenWithWechatUnionId" => {
                    stranger(server, UNION_ID).await;
                    vec![("appId", DEMO_APP.into()), ("code", sms_code(server, MOBILE).await.into())]
                }
                "getConfig" | "updateConfig" | "deleteConfig" | "listConfigLogs" | "getConfigLog" => {
                    configs::samples(server).await;
                    Vec::new()
                }
                _ => Vec::new(),
            }
        })
    },
};

const CODES: &str = "/base/auth/v1.0/tokens/codes";
const TOKENS: &str = "/base/auth/v1.0/tokens";
const NAVIGATORS: &str = "/base/auth/v1.0/navigators";
const STATUS: &str = "/base/auth/v1.0/tokens/status";

const WITH_WECHAT_CODE: &str = "/base/auth/v1.0/tokens/withWechatCode";
const WITH_WECHAT_UNION_ID: &str = "/base/auth/v1.0/tokens/withWechatUnionId";

/// A code of WeChat, that of the document.
const WECHAT_CODE: &str = "6IjQwNGEyNTdiYzM1YTQ1NDBhZWQw";

/// A mobile number, that of the document.
const MOBILE: &str = "13800138000";

/// The digest of the administrator's password.
const DIGEST: &str = "e10adc3949ba59abbe56e057f20f883e";

/// `md5(md5(account + digest) + code)`.
fn signature(account: &str, digest: &str, code: &str) -> String {
    let md5 = |text: String| hex::encode(Md5::digest(text.as_bytes()));
    md5(format!("{}{code}", md5(format!("{account}{digest}"))))
}

/// A request for a Code.
fn code_request(account: &str) -> Request {
    Request::get(CODES).query("account", account)
}

/// A Code of an account.
async fn code(server: &Fixture, account: &str) -> String {
    let exchange = server.send(code_request(account).from_new_device()).await;
    let code = exchange.reply.json()["data"].as_str().unwrap_or_else(|| panic!("no Code: {exchange}")).to_owned();
    assert!(code.len() == 32 && code.bytes().all(|byte| byte.is_ascii_hexdigit()), "{code}");
    code
}

/// A login of the administrator to the demo application with this signature.
fn login_request(signature: &str) -> Request {
    Request::post(TOKENS).json(&json!({ "appId": DEMO_APP, "account": ADMIN, "signature": signature }))
}

/// A login of the administrator with the right signature.
async fn login(server: &Fixture) -> Exchange {
    let code = code(server, ADMIN).await;
    server.send(login_request(&signature(ADMIN, DIGEST, &code)).from_new_device()).await
}

/// The data of a reply that succeeded.
fn data_of(exchange: &Exchange) -> Value {
    let reply = exchange.reply.json();
    assert_eq!((&reply["success"], &reply["code"]), (&json!(true), &json!(200)), "{exchange}");
    reply["data"].clone()
}

/// The access token and the refresh token of a login.
fn tokens_in(exchange: &Exchange) -> (String, String) {
    let data = data_of(exchange);
    let text = |name: &str| data[name].as_str().expect("a token").to_owned();
    (text("accessToken"), text("refreshToken"))
}

/// A session of the administrator in the demo application, without a request.
async fn bundle(server: &Fixture) -> Bundle {
    bundle_of(server, admin(server).await, DEMO_APP).await
}

/// A session of a user in an application, without a request.
async fn bundle_of(server: &Fixture, user: User, app_id: &str) -> Bundle {
    let entry = Entry { app_id: app_id.to_owned(), ..Entry::default() };
    let origin = Origin { dialect: "insight_auth", ..Origin::command("test") };
    server.core.access.begin(&origin, user, entry).await.expect("the application is there")
}

async fn admin(server: &Fixture) -> User {
    User::clone(&server.core.users.by_id(1).await.expect("the store answers").expect("the administrator is there"))
}

/// The application of the demo realm whose tokens the document shows.
const INSIGHT_APP: &str = "9dd99dd9e6df467a8207d05ea5581125";

/// The tenant of the demo realm.
const INSIGHT_TENANT: &str = "2564cd559cd340f0b81409723fd8632a";

/// The module of the demo realm whose functions the document shows.
const MODULE: &str = "711aad8daf654bcdb3a126d70191c15c";

/// An access token of a user of the demo realm, by account, in the document's application and perhaps a tenant.
async fn access_of(server: &Fixture, account: &str, tenant: Option<&str>) -> String {
    let row = server.store.user_by_handle(account).await.expect("the store answers").expect("the user is there");
    let entry = Entry { app_id: INSIGHT_APP.to_owned(), tenant_id: tenant.map(str::to_owned), ..Entry::default() };
    let origin = Origin { dialect: "insight_auth", ..Origin::command("test") };
    server.core.access.begin(&origin, row.into(), entry).await.expect("the application is there").access
}

/// A check of an access token.
fn status_request(token: &str) -> Request {
    Request::get(STATUS).header("Authorization", token)
}

/// A renewal with a refresh token.
fn refresh_request(token: &str) -> Request {
    Request::new("PUT", TOKENS).header("Authorization", token)
}

/// A logout with an access token.
fn logout_request(token: &str) -> Request {
    Request::new("DELETE", TOKENS).header("Authorization", token)
}

/// The code of a check of an access token.
async fn status(server: &Fixture, token: &str) -> i64 {
    server.send(status_request(token)).await.reply.code()
}

/// The message in the envelope.
fn message_of(reply: &Reply) -> String {
    reply.json()["message"].as_str().expect("the envelope has a message").to_owned()
}

/// Tells the server of the application at WeChat.
async fn wechat_app(server: &Fixture) {
    server.put_wechat_app(APP_ID, APP_SECRET).await;
}

/// The body of a login with a code of WeChat.
fn wechat_login(code: &str) -> Value {
    json!({ "appId": DEMO_APP, "weChatAppId": APP_ID, "code": code })
}

/// A login with a code of WeChat.
fn wechat_request(code: &str) -> Request {
    Request::post(WITH_WECHAT_CODE).json(&wechat_login(code))
}

/// Somebody arrives from WeChat whose account is bound to nobody.
async fn stranger(server: &Fixture, union_id: &str) {
    wechat_app(server).await;
    let code = format!("code of {union_id}");
    server.wechat.grant(&code, union_id);
    let exchange = server.send(wechat_request(&code).from_new_device()).await;
    assert_eq!(data_of(&exchange)["unionid"], union_id, "{exchange}");
}

/// The code that is sent to a number now.
async fn sms_code(server: &Fixture, mobile: &str) -> String {
    let mobile = Handle::phone(mobile).expect("a number");
    server.core.sms.send_code(&mobile, Language::Chinese).await.expect("it is sent").expose().clone()
}

/// The body of a binding of a WeChat account.
fn binding(union_id: &str, mobile: &str, code: &str) -> Value {
    json!({ "appId": DEMO_APP, "weChatAppId": APP_ID, "unionId": union_id, "mobile": mobile, "code": code })
}

/// A binding of a WeChat account.
fn binding_request(union_id: &str, mobile: &str, code: &str) -> Request {
    Request::post(WITH_WECHAT_UNION_ID).json(&binding(union_id, mobile, code))
}

/// Binds a WeChat account to the user of a number, and gives the data of the login.
async fn bind(server: &Fixture, union_id: &str, mobile: &str) -> Value {
    stranger(server, union_id).await;
    let code = sms_code(server, mobile).await;
    data_of(&server.send(binding_request(union_id, mobile, &code).from_new_device()).await)
}

/// An operation that reads no body, and gets one that is too large all the same.
async fn body_too_large(method: &str, path: &str) -> Exchange {
    let server = Fixture::with(|config| config.limits.body_bytes = 512).await;
    server.send(Request::new(method, path).body("application/json", "x".repeat(513))).await
}
