//! `insight_auth` by the SDK: logins by signature, renewals, menus, interface configs, and tokens that others check.

use std::time::Duration;

use contract_tests::{
    fixture::{ADMIN, ADMIN_PASSWORD, Fixture},
    wechat::{APP_ID, UNION_ID},
};
use futures_util::{TryStreamExt, future::join_all};
use gatehouse_client::{
    RetryPolicy,
    insight_auth::{
        Builder, ConfigLog, ConfigLogContent, ConfigSummary, ConfigUpdate, Error, ErrorCode, NewConfig, Session,
        TokenChecker, TokenStatus, WechatLogin,
    },
};
use gatehouse_server::{
    domain::{mail::Language, user::Handle},
    testing::backends,
};
use serde_json::json;

use crate::{reaching, replies};

/// The application and the tenant of the document's samples.
const APP: &str = "9dd99dd9e6df467a8207d05ea5581125";
const TENANT: &str = "2564cd559cd340f0b81409723fd8632a";

/// How long an access token is good for.
const TOKEN_LIFE: Duration = Duration::from_secs(7200);
/// How long a refresh token is good for.
const REFRESH_LIFE: Duration = Duration::from_secs(86_400);
/// The least time between two logins of a device.
const GAP: Duration = Duration::from_secs(3);

/// The settings of a session of nobody, on a device of this name: what limits are about.
fn nobody(server: &Fixture, device: &str) -> Builder {
    reaching(Session::builder(), server.base_url()).app_id(APP).user_agent(device)
}

/// The settings of a session of the administrator.
fn admin(server: &Fixture, device: &str) -> Builder {
    nobody(server, device).tenant_id(TENANT).account(ADMIN).password(ADMIN_PASSWORD)
}

fn session(server: &Fixture) -> Session {
    admin(server, "first").build().unwrap()
}

fn checker(server: &Fixture) -> TokenChecker {
    reaching(TokenChecker::builder(), server.base_url()).build().unwrap()
}

/// How often the server was asked for a Code, a login and a renewal.
async fn counts(server: &Fixture) -> (u64, u64, u64) {
    (replies(server, "createCode").await, replies(server, "createToken").await, replies(server, "refreshToken").await)
}

async fn check_at_once(session: &Session, tasks: usize) {
    let checks = (0..tasks).map(|_| {
        let session = session.clone();
        tokio::spawn(async move { session.check().await.map(|_| ()) })
    });
    for outcome in join_all(checks).await {
        outcome.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_journey_on_every_database() {
    for backend in backends() {
        let server = Fixture::demo_on(backend, |_| {}).await;
        let session = session(&server);
        assert!(session.check().await.unwrap().trace_id().is_some());
        let user = session.user().unwrap();
        assert_eq!((user.id.as_str(), user.name.as_str()), ("00000000000000000000000000000000", "系统管理员"));
        assert_eq!(user.tenant_id.as_deref(), Some(TENANT));

        let navigators = session.navigators().await.unwrap();
        let names: Vec<&str> = navigators.iter().map(|navigator| navigator.name.as_str()).collect();
        assert_eq!(names, ["系统设置", "角色权限"]);
        let functions = session.functions("711aad8daf654bcdb3a126d70191c15c").await.unwrap();
        let permits: Vec<_> = functions.iter().map(|function| (function.name.as_str(), function.permit)).collect();
        assert_eq!(permits, [("刷新", Some(true)), ("新增租户", Some(true))]);

        let token = session.token().await.unwrap();
        session.logout().await.unwrap();
        assert_eq!(checker(&server).check(token.expose()).await.unwrap(), TokenStatus::Invalid);
        assert_eq!(counts(&server).await, (1, 1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn configs_and_their_changes_on_every_database() {
    for backend in backends() {
        let server = Fixture::demo_on(backend, |_| {}).await;
        let session = session(&server);
        let mut ids = Vec::new();
        for number in 0..5 {
            let config = NewConfig::new(format!("Config {number}"), "GET", format!("/100%/{number}"));
            ids.push(session.create_config(&config.auth_code("right").gap(1)).await.unwrap().into_inner());
        }
        let taken = session.create_config(&NewConfig::new("other", "GET", "/100%/0")).await.unwrap_err();
        assert_eq!(taken.code(), Some(ErrorCode::ConfigExists));
        let listed = session.configs().keyword("/100%/").size(2);
        let pages: Vec<_> = listed.clone().pages().try_collect().await.unwrap();
        assert_eq!(
            pages.iter().map(|page| (page.list.len(), page.total)).collect::<Vec<_>>(),
            [(2, 5), (2, 5), (1, 5)]
        );
        let items: Vec<ConfigSummary> = listed.items().try_collect().await.unwrap();
        let mut newest_first: Vec<&str> = items.iter().map(|config| config.id.as_str()).collect();
        newest_first.reverse();
        assert_eq!(newest_first, ids);

        let mut update = ConfigUpdate::from(session.config(&ids[0]).await.unwrap().into_inner());
        assert_eq!((update.auth_code.as_deref(), update.limit_gap, update.verify), (Some("right"), Some(1), true));
        update.limit_gap = Some(7);
        session.update_config(&update).await.unwrap();
        assert_eq!(session.config(&ids[0]).await.unwrap().limit_gap, Some(7));
        session.delete_config(&ids[0]).await.unwrap();
        let gone = session.config(&ids[0]).await.unwrap_err();
        assert_eq!(gone.code(), Some(ErrorCode::NothingRead));
        session.load_configs().await.unwrap();

        let logs: Vec<ConfigLog> = session.config_logs().keyword(&*ids[0]).size(1).items().try_collect().await.unwrap();
        let types: Vec<&str> = logs.iter().map(|log| log.type_.as_str()).collect();
        assert_eq!(types, ["DELETE", "UPDATE", "INSERT"]);
        let log = session.config_log(&logs[1].id).await.unwrap().into_inner();
        let Some(ConfigLogContent::Change(change)) = log.content else { panic!("no change: {log:?}") };
        assert_eq!((change.before.limit_gap, change.after.limit_gap), (Some(1), Some(7)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_tasks_share_one_login_and_one_renewal_each_time() {
    let server = Fixture::demo().await;
    let session = session(&server);
    check_at_once(&session, 50).await;
    assert_eq!(counts(&server).await, (1, 1, 0));
    for round in 1..=3 {
        server.clock.advance(TOKEN_LIFE);
        check_at_once(&session, 50).await;
        assert_eq!(counts(&server).await, (1, 1, round));
    }
    session.logout().await.unwrap();
    // The next operation logs in again, which a device may do at a distance.
    server.clock.advance(GAP);
    check_at_once(&session, 50).await;
    assert_eq!(counts(&server).await, (2, 2, 3));
}

#[tokio::test]
async fn a_refresh_token_that_is_used_up_takes_a_new_login() {
    let server = Fixture::demo().await;
    let session = session(&server);
    session.token().await.unwrap();
    server.clock.advance(REFRESH_LIFE);
    let alone = nobody(&server, "second").tokens(session.tokens().unwrap()).build().unwrap();
    assert_eq!(alone.check().await.unwrap_err().code(), Some(ErrorCode::InvalidToken));
    session.check().await.unwrap();
    assert_eq!(counts(&server).await, (2, 2, 2));
}

#[tokio::test]
async fn after_twelve_renewals_comes_a_new_login() {
    let server = Fixture::demo().await;
    let week = i64::try_from(REFRESH_LIFE.as_millis()).unwrap() * 7;
    server.change_app(APP, &json!({ "refresh_life": week })).await;
    let session = session(&server);
    session.token().await.unwrap();
    for _ in 0..12 {
        server.clock.advance(TOKEN_LIFE);
        session.check().await.unwrap();
    }
    assert_eq!(counts(&server).await, (1, 1, 12));
    server.clock.advance(TOKEN_LIFE);
    session.check().await.unwrap();
    assert_eq!(counts(&server).await, (2, 2, 13));
}

#[tokio::test]
async fn saved_tokens_go_on_and_two_sessions_of_them_take_turns() {
    let server = Fixture::demo().await;
    let first = session(&server);
    first.token().await.unwrap();
    let second = nobody(&server, "second").tokens(first.tokens().unwrap()).build().unwrap();
    second.check().await.unwrap();
    assert_eq!(counts(&server).await, (1, 1, 0));
    server.clock.advance(TOKEN_LIFE);
    second.check().await.unwrap();
    // The first one's token has ended with that; the refresh token has not.
    first.check().await.unwrap();
    server.clock.advance(GAP);
    second.check().await.unwrap();
    assert_eq!(counts(&server).await, (1, 1, 3));
    assert_eq!(first.tokens().unwrap().refresh_token, second.tokens().unwrap().refresh_token);
    second.logout().await.unwrap();
    assert!(checker(&server).check(first.token().await.unwrap().expose()).await.unwrap() == TokenStatus::Invalid);
}

#[tokio::test]
async fn an_exclusive_application_ends_the_session_of_the_other_device() {
    let server = Fixture::demo().await;
    server.make_exclusive(APP).await;
    let (first, second) = (session(&server), admin(&server, "second").build().unwrap());
    let token = first.token().await.unwrap();
    second.check().await.unwrap();
    for _ in 0..2 {
        assert_eq!(first.check().await.unwrap_err().code(), Some(ErrorCode::LoggedInElsewhere));
    }
    assert_eq!(checker(&server).check(token.expose()).await.unwrap(), TokenStatus::LoggedInElsewhere);
    first.logout().await.unwrap();
    second.check().await.unwrap();
    assert_eq!(counts(&server).await, (2, 2, 0));
}

#[tokio::test]
async fn a_service_can_tell_tokens_apart() {
    let server = Fixture::demo().await;
    let session = session(&server);
    let (token, checker) = (session.token().await.unwrap(), checker(&server));
    let status = checker.check(token.expose()).await.unwrap();
    assert_eq!(status.user_id(), Some("00000000000000000000000000000000"));
    let tokens = session.tokens().unwrap();
    assert_eq!(checker.check(&tokens.refresh_token).await.unwrap(), TokenStatus::Invalid);
    assert_eq!(checker.check("forged").await.unwrap(), TokenStatus::Invalid);
    server.clock.advance(TOKEN_LIFE);
    assert_eq!(checker.check(token.expose()).await.unwrap(), TokenStatus::Expired);
}

#[tokio::test]
async fn a_device_that_logs_in_too_soon_is_told_and_may_wait() {
    let server = Fixture::demo().await;
    session(&server).token().await.unwrap();
    let impatient = admin(&server, "first").retry(RetryPolicy::none()).build().unwrap();
    assert_eq!(impatient.token().await.unwrap_err().code(), Some(ErrorCode::TooManyRequests));
    server.clock.advance(GAP);
    impatient.check().await.unwrap();
    assert_eq!(counts(&server).await, (3, 2, 0));
}

#[tokio::test]
async fn a_wechat_account_is_bound_and_then_logs_in() {
    const MOBILE: &str = "13800138000";
    let server = Fixture::demo().await;
    server.wechat.grant("first", UNION_ID);
    server.wechat.grant("second", UNION_ID);
    let sign_in = nobody(&server, "phone").sign_in().unwrap();
    let WechatLogin::Unbound(account) = sign_in.with_wechat_code(APP_ID, "first").await.unwrap() else {
        panic!("nobody has this account yet")
    };
    assert_eq!((account.unionid.as_str(), account.nickname.as_str()), (UNION_ID, "达明"));
    let wrong = sign_in.bind_wechat(APP_ID, &account.unionid, MOBILE, "none", false).await.unwrap_err();
    assert_eq!(wrong.code(), Some(ErrorCode::WrongCode));
    let mobile = Handle::phone(MOBILE).unwrap();
    let code = server.core.sms.send_code(&mobile, Language::Chinese).await.unwrap();
    server.clock.advance(GAP);
    let bound = sign_in.bind_wechat(APP_ID, &account.unionid, MOBILE, code.expose().as_str(), false).await.unwrap();
    assert_eq!(bound.user().unwrap().name, "达明");
    server.clock.advance(GAP);
    let WechatLogin::Session(session) = sign_in.with_wechat_code(APP_ID, "second").await.unwrap() else {
        panic!("the account is bound")
    };
    server.clock.advance(TOKEN_LIFE);
    session.check().await.unwrap();
    assert_eq!(session.user().unwrap().id, bound.user().unwrap().id);
}

#[tokio::test]
async fn refusals_have_typed_codes_in_both_languages() {
    let server = Fixture::demo().await;
    for (language, wrong, forbidden, nothing) in [
        ("en", "wrong account or password", "not authorized", "the ID does not exist, nothing was read"),
        ("zh-CN", "账号或密码错误", "未授权", "ID不存在,未读取数据"),
    ] {
        let told = |error: Error| match error {
            Error::Api { code, message, trace_id: Some(_), status: 200, .. } => (code, message),
            other => panic!("no refusal: {other:?}"),
        };
        let device = |name: &str| admin(&server, &format!("{name} {language}")).language(language);
        let refused = device("a").password("hunter2").build().unwrap().token().await.unwrap_err();
        assert_eq!(told(refused), (ErrorCode::WrongPassword, wrong.to_owned()));
        let refused = device("b").tenant_id("none").build().unwrap().token().await.unwrap_err();
        assert_eq!(told(refused), (ErrorCode::Forbidden, forbidden.to_owned()));
        let session = device("c").build().unwrap();
        let refused = session.functions("none").await.unwrap_err();
        assert_eq!(told(refused), (ErrorCode::NothingRead, nothing.to_owned()));
    }
}
