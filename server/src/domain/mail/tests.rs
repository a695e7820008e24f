//! What a message looks like. How it travels is tested against a relay, in the journeys.

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_795_474_800_500);

fn sender() -> Sender {
    Sender::parse("Gatehouse <no-reply@example.com>").unwrap()
}

fn mail(directory: PathBuf) -> Mail {
    let (clock, _time) = Clock::manual(NOW);
    Mail::new(Transport::Outbox(directory), sender(), clock, Random::seeded(1))
}

/// What one message leaves in the outbox.
async fn written(message: Message) -> String {
    let data = tempfile::tempdir().unwrap();
    mail(data.path().join("outbox")).send(message).await.unwrap();
    let mut files = std::fs::read_dir(data.path().join("outbox")).unwrap();
    let path = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none() && path.extension().unwrap() == "eml", "{}", path.display());
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn an_english_message_is_written_whole() {
    let message = Message::registration_code("lucy@126.com", "lucy", "0421", 5, Language::English).unwrap();
    let id = Random::seeded(1).hex(32);
    let expected = format!(
        "From: Gatehouse <no-reply@example.com>\r\n\
         To: lucy@126.com\r\n\
         Subject: Your registration code\r\n\
         Date: Mon, 23 Nov 2026 23:00:00 +0000\r\n\
         Message-ID: <{id}@example.com>\r\n\
         Auto-Submitted: auto-generated\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\
         \r\n\
         Hello lucy,\r\n\
         \r\n\
         your registration code is\r\n\
         \r\n\
         0421\r\n\
         \r\n\
         It is good for 5 minutes, and for one registration. If you did not ask for =\r\n\
         it, ignore this message.\r\n"
    );
    assert_eq!(written(message).await, expected);
}

#[tokio::test]
async fn a_chinese_message_is_ascii_and_shows_the_code() {
    let message = Message::registration_code("lucy@126.com", "露西", "0421", 5, Language::Chinese).unwrap();
    let written = written(message).await;
    assert!(written.is_ascii());
    assert!(written.lines().any(|line| line == "0421"), "{written}");
    assert!(written.contains("Subject: =?utf-8?b?"), "{written}");
    assert!(written.lines().all(|line| line.len() <= 78), "{written}");
}

#[tokio::test]
async fn names_and_texts_stay_where_they_belong() {
    let subject = "a subject: with =?utf-8?b?eA==?= and more, ".repeat(5);
    let message = Message::new("lucy@126.com", subject, "\r\n.\r\nMAIL FROM:<eve@example.com>\n\rBcc: x\r.\n").unwrap();
    let written = written(message).await;
    let (head, body) = written.split_once("\r\n\r\n").unwrap();
    let headers = head.split("\r\n").filter(|line| !line.starts_with(' '));
    let names: Vec<_> = headers.map(|line| line.split_once(": ").unwrap().0).collect();
    assert_eq!(
        names,
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding"
        ]
    );
    assert!(!body.replace("\r\n", "").contains(['\r', '\n']), "{body:?}");
}

#[tokio::test]
async fn an_outbox_that_cannot_be_written_is_a_fault() {
    let data = tempfile::tempdir().unwrap();
    let taken = data.path().join("outbox");
    std::fs::write(&taken, "a file").unwrap();
    let message = Message::new("lucy@126.com", "s", "t").unwrap();
    assert!(matches!(mail(taken).send(message).await, Err(Error::Internal(_))));
}

#[test]
fn a_sender_is_one_mailbox() {
    for good in
        ["no-reply@example.com", "Gatehouse <no-reply@localhost>", "\"Gate, house\" <a@example.com>", "门 <a@b.cn>"]
    {
        Sender::parse(good).expect(good);
    }
    for bad in ["", "Gatehouse", "a@b.com, c@d.com", "A\r\nBcc: x@y.z <a@b.com>", "a@b.com\n"] {
        assert!(Sender::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_clock_beyond_the_calendar_does_no_harm() {
    for moment in [i64::MIN, -1, 0, i64::MAX] {
        let header = lettre::message::header::Date::new(date(Timestamp::from_millis(moment)));
        assert!(!format!("{header:?}").is_empty());
    }
}
