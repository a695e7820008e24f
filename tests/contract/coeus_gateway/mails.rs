//! The mail with the registration code: what is in it, and what neither replies nor logs tell.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use contract_tests::{
    fixture::{ADMIN, Fixture},
    logs::Logs,
};
use gatehouse_server::domain::user::{Handle, NewUser};

use super::{ADDRESS, LORY, add, auth_code_request, code, code_of, new_user, registration};

/// The one message in the outbox: its headers and its text.
fn only_mail(server: &Fixture) -> (String, String) {
    let outbox = server.outbox();
    assert_eq!(outbox.len(), 1, "{outbox:?}");
    let (headers, text) = outbox[0].split_once("\r\n\r\n").expect("headers and text");
    (headers.to_owned(), text.to_owned())
}

/// Quoted-printable of a text without ASCII characters.
fn quoted(text: &str) -> String {
    text.bytes().map(|byte| format!("={byte:02X}")).collect()
}

#[tokio::test]
async fn english_mail_has_the_code() {
    let server = Fixture::start().await;
    let code = code(&server, LORY, ADDRESS).await;
    assert!(code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    let (headers, text) = only_mail(&server);
    assert!(headers.contains("To: civet148@126.com"), "{headers}");
    assert!(headers.contains("Subject: Your registration code"), "{headers}");
    assert!(text.contains("Hello lory,") && text.contains("for 5 minutes"), "{text}");
    assert!(text.lines().any(|line| line == code), "{text}");
}

#[tokio::test]
async fn chinese_mail_has_the_code() {
    let server = Fixture::start().await;
    let request = auth_code_request(LORY, ADDRESS).header("Accept-Language", "zh-CN,zh;q=0.9,en;q=0.8");
    assert_eq!(code_of(&server.send(request).await.reply), 0);
    let (headers, text) = only_mail(&server);
    assert!(headers.contains(&STANDARD.encode("您的注册验证码")), "{headers}");
    assert!(text.contains(&quoted("您的注册验证码是")), "{text}");
    let code = server.mailed_code();
    assert!(code.len() == 4 && text.lines().any(|line| line == code), "{text}");
    assert_eq!(code_of(&server.send(registration(LORY, ADDRESS, &code)).await.reply), 0);
}

#[tokio::test]
async fn settings_decide_the_length_the_life_and_the_gap() {
    let server = Fixture::with(|config| {
        config.coeus_gateway.code_length = 8;
        config.coeus_gateway.code_ttl = 120;
        config.coeus_gateway.code_gap = 10;
    })
    .await;
    let code = code(&server, LORY, ADDRESS).await;
    assert_eq!(code.len(), 8, "{code}");
    assert!(only_mail(&server).1.contains("for 2 minutes"));
    server.clock.advance(std::time::Duration::from_secs(10));
    assert_eq!(code_of(&server.send(auth_code_request(LORY, ADDRESS)).await.reply), 0);
    let code = server.mailed_code();
    server.clock.advance(std::time::Duration::from_secs(120));
    assert_eq!(code_of(&server.send(registration(LORY, ADDRESS, &code)).await.reply), 1008);
}

#[tokio::test]
async fn what_is_taken_gets_the_same_answer_and_the_same_mail() {
    let server = Fixture::start().await;
    add(&server, NewUser { email: Some(Handle::email(ADDRESS).unwrap()), ..new_user("laura") }).await;
    let mut replies = Vec::new();
    for (user_name, email) in [(LORY, "free@126.com"), (ADMIN, "other@126.com"), ("lilly", ADDRESS)] {
        let mut reply = server.send(auth_code_request(user_name, email)).await.reply;
        reply.headers.remove("x-trace-id");
        reply.headers.remove("date");
        replies.push((reply.status, reply.headers, reply.body));
    }
    assert_eq!(replies[0], replies[1]);
    assert_eq!(replies[0], replies[2]);
    assert_eq!(server.outbox().len(), 3);
}

#[tokio::test]
async fn a_mail_that_could_not_be_written_does_not_use_up_the_minute() {
    let mut outbox = std::path::PathBuf::new();
    let server = Fixture::with(|config| {
        outbox = config.data_dir.join("outbox");
        std::fs::write(&outbox, "a file").unwrap();
    })
    .await;
    let failed = server.send(auth_code_request(LORY, ADDRESS)).await.reply;
    assert_eq!((failed.status, code_of(&failed)), (500, 500));
    std::fs::remove_file(&outbox).unwrap();
    let code = code(&server, LORY, ADDRESS).await;
    assert_eq!(code_of(&server.send(registration(LORY, ADDRESS, &code)).await.reply), 0);
}

#[tokio::test]
async fn neither_code_nor_address_reaches_the_log() {
    let logs = Logs::capture();
    let server = Fixture::with(|config| {
        config.debug = true;
        config.coeus_gateway.code_length = 12;
    })
    .await;
    let code = code(&server, LORY, ADDRESS).await;
    assert_eq!(code_of(&server.send(registration("lucy", ADDRESS, &code)).await.reply), 1008);
    assert_eq!(code_of(&server.send(registration(LORY, ADDRESS, &code)).await.reply), 0);
    let text = logs.text();
    assert!(text.contains("mail was written to the outbox") && text.contains(".eml"), "{text}");
    assert!(!text.contains(&code), "the code is in the log:\n{text}");
    let lines: Vec<_> = text.lines().filter(|line| line.contains("gatehouse") && line.contains(ADDRESS)).collect();
    assert_eq!(lines, [] as [&str; 0], "the address is in the log");
}
