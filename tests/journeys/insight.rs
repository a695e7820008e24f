//! What the document of `insight_auth` prints, sent by curl as it is printed, with live Codes and tokens: against the demo on
//! one port, and on the port that the document names. WeChat is one of our own, on loopback.

use std::path::Path;

use contract_tests::{
    optional::is_there,
    wechat::{UNION_ID, Wechat},
};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::program::Installation;

const APP: &str = "9dd99dd9e6df467a8207d05ea5581125";
const TENANT: &str = "2564cd559cd340f0b81409723fd8632a";

/// A call of curl with the headers that the document prints.
async fn call(base: &str, method: &str, path: &str, token: &str, body: Option<Value>) -> Value {
    call_as("curl", base, method, path, token, body).await
}

/// The same from another device.
async fn call_as(agent: &str, base: &str, method: &str, path: &str, token: &str, body: Option<Value>) -> Value {
    let mut line = format!(
        "curl --silent -A {agent} -X {method} \"{base}/base/auth/v1.0/{path}\" -H 'Accept: application/json' \\\n \
         -H 'Accept-Encoding: gzip, identity' \\\n -H 'Content-Type: application/json'"
    );
    if !token.is_empty() {
        line += &format!(" \\\n -H 'Authorization: {token}'");
    }
    if let Some(body) = body {
        line += &format!(" \\\n -d '{body}'");
    }
    let output = Command::new("sh").args(["-c", &line]).env("NO_PROXY", "*").kill_on_drop(true).output().await.unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// The data of a call that succeeds, and its option.
async fn told(base: &str, method: &str, path: &str, token: &str, body: Option<Value>) -> (Value, Value) {
    let reply = call(base, method, path, token, body).await;
    let head = (&reply["success"], &reply["code"], &reply["message"]);
    assert_eq!(head, (&json!(true), &json!(200), &json!("请求成功")), "{method} {path}: {reply}");
    let keys: Vec<_> = reply.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["success", "code", "message", "data", "option"]);
    (reply["data"].clone(), reply["option"].clone())
}

fn md5(text: String) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

/// The calls about tokens, up to a pair of them that is good.
async fn log_in(base: &str) -> (String, String) {
    let (code, option) = told(base, "GET", "tokens/codes?account=admin", "", None).await;
    assert_eq!(option, Value::Null);
    let digest = md5("123456".to_owned());
    let signature = md5(format!("{}{}", md5(format!("admin{digest}")), code.as_str().expect("a Code")));
    let login = json!({ "account": "admin", "signature": signature, "appId": APP, "tenantId": TENANT });
    let (bundle, _) = told(base, "POST", "tokens", "", Some(login)).await;
    let keys: Vec<_> = bundle.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["accessToken", "refreshToken", "expire", "failure", "userInfo"]);
    assert_eq!((&bundle["expire"], &bundle["failure"]), (&json!(7_200_000), &json!(86_400_000)));
    let mut user = bundle["userInfo"].clone();
    let created = user["createdTime"].take();
    assert_eq!(created.as_str().map(str::len), Some(19), "{created}");
    assert_eq!(
        user,
        json!({
            "id": "00000000000000000000000000000000", "tenantId": TENANT, "name": "系统管理员", "account": "admin",
            "mobile": null, "email": null, "headImg": "http://image.insight.com/cloudfile/headimgs/default.png",
            "builtin": true, "createdTime": null,
        })
    );
    let text = |name: &str| bundle[name].as_str().expect("a token").to_owned();
    (text("accessToken"), text("refreshToken"))
}

/// The calls about menus, which show what the document shows.
async fn menus(base: &str, token: &str) {
    let (navigators, option) = told(base, "GET", "navigators", token, None).await;
    assert_eq!(
        (navigators, option),
        (
            json!([
                {
                    "id": "5e4a994ccd2611e9bbd40242ac110008", "parentId": null, "type": 1, "index": 2, "name": "系统设置",
                    "moduleInfo": { "iconUrl": "icons/system.png", "module": null, "file": null, "autoLoad": null },
                    "functions": null,
                },
                {
                    "id": "717895ca14de11ea9ae00242ac110005", "parentId": "5e4a994ccd2611e9bbd40242ac110008", "type": 2,
                    "index": 1, "name": "角色权限",
                    "moduleInfo": {
                        "iconUrl": "icons/role.png", "module": "Roles", "file": "System.dll", "autoLoad": false,
                    },
                    "functions": null,
                },
            ]),
            Value::Null
        )
    );
    let path = "navigators/711aad8daf654bcdb3a126d70191c15c/functions";
    let (functions, _) = told(base, "GET", path, token, None).await;
    let function = |id: &str, index: i32, name: &str, codes: &str, method: &str, hide: bool| {
        json!({
            "id": id, "navId": "711aad8daf654bcdb3a126d70191c15c", "type": 0, "index": index, "name": name,
            "authCodes": codes,
            "funcInfo": {
                "method": method, "iconUrl": format!("icons/{method}.png"), "beginGroup": true, "hideText": hide,
            },
            "permit": true,
        })
    };
    assert_eq!(
        functions,
        json!([
            function("8ce53af6306111eaa03a0242ac110004", 1, "刷新", "getTenant", "refresh", true),
            function("8ce53d39306111eaa03a0242ac110004", 2, "新增租户", "newTenant", "new", false),
        ])
    );
}

/// The calls about interface configs, in the order in which they are printed.
async fn configs(base: &str, token: &str) {
    let (listed, total) = told(base, "GET", "configs?keyword=users", token, None).await;
    let sample = json!({
        "id": "d7c405a9ce1d49dbab17f3d7a3e0fabf", "name": "获取用户列表", "method": "GET", "url": "/base/user/v1.0/users",
        "authCode": null, "verify": true, "limit": true,
    });
    assert_eq!((listed, total), (json!([sample]), json!(1)));

    let (mut detail, _) = told(base, "GET", "configs/c0592bb8dc3a11e9bc200242ac110004", token, None).await;
    assert_eq!(detail["createdTime"].take().as_str().map(str::len), Some(19));
    assert_eq!(
        detail,
        json!({
            "id": "c0592bb8dc3a11e9bc200242ac110004", "name": "验证短信验证码", "method": "GET",
            "url": "/base/message/sms/v1.0/messages/codes/{key}/status", "authCode": null, "limitGap": 1,
            "limitCycle": null, "limitMax": null, "message": null, "remark": null, "createdTime": null,
            "verify": false, "limit": true,
        })
    );

    let new = json!({
        "name": "获取用户列表", "method": "GET", "url": "/base/user/v1.0/users", "authCode": null, "limitGap": 1,
        "limitCycle": null, "limitMax": null, "message": null, "remark": null, "verify": true, "limit": true,
    });
    // As it is printed it is the sample that the demo has already; another path is a new one.
    let taken = call(base, "POST", "configs", token, Some(new.clone())).await;
    assert_eq!((&taken["code"], &taken["success"]), (&json!(400), &json!(false)), "{taken}");
    let mut other = new.clone();
    other["url"] = json!("/base/user/v1.0/users/others");
    let (id, _) = told(base, "POST", "configs", token, Some(other)).await;
    assert_eq!(id.as_str().map(str::len), Some(32), "{id}");

    let mut edited = new;
    edited["id"] = json!("d7c405a9ce1d49dbab17f3d7a3e0fabf");
    edited["authCode"] = json!("getUser");
    let (nothing, _) = told(base, "PUT", "configs", token, Some(edited)).await;
    assert_eq!(nothing, Value::Null);
    let (nothing, _) = told(base, "DELETE", "configs", token, Some(json!("7179f5e4c7f84879bdfb70de0999b067"))).await;
    assert_eq!(nothing, Value::Null);

    let (logs, total) = told(base, "GET", "configs/logs?keyword=UPDATE", token, None).await;
    assert_eq!(total, json!(logs.as_array().expect("a list").len()));
    let log = &logs[0];
    assert_eq!((&log["type"], &log["business"]), (&json!("UPDATE"), &json!("接口配置管理")), "{log}");
    assert_eq!((&log["creator"], &log["content"]), (&json!("系统管理员"), &Value::Null), "{log}");
    let path = format!("configs/logs/{}", log["id"].as_str().expect("an id"));
    let (detail, _) = told(base, "GET", &path, token, None).await;
    assert_eq!(detail["content"]["after"]["authCode"], "getUser", "{detail}");
    assert_eq!(detail["content"]["before"]["authCode"], Value::Null, "{detail}");
    let (nothing, _) = told(base, "GET", "configs/load", token, None).await;
    assert_eq!(nothing, Value::Null);
}

/// Every printed call at this address.
async fn every_call(base: &str) {
    let (access, refresh) = log_in(base).await;
    assert_eq!(told(base, "GET", "tokens/status", &access, None).await, (Value::Null, Value::Null));
    menus(base, &access).await;
    configs(base, &access).await;
    let (renewed, _) = told(base, "PUT", "tokens", &refresh, None).await;
    assert_eq!(call(base, "GET", "tokens/status", &access, None).await["code"], 421);
    let token = renewed["accessToken"].as_str().expect("a token");
    assert_eq!(told(base, "DELETE", "tokens", token, None).await, (Value::Null, Value::Null));
    assert_eq!(call(base, "GET", "tokens/status", token, None).await["code"], 421);
}

/// The calls about WeChat at this address: somebody arrives, is bound to the user of a number, and arrives again.
async fn wechat(base: &str, outbox: &Path, wechat: &Wechat) {
    let code = "6IjQwNGEyNTdiYzM1YTQ1NDBhZWQw";
    let arrival = json!({ "code": code, "weChatAppId": "6821a080527d775101b624d632899fee", "appId": APP });
    wechat.grant(code, UNION_ID);
    let (person, option) = told(base, "POST", "tokens/withWechatCode", "", Some(arrival.clone())).await;
    assert_eq!((&person["unionid"], &person["nickname"]), (&json!(UNION_ID), &json!("达明")), "{person}");
    assert_eq!(option, json!(false));

    // The UnionID alone, as it is printed, lets nobody in; it takes the code that is sent to the number.
    let mut binding = json!({ "unionId": UNION_ID, "weChatAppId": "6821a080527d775101b624d632899fee", "appId": APP });
    let refused = call_as("alone", base, "POST", "tokens/withWechatUnionId", "", Some(binding.clone())).await;
    assert_eq!(refused["code"], 430, "{refused}");
    let sent = call_as("phone", base, "GET", "tokens/codes?account=13800138000&type=1", "", None).await;
    assert_eq!(sent["code"], 200, "{sent}");
    let note = std::fs::read_dir(outbox).expect("an outbox").map(|entry| entry.expect("an entry").path());
    let note = note.filter(|path| path.extension().is_some_and(|kind| kind == "json")).max().expect("a message");
    let note: Value = serde_json::from_slice(&std::fs::read(note).expect("a message")).expect("JSON");
    binding["mobile"] = note["mobile"].clone();
    binding["code"] = note["code"].clone();
    let (bundle, _) = told(base, "POST", "tokens/withWechatUnionId", "", Some(binding)).await;
    assert_eq!(bundle["userInfo"]["mobile"], "13800138000", "{bundle}");

    wechat.grant(code, UNION_ID);
    let again = call_as("again", base, "POST", "tokens/withWechatCode", "", Some(arrival)).await;
    assert_eq!((&again["code"], &again["option"]), (&json!(200), &Value::Null), "{again}");
    assert_eq!(again["data"]["userInfo"]["id"], bundle["userInfo"]["id"]);
}

async fn curl_is_there() -> bool {
    is_there("curl", Command::new("curl").arg("--version").output().await.is_ok())
}

#[tokio::test]
async fn the_printed_calls_work_on_one_port() {
    if curl_is_there().await {
        let ours = Wechat::start().await;
        let installation = Installation::new().setting("GATEHOUSE_WECHAT__BASE_URL", ours.url());
        let server = installation.serve(&["--demo"]).await;
        every_call(&server.base_url()).await;
        wechat(&server.base_url(), &installation.directory().join("data/outbox"), &ours).await;
        server.stop().await;
    }
}

/// All of 127/8 is loopback on Linux, so that the port is free on an address that nobody else uses.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_printed_calls_work_on_the_documented_port() {
    if curl_is_there().await {
        let ours = Wechat::start().await;
        let installation = Installation::new()
            .setting("GATEHOUSE_DOCUMENTED_PORTS", "true")
            .setting("GATEHOUSE_WECHAT__BASE_URL", ours.url());
        let server = installation.serve_at("127.77.31.13:0", &["--demo"]).await;
        every_call("http://127.77.31.13:6200").await;
        wechat("http://127.77.31.13:6200", &installation.directory().join("data/outbox"), &ours).await;
        server.stop().await;
    }
}
