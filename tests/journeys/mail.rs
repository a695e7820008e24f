//! Mail from the server to a mail server: encryption, logins, tries, and what it leaves alone meanwhile.

use std::{io, time::Duration};

use contract_tests::{
    fixture::{Fixture, START},
    logs::Logs,
    must,
    smtp::{Fault, PASSWORD, Received, Rules, SmtpServer, Tls, USER},
    wire::Request,
};
use gatehouse_server::{
    config::Config,
    domain::{
        Error,
        clock::Clock,
        mail::{Language, Mail, Message, Pace, Relay, Sender, Smtp, Transport},
        random::Random,
        secret::Secret,
    },
};

const FROM: &str = "Gatehouse <no-reply@gate.test>";

/// So long that no test comes to its end.
const LONG: Duration = Duration::from_secs(3600);

/// Pauses that take no time to speak of.
fn quick() -> Pace {
    Pace { pause: Duration::from_millis(1), growth: 1, ..Pace::default() }
}

/// A delivery to this server with this query in its URL.
fn delivery(server: &SmtpServer, query: &str, timeout: Duration) -> Smtp {
    let authority = std::fs::read(server.ca_file()).unwrap();
    Smtp::new(Relay::parse(&server.url(query)).unwrap(), Some(&authority), timeout).unwrap()
}

fn mail_by(smtp: Smtp) -> Mail {
    let (clock, _time) = Clock::manual(START);
    Mail::new(Transport::Smtp(smtp), Sender::parse(FROM).unwrap(), clock, Random::seeded(1))
}

/// Quick tries at this server, over TLS if it has any.
fn mail_to(server: &SmtpServer) -> Mail {
    mail_by(delivery(server, "", LONG).with_pace(quick()))
}

fn code(code: &str) -> Message {
    Message::registration_code("lucy@126.com", "lucy", code, 5, Language::English).unwrap()
}

/// The end of every message that was sent by `mail`.
async fn settled(mail: &Mail) {
    must("the end of the tries", mail.drain(LONG)).await;
}

/// The only message that the server has taken.
fn only(received: &[Received]) -> &Received {
    let [only] = received else { panic!("one message, but {received:?}") };
    only
}

/// The settings for this server.
fn settings(config: &mut Config, server: &SmtpServer) {
    config.smtp.url = Some(Secret::new(server.url("")));
    config.smtp.from = Some(FROM.to_owned());
    config.smtp.ca_file = Some(server.ca_file());
    config.smtp.timeout = 300;
}

#[tokio::test]
async fn every_way_of_encryption_and_login_delivers() {
    for (tls, query) in [
        (Tls::Starttls, ""),
        (Tls::Starttls, "?tls=required"),
        (Tls::Implicit, ""),
        (Tls::Never, ""),
        (Tls::Never, "?tls=none"),
    ] {
        for login in [None, Some("PLAIN"), Some("LOGIN")] {
            let server = SmtpServer::start(Rules { tls, login, ..Rules::default() }).await;
            let mail = mail_by(delivery(&server, query, LONG));
            mail.send(code("0421")).await.unwrap();
            let received = server.received(1).await;
            let message = only(&received);
            assert_eq!(
                (message.from.as_str(), message.to.as_slice()),
                ("no-reply@gate.test", ["lucy@126.com".into()].as_slice())
            );
            assert_eq!(message.code(), "0421");
            assert_eq!(message.header("Date"), Some("Fri, 02 Jan 2026 03:04:05 +0000"));
            assert_eq!(message.encrypted, tls != Tls::Never, "{tls:?}{query}");
            assert_eq!(message.user.as_deref(), login.map(|_| USER));
            if tls != Tls::Never {
                let plain = server.plaintext();
                assert!(!plain.contains("AUTH") && !plain.contains("MAIL"), "{plain}");
            }
        }
    }
}

#[tokio::test]
async fn a_chinese_message_arrives_as_it_was_written() {
    let server = SmtpServer::start(Rules::default()).await;
    let message = Message::registration_code("lucy@126.com", "露西", "0421", 5, Language::Chinese).unwrap();
    mail_to(&server).send(message).await.unwrap();
    let received = server.received(1).await;
    assert_eq!(only(&received).code(), "0421");
    assert!(only(&received).text().starts_with("露西，您好：\n"), "{}", only(&received).text());
}

#[tokio::test]
async fn an_untrusted_certificate_gets_no_mail() {
    let stranger = SmtpServer::start(Rules::default()).await;
    for tls in [Tls::Starttls, Tls::Implicit] {
        let server = SmtpServer::start(Rules { tls, login: Some("PLAIN"), ..Rules::default() }).await;
        let authority = std::fs::read(stranger.ca_file()).unwrap();
        let smtp = Smtp::new(Relay::parse(&server.url("")).unwrap(), Some(&authority), LONG).unwrap();
        let mail = mail_by(smtp.with_pace(quick()));
        mail.send(code("0421")).await.unwrap();
        settled(&mail).await;
        assert_eq!(server.connections_so_far(), 5);
        assert_eq!(server.received_so_far(), []);
        let plain = server.plaintext();
        assert!(!plain.contains("AUTH") && !plain.contains("MAIL"), "{plain}");
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_said_in_plain_text() {
    let server = SmtpServer::start(Rules { login: Some("PLAIN"), ..Rules::default() }).await;
    let mail = mail_by(delivery(&server, "?tls=required", LONG).with_pace(quick()));
    mail.send(code("0421")).await.unwrap();
    settled(&mail).await;
    assert_eq!(server.connections_so_far(), 5);
    assert_eq!(server.received_so_far(), []);
    let plain = server.plaintext();
    let verbs: Vec<_> = plain.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(verbs.contains(&"EHLO") && verbs.iter().all(|verb| matches!(*verb, "EHLO" | "QUIT")), "{plain}");
}

#[tokio::test]
async fn what_may_pass_is_tried_again_with_the_same_message() {
    let faults = vec![Fault::Greeting(421), Fault::Recipient(450), Fault::Message(451), Fault::DroppedMessage];
    let server = SmtpServer::start(Rules { faults, ..Rules::default() }).await;
    let logs = Logs::capture();
    mail_to(&server).send(code("0421")).await.unwrap();
    let received = server.received(1).await;
    assert_eq!((only(&received).code(), server.connections_so_far()), ("0421".to_owned(), 5));
    let ids = server.plaintext();
    let ids: Vec<_> = ids.lines().filter(|line| line.starts_with("Message-ID: ")).collect();
    assert!(ids.len() >= 2 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let said = logs.text();
    assert_eq!(said.matches("mail will be tried again").count(), 4, "{said}");
    for part in ["answered 421", "answered 450 (4.1.1)", "answered 451 (4.3.0)", "l***@126.com"] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert!(!said.contains("lucy@") && !said.contains("0421"), "{said}");
}

#[tokio::test]
async fn what_never_passes_is_given_up_after_the_last_try() {
    let server = SmtpServer::start(Rules { afterwards: Some(Fault::Recipient(450)), ..Rules::default() }).await;
    let logs = Logs::capture();
    let mail = mail_to(&server);
    mail.send(code("0421")).await.unwrap();
    settled(&mail).await;
    assert_eq!((server.connections_so_far(), server.received_so_far().len()), (5, 0));
    let said = logs.text();
    assert!(said.contains("mail was given up") && said.contains("tried=5"), "{said}");
}

#[tokio::test]
async fn a_refusal_for_good_is_not_tried_again() {
    for fault in [Fault::Greeting(554), Fault::Recipient(550), Fault::Message(552)] {
        let server = SmtpServer::start(Rules { afterwards: Some(fault), ..Rules::default() }).await;
        let logs = Logs::capture();
        let mail = mail_to(&server);
        mail.send(code("0421")).await.unwrap();
        settled(&mail).await;
        assert_eq!((server.connections_so_far(), server.received_so_far().len()), (1, 0), "{fault:?}");
        let said = logs.text();
        assert!(said.contains("mail was given up") && !said.contains("lucy@"), "{said}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_repeated() {
    let server = SmtpServer::start(Rules { tls: Tls::Implicit, login: Some("PLAIN"), ..Rules::default() }).await;
    let logs = Logs::capture();
    let url = format!("smtps://robot:hunter2@{}", server.url("").split('@').next_back().unwrap());
    let authority = std::fs::read(server.ca_file()).unwrap();
    let mail = mail_by(Smtp::new(Relay::parse(&url).unwrap(), Some(&authority), LONG).unwrap().with_pace(quick()));
    mail.send(code("0421")).await.unwrap();
    settled(&mail).await;
    assert_eq!((server.connections_so_far(), server.received_so_far().len()), (1, 0));
    let said = logs.text();
    assert!(said.contains("login: the relay answered 535 (5.7.8)"), "{said}");
    assert!(!said.contains("hunter2") && !said.contains(PASSWORD), "{said}");
}

#[tokio::test]
async fn a_silent_server_costs_its_time_and_then_a_try() {
    let server = SmtpServer::start(Rules { faults: vec![Fault::Silence], ..Rules::default() }).await;
    let logs = Logs::capture();
    // Time enough for a server that answers, many times over, since four of its tries may fail.
    let mail = mail_by(delivery(&server, "", Duration::from_millis(500)).with_pace(quick()));
    mail.send(code("0421")).await.unwrap();
    assert_eq!(only(&server.received(1).await).code(), "0421");
    assert!(logs.text().contains("connection: no answer within 500ms"), "{}", logs.text());
}

#[tokio::test]
async fn a_silent_server_holds_up_nobody() {
    let server = SmtpServer::start(Rules { afterwards: Some(Fault::Silence), ..Rules::default() }).await;
    let mut gatehouse = Fixture::with(|config| {
        settings(config, &server);
        config.limits.shutdown_grace = 0;
    })
    .await;
    for _ in 0..20 {
        must("the end of `send`", gatehouse.core.mail.send(code("0421"))).await.unwrap();
    }
    // Not more at once than the pace says, and all of them held.
    assert_eq!(server.connections(4).await, 4);
    let reply = gatehouse.send(Request::get("/go-api/external/service/ping")).await.reply;
    assert_eq!(reply.code(), 0);
    assert_eq!(server.connections_so_far(), 4);
    gatehouse.stop().await;
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let server = SmtpServer::start(Rules { afterwards: Some(Fault::Silence), ..Rules::default() }).await;
    let mail = mail_by(delivery(&server, "", LONG).with_pace(Pace { capacity: 2, ..quick() }));
    for _ in 0..2 {
        mail.send(code("0421")).await.unwrap();
    }
    let refusal = mail.send(code("0421")).await.unwrap_err();
    assert!(matches!(refusal, Error::Unavailable(_)), "{refusal:?}");
}

#[tokio::test]
async fn mail_taken_before_the_shutdown_still_goes_out() {
    let faults = vec![Fault::WaitAfterMessage, Fault::Recipient(450)];
    let server = SmtpServer::start(Rules { tls: Tls::Starttls, faults, ..Rules::default() }).await;
    let mut gatehouse = Fixture::with(|config| {
        settings(config, &server);
        config.limits.shutdown_grace = 3600;
    })
    .await;
    let mail = gatehouse.core.mail.clone();
    mail.send(code("1111")).await.unwrap();
    server.connections(1).await;
    mail.send(code("2222")).await.unwrap();
    server.connections(2).await;
    let (_, ()) = tokio::join!(gatehouse.stop(), async {
        // The second comes while the first still waits, and after its pause was cut short.
        let received = server.received(1).await;
        assert_eq!(only(&received).code(), "2222");
        let refusal = mail.send(code("3333")).await.unwrap_err();
        assert!(matches!(refusal, Error::Unavailable(_)), "{refusal:?}");
        server.go_on();
    });
    let codes: Vec<_> = server.received_so_far().iter().map(Received::code).collect();
    assert_eq!(codes, ["2222", "1111"]);
}

#[tokio::test]
async fn a_shutdown_without_time_says_what_is_lost() {
    let server = SmtpServer::start(Rules { afterwards: Some(Fault::Silence), ..Rules::default() }).await;
    let logs = Logs::capture();
    let mail = mail_to(&server);
    mail.send(code("0421")).await.unwrap();
    must("the end of the time", mail.drain(Duration::ZERO)).await;
    let said = logs.text();
    assert!(said.contains("mail was lost") && said.contains("messages=1"), "{said}");
}

#[tokio::test]
async fn a_text_cannot_become_a_command_or_another_header() {
    let server = SmtpServer::start(Rules::default()).await;
    let text = "first\n.\nMAIL FROM:<eve@example.com>\n.leading dot\r\n.\r\nQUIT\n";
    mail_to(&server).send(Message::new("lucy@126.com", "Bcc: eve@example.com", text).unwrap()).await.unwrap();
    let received = server.received(1).await;
    let message = only(&received);
    assert_eq!(message.text(), text.replace("\r\n", "\n"));
    assert_eq!((message.to.len(), message.header("Bcc")), (1, None));
    assert_eq!(message.header("Subject"), Some("Bcc: eve@example.com"));
    for (to, name) in
        [("lucy@126.com\r\nRCPT TO:<eve@example.com>", "lucy"), ("lucy@126.com", "lucy\r\n.\r\nMAIL FROM:<x@y.z>")]
    {
        let message = Message::registration_code(to, name, "0421", 5, Language::English);
        assert!(matches!(message, Err(Error::InvalidInput { .. })), "{message:?}");
    }
}

#[tokio::test]
async fn without_a_mail_server_the_file_is_there_at_once_and_the_log_says_where() -> io::Result<()> {
    let logs = Logs::capture();
    let data = tempfile::tempdir()?;
    let outbox = data.path().join("outbox");
    let mail =
        Mail::new(Transport::Outbox(outbox.clone()), Sender::parse(FROM).unwrap(), Clock::system(), Random::system());
    mail.send(code("0421")).await.unwrap();
    let files: Vec<_> =
        std::fs::read_dir(&outbox)?.map(|file| file.map(|file| file.path())).collect::<Result<_, _>>()?;
    let [file] = files.as_slice() else { panic!("one file, but {files:?}") };
    assert!(std::fs::read_to_string(file)?.lines().any(|line| line == "0421"));
    let said = logs.text();
    assert!(said.contains("mail was written to the outbox") && said.contains(&file.display().to_string()), "{said}");
    assert!(!said.contains("0421") && !said.contains("lucy@"), "{said}");
    Ok(())
}
