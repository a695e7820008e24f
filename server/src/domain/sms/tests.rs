//! What a message looks like in the outbox. How it reaches a provider is tested against one, in the journeys.

use super::*;
use crate::domain::clock::Timestamp;

fn sms(directory: PathBuf) -> Sms {
    let (clock, _time) = Clock::manual(Timestamp::from_millis(1_795_474_800_500));
    Sms::new(Transport::Outbox(directory), clock, Random::seeded(1))
}

fn mobile() -> Handle {
    Handle::phone("13800138000").unwrap()
}

#[tokio::test]
async fn a_message_is_written_as_a_provider_would_get_it() {
    for (language, expected) in [
        (
            Language::English,
            r#""text":"Your code is CODE. It is good for 5 minutes. Tell it to nobody.","language":"en"}"#,
        ),
        (Language::Chinese, r#""text":"您的验证码是CODE，5分钟内有效，请勿告知他人。","language":"zh"}"#),
    ] {
        let data = tempfile::tempdir().unwrap();
        let code = sms(data.path().to_owned()).send_code(&mobile(), language).await.unwrap();
        let files: Vec<_> = std::fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [path] = files.as_slice() else { panic!("{files:?}") };
        assert!(path.to_str().unwrap().ends_with(".sms.json"));
        let expected = format!(r#"{{"mobile":"13800138000","code":"CODE",{expected}"#).replace("CODE", code.expose());
        assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
    }
}

#[tokio::test]
async fn a_code_that_could_not_be_written_is_none() {
    let data = tempfile::tempdir().unwrap();
    let taken = data.path().join("outbox");
    std::fs::write(&taken, "a file").unwrap();
    let sms = sms(taken.clone());
    assert!(matches!(sms.send_code(&mobile(), Language::English).await, Err(Error::Internal(_))));
    assert!(sms.pending(&mobile()).is_none());
    std::fs::remove_file(taken).unwrap();
    sms.send_code(&mobile(), Language::English).await.expect("at once");
}

#[test]
fn a_hint_shows_two_digits() {
    assert_eq!(hint("13800138042"), "***42");
    assert_eq!(hint("+12345"), "***45");
}
