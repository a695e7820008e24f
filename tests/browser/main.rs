//! Swagger UI in a headless browser.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test says what is wrong")]

mod webdriver;

use std::path::Path;

use contract_tests::{
    fixture::{DEMO_APP, DEMO_SECRET, Fixture},
    optional::is_there,
};
use gatehouse_api::{DOCUMENTS, runtime::Document};
use serde_json::Value;
use webdriver::{Browser, Programs};

#[tokio::test(flavor = "multi_thread")]
async fn swagger_ui_obtains_a_token_and_uses_it() {
    let programs = Programs::find();
    if !is_there("browser", programs.is_some()) {
        return;
    }
    let server = Fixture::start().await;
    let browser = Browser::start(&programs.unwrap()).await;
    // In a task of its own, so that the browser is closed even if something is not as it should be.
    let outcome = tokio::spawn(visit(browser.clone(), server.base_url())).await;
    browser.quit().await;
    outcome.unwrap();
}

async fn visit(browser: Browser, base_url: String) {
    browser.open(&format!("{base_url}/swagger-ui/")).await;
    offers_every_document(&browser).await;
    // The one with which the journey goes on comes last.
    let is_last = |document: &&&Document| document.dialect == "go_api";
    let others = DOCUMENTS.iter().filter(|document| !is_last(document));
    for document in others.chain(DOCUMENTS.iter().filter(is_last)) {
        browser.open(&format!("{base_url}/swagger-ui/?urls.primaryName={}", document.dialect)).await;
        lists_every_operation(&browser, document).await;
    }
    let token = obtains_a_token(&browser).await;
    authorizes(&browser, &token).await;
    lists_applications(&browser, &token).await;
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("swagger-ui.png");
    browser.screenshot(&file).await;
    println!("what the page looks like: {}", file.display());

    let (requests, complaints) = browser.requests_and_complaints().await;
    assert!(requests.iter().any(|url| url.contains("/go-api/external/service/auth/app")), "{requests:?}");
    // The browser's own pages, such as the empty one that it starts with, are inside of it.
    let inside = ["data:", "blob:", "chrome:", "about:"];
    let outward: Vec<_> = requests.iter().filter(|url| inside.iter().all(|scheme| !url.starts_with(scheme))).collect();
    assert!(outward.iter().all(|url| url.starts_with(&base_url)), "{outward:?}");
    assert_eq!(complaints, [] as [String; 0]);
}

/// The page offers every document.
async fn offers_every_document(browser: &Browser) {
    browser.find("#select option").await;
    let offered = browser.script("return [...document.querySelectorAll('#select option')].map(o => o.text)").await;
    let mut expected: Vec<_> = DOCUMENTS.iter().map(|document| document.dialect).collect();
    expected.push("ops");
    assert_eq!(offered, serde_json::json!(expected));
}

/// The page of a document shows its operations.
async fn lists_every_operation(browser: &Browser, document: &Document) {
    let json: Value = serde_json::from_str(document.json).unwrap();
    for facts in document.operations {
        let path = facts.path;
        let node = &json["paths"][path][facts.method.to_lowercase()];
        let tag = node["tags"][0].as_str().expect("a tag");
        let shown = browser.find(&format!("#operations-{tag}-{} .opblock-summary", facts.id)).await.text().await;
        assert!(shown.contains(facts.method) && shown.replace('\u{200b}', "").contains(path), "{shown}");
    }
}

/// What an operation of the page was answered with, when its button has been pressed.
async fn execute(browser: &Browser, operation: &str) -> Value {
    browser.find(&format!("{operation} .execute")).await.click().await;
    let reply = browser.find(&format!("{operation} .live-responses-table .response-col_description code")).await;
    let text = reply.text().await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn obtains_a_token(browser: &Browser) -> String {
    let operation = "#operations-auth-issueToken";
    browser.find(&format!("{operation} .opblock-summary-control")).await.click().await;
    for (field, value) in [("app_id", DEMO_APP), ("app_secret", DEMO_SECRET)] {
        browser.find(&format!("{operation} [data-property-name={field}] input")).await.fill(value).await;
    }
    let reply = execute(browser, operation).await;
    assert_eq!((&reply["code"], &reply["msg"]), (&Value::from(0), &Value::from("ok")));
    reply["data"]["token"].as_str().expect("a token").to_owned()
}

async fn authorizes(browser: &Browser, token: &str) {
    browser.find(".auth-wrapper .authorize").await.click().await;
    browser.find("#auth-bearer-value").await.fill(token).await;
    browser.find_xpath("//input[@id='auth-bearer-value']/ancestor::form//button[@type='submit']").await.click().await;
    browser.find(".modal-ux .btn-done").await.click().await;
    browser.find_xpath("//body[not(.//*[@class='modal-ux'])]").await;
}

async fn lists_applications(browser: &Browser, token: &str) {
    let operation = "#operations-auth-listApps";
    browser.find(&format!("{operation} .opblock-summary-control")).await.click().await;
    let reply = execute(browser, operation).await;
    assert_eq!(reply["code"], 0);
    assert_eq!(reply["data"]["pagination"]["total"], 0);
    let curl = browser.find(&format!("{operation} .curl-command code")).await.text().await;
    assert!(curl.contains(token), "{curl}");
}
