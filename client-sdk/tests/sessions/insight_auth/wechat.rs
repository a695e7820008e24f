//! Logins with WeChat.

use std::time::Duration;

use super::{counts, failure, nobody, serving, shown, success, tokens, too_soon};
use crate::server::{Answer, Asked, SECRET, Server};
use gatehouse_client::insight_auth::{ErrorCode, SignIn, WechatLogin};
use serde_json::json;
use tokio::time::{Instant, advance};

const WITH_CODE: &str = "/base/auth/v1.0/tokens/withWechatCode";
const WITH_UNION_ID: &str = "/base/auth/v1.0/tokens/withWechatUnionId";

fn sign_in(server: &Server) -> SignIn {
    nobody(server).app_id("app").tenant_id("tenant").sign_in().unwrap()
}

fn unbound() -> Answer {
    super::optioned(
        &json!({
            "unionid": "union", "openid": "open", "nickname": "达明", "sex": 1, "country": "中国", "province": "上海",
            "city": "上海", "headimgurl": "http://example.com/0", "language": "zh_CN",
        }),
        &json!(false),
    )
}

async fn wechat(other: impl Fn(&Asked, usize) -> Option<Answer> + Send + Sync + 'static) -> Server {
    serving(move |asked, before| {
        other(asked, before).or_else(|| match asked.path() {
            WITH_CODE => Some(unbound()),
            WITH_UNION_ID => Some(tokens("1", "1")),
            _ => None,
        })
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_bound_account_is_logged_in() {
    let server = wechat(|asked, _| (asked.path() == WITH_CODE).then(|| tokens("1", "1"))).await;
    let login = sign_in(&server).with_wechat_code("wechat", SECRET).await.unwrap();
    assert!(!format!("{login:?}").contains("hunter2"));
    let WechatLogin::Session(session) = login else { panic!("no session: {login:?}") };
    let expected = json!({ "appId": "app", "tenantId": "tenant", "weChatAppId": "wechat", "code": SECRET });
    assert_eq!(server.asked(WITH_CODE)[0].json(), expected);
    session.check().await.unwrap();
    advance(Duration::from_secs(7200)).await;
    session.check().await.unwrap();
    assert_eq!((shown(&server), counts(&server)), (vec!["a1".to_owned(), "a1.1".to_owned()], (0, 0, 1)));
}

#[tokio::test]
async fn an_unbound_account_is_bound_to_a_number() {
    let server = wechat(|_, _| None).await;
    let sign_in = sign_in(&server);
    let login = sign_in.with_wechat_code("wechat", "code").await.unwrap();
    let WechatLogin::Unbound(account) = login else { panic!("a session: {login:?}") };
    assert_eq!((account.nickname.as_str(), account.language.as_deref()), ("达明", Some("zh_CN")));
    for replace in [false, true] {
        let session = sign_in.bind_wechat("wechat", &account.unionid, "13800138000", "246810", replace).await.unwrap();
        session.check().await.unwrap();
    }
    let mut expected = json!({
        "appId": "app", "tenantId": "tenant", "weChatAppId": "wechat", "unionId": "union", "mobile": "13800138000",
        "code": "246810",
    });
    let asked: Vec<_> = server.asked(WITH_UNION_ID).iter().map(Asked::json).collect();
    assert_eq!(asked[0], expected);
    expected["isReplace"] = json!(true);
    assert_eq!(asked[1], expected);
}

#[tokio::test(start_paused = true)]
async fn a_code_is_not_spent_twice_but_the_gap_is_waited_for() {
    let server = wechat(|asked, before| (asked.path().contains("/with") && before == 0).then(too_soon)).await;
    let begin = Instant::now();
    sign_in(&server).with_wechat_code("wechat", "code").await.unwrap();
    sign_in(&server).bind_wechat("wechat", "union", "13800138000", "246810", false).await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 8);

    let server = wechat(|asked, _| asked.path().contains("/with").then_some(Answer::HangUp)).await;
    assert!(sign_in(&server).with_wechat_code("wechat", "code").await.unwrap_err().is_retryable());
    let bound = sign_in(&server).bind_wechat("wechat", "union", "13800138000", "246810", false).await;
    assert!(bound.unwrap_err().is_retryable());
    assert_eq!((server.asked(WITH_CODE).len(), server.asked(WITH_UNION_ID).len()), (1, 1));
}

#[tokio::test]
async fn refusals_are_typed() {
    let refusals = [
        (400, "用户已绑定其他微信号", ErrorCode::WechatBound),
        (423, "验证码错误", ErrorCode::WrongCode),
        (430, "invalid parameter", ErrorCode::InvalidParam),
        (413, "账户被禁止使用", ErrorCode::Banned),
    ];
    for (number, message, code) in refusals {
        let server =
            wechat(move |asked, _| asked.path().contains("/with").then(|| failure(200, number, message))).await;
        let sign_in = sign_in(&server);
        assert_eq!(sign_in.with_wechat_code("wechat", "code").await.unwrap_err().code(), Some(code));
        let bound = sign_in.bind_wechat("wechat", "union", "13800138000", "246810", false).await;
        assert_eq!(bound.unwrap_err().code(), Some(code));
    }
    let server = wechat(|asked, _| (asked.path() == WITH_CODE).then(|| success(&json!({ "unionid": 7 })))).await;
    assert!(sign_in(&server).with_wechat_code("wechat", "code").await.is_err());
}
