//! SMS from the server to a provider's webhook: tries, refusals, and what is never told.

use std::time::Duration;

use contract_tests::{
    fixture::{Fixture, START},
    logs::Logs,
    must,
    provider::{Answer, PATH, Provider, Try},
};
use gatehouse_server::domain::{
    Error,
    clock::Clock,
    mail::Language,
    random::Random,
    secret::Secret,
    sms::{Pace, Sms, Transport, Webhook},
    user::Handle,
};
use serde_json::json;

/// So long that no test comes to its end.
const LONG: Duration = Duration::from_secs(3600);

const NUMBER: &str = "13800138042";

fn mobile() -> Handle {
    Handle::phone(NUMBER).unwrap()
}

/// Pauses that take no time to speak of.
fn quick() -> Pace {
    Pace { pause: Duration::from_millis(1), growth: 1, ..Pace::default() }
}

fn sms_by(url: String, timeout: Duration, pace: Pace) -> Sms {
    let (clock, _time) = Clock::manual(START);
    let webhook = Webhook::new(Secret::new(url), timeout).with_pace(pace);
    Sms::new(Transport::Webhook(webhook), clock, Random::seeded(1))
}

fn sms_to(provider: &Provider) -> Sms {
    sms_by(provider.url(), LONG, quick())
}

async fn send(sms: &Sms) -> String {
    sms.send_code(&mobile(), Language::Chinese).await.unwrap().expose().clone()
}

/// The end of every message that was sent by `sms`.
async fn settled(sms: &Sms) {
    must("the end of the tries", sms.drain(LONG)).await;
}

/// Nothing of a message or of the provider's address is in the log.
fn tells_nothing(said: &str, code: &str) {
    for secret in [NUMBER, code, "provider-secret", "/send"] {
        assert!(!said.contains(secret), "{secret} is in\n{said}");
    }
}

#[tokio::test]
async fn a_provider_gets_number_code_text_and_language() {
    let provider = Provider::start(&[]).await;
    let logs = Logs::capture();
    let sms = sms_to(&provider);
    let code = send(&sms).await;
    settled(&sms).await;
    let tries = provider.tries_so_far();
    let [Try { uri, id, json }] = tries.as_slice() else { panic!("{tries:?}") };
    assert_eq!(uri, PATH);
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let text = format!("您的验证码是{code}，5分钟内有效，请勿告知他人。");
    assert_eq!(*json, json!({ "mobile": NUMBER, "code": code, "text": text, "language": "zh" }));
    let said = logs.text();
    assert!(said.contains("SMS was handed to the provider") && said.contains("***42"), "{said}");
    tells_nothing(&said, &code);
}

#[tokio::test]
async fn what_may_pass_is_tried_again_with_the_same_message() {
    let answers = [503, 429, 500, 408].map(Answer::Status);
    let provider = Provider::start(&answers).await;
    let logs = Logs::capture();
    let sms = sms_to(&provider);
    let code = send(&sms).await;
    settled(&sms).await;
    let tries = provider.tries_so_far();
    assert_eq!(tries.len(), 5);
    assert!(tries.iter().all(|one| *one == tries[0]), "{tries:?}");
    let said = logs.text();
    assert!(said.contains("SMS will be tried again") && said.contains("it answered 503"), "{said}");
    tells_nothing(&said, &code);
}

#[tokio::test]
async fn a_refusal_or_a_redirection_is_not_tried_again() {
    for answer in [Answer::Status(400), Answer::Status(401), Answer::Redirect] {
        let provider = Provider::start(&[answer]).await;
        let logs = Logs::capture();
        let sms = sms_to(&provider);
        let code = send(&sms).await;
        settled(&sms).await;
        assert_eq!(provider.tries_so_far().len(), 1, "{answer:?}");
        let said = logs.text();
        assert!(said.contains("SMS was given up"), "{said}");
        tells_nothing(&said, &code);
    }
}

#[tokio::test]
async fn of_a_long_answer_nothing_is_read() {
    let provider = Provider::start(&[Answer::Huge]).await;
    let sms = sms_to(&provider);
    send(&sms).await;
    settled(&sms).await;
    assert_eq!(provider.tries_so_far().len(), 1);
}

#[tokio::test]
async fn a_silent_provider_costs_its_time_and_then_a_try() {
    let provider = Provider::start(&[Answer::Stall]).await;
    let logs = Logs::capture();
    // Time enough for a provider that answers, many times over, since four of its tries may fail.
    let sms = sms_by(provider.url(), Duration::from_millis(500), quick());
    let code = send(&sms).await;
    assert_eq!(provider.tries(2).await.len(), 2);
    settled(&sms).await;
    let said = logs.text();
    assert!(said.contains("no answer"), "{said}");
    tells_nothing(&said, &code);
}

#[tokio::test]
async fn nobody_at_the_other_end_is_told_without_the_address() {
    let logs = Logs::capture();
    // Port 1 of loopback: nobody listens there.
    let sms = sms_by(format!("http://127.0.0.1:1{PATH}"), LONG, quick());
    let code = send(&sms).await;
    settled(&sms).await;
    let said = logs.text();
    assert!(said.contains("SMS was given up") && said.contains("tried=5"), "{said}");
    tells_nothing(&said, &code);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_leaves_no_code() {
    let provider = Provider::start(&[Answer::Stall, Answer::Stall]).await;
    let sms = sms_by(provider.url(), LONG, Pace { capacity: 1, ..quick() });
    send(&sms).await;
    let other = Handle::phone("13900139000").unwrap();
    for _ in 0..2 {
        let refusal = sms.send_code(&other, Language::English).await.unwrap_err();
        assert!(matches!(refusal, Error::Unavailable(_)), "{refusal:?}");
        assert!(sms.pending(&other).is_none());
    }
}

#[tokio::test]
async fn the_server_sends_by_its_settings_and_sees_messages_off() {
    let provider = Provider::start(&[]).await;
    let mut gatehouse = Fixture::with(|config| {
        config.sms.webhook_url = Some(Secret::new(provider.url()));
        config.limits.shutdown_grace = 3600;
    })
    .await;
    let code = gatehouse.core.sms.send_code(&mobile(), Language::English).await.unwrap();
    gatehouse.stop().await;
    let tries = provider.tries_so_far();
    assert_eq!((tries.len(), tries[0].json["code"].as_str()), (1, Some(code.expose().as_str())));
    assert_eq!(tries[0].json["language"], "en");
}
