//! `coeus_gateway` by the SDK: registration, projects, logouts.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use contract_tests::fixture::{ADMIN, ADMIN_PASSWORD, Fixture};
use futures_util::{StreamExt, TryStreamExt};
use gatehouse_client::{
    coeus_gateway::{Builder, Error, ErrorCode, NewProject, Project, Registration, Session},
    edge_gateway,
};
use serde_json::Value;

use crate::{reaching, replies};

/// How long a token is good for.
const TOKEN_LIFE: Duration = Duration::from_secs(43_200);

const NAME: &str = "somebody";
const EMAIL: &str = "somebody@example.com";
const PASSWORD: &str = "a password of 我";

fn settings(server: &Fixture, user_name: &str, password: &str) -> Builder {
    reaching(Session::builder(), server.base_url()).user_name(user_name).password(password)
}

/// A session of the administrator.
fn session(server: &Fixture) -> Session {
    settings(server, ADMIN, ADMIN_PASSWORD).build().unwrap()
}

fn registration(server: &Fixture) -> Registration {
    reaching(Registration::builder(), server.base_url()).build().unwrap()
}

/// Registers somebody with the code of the mail, and gives their session.
async fn join(server: &Fixture) -> Session {
    let registration = registration(server);
    registration.send_code(NAME, EMAIL).await.unwrap();
    registration.register(NAME, PASSWORD, EMAIL, &server.mailed_code()).await.unwrap();
    settings(server, NAME, PASSWORD).build().unwrap()
}

async fn create(session: &Session, name: &str) {
    session.create_project(&NewProject::new(1, name)).await.unwrap();
}

async fn listed(session: &Session) -> Vec<Project> {
    session.projects().items().try_collect().await.unwrap()
}

/// The numeric id of the session's user, which the token tells.
async fn id_of(session: &Session) -> i64 {
    let token = session.token().await.unwrap();
    let claims = URL_SAFE_NO_PAD.decode(token.expose().split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["claim_id"].as_i64().unwrap()
}

fn told(error: Error) -> (ErrorCode, String) {
    match error {
        Error::Api { code, message, trace_id: Some(_), status: 200, .. } => (code, message),
        other => panic!("no refusal: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_registration_to_logout_on_every_database() {
    for server in Fixture::on_every_database().await {
        let session = join(&server).await;
        let login = session.login_data().await.unwrap();
        assert_eq!((login.user_name.as_str(), login.role.as_str()), (NAME, ""));
        assert_eq!((login.login_ip.as_str(), login.login_time), ("127.0.0.1", 1_767_323_045));

        let project = NewProject::new(3, "我的ChatGPT项目");
        let created = session.create_project(&project).await.unwrap();
        assert_eq!((created.project_key.len(), created.project_secret.len()), (16, 48));
        let projects = listed(&session).await;
        let [listed_one] = projects.as_slice() else { panic!("one project, but {projects:?}") };
        assert_eq!((listed_one.project_type, &listed_one.project_name), (3, &project.project_name));
        assert_eq!(listed_one.project_secret, created.project_secret);
        assert_eq!(listed_one.created_time, "2026-01-02 03:04:05");

        session.delete_project(listed_one.id).await.unwrap();
        let error = session.delete_project(listed_one.id).await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::NotFound));
        assert!(listed(&session).await.is_empty());
        session.logout().await.unwrap();
        assert_eq!(replies(&server, "login").await, 1);

        // Who registered here is known to the other dialects at once, by the password itself.
        let edge = reaching(edge_gateway::Session::builder(), server.base_url());
        edge.username(EMAIL).password(PASSWORD).build().unwrap().create_product(None).await.unwrap();
    }
}

#[tokio::test]
async fn forty_five_projects_come_as_pages_and_as_items() {
    let server = Fixture::start().await;
    let session = session(&server);
    let names: Vec<String> = (1..=45).map(|number| format!("Project {number:02}")).collect();
    for name in &names {
        create(&session, name).await;
    }
    let pages: Vec<_> = session.projects().pages().try_collect().await.unwrap();
    let counts: Vec<_> = pages.iter().map(|page| (page.list.len(), page.count, page.total)).collect();
    assert_eq!(counts, [(20, 20, 45), (20, 20, 45), (5, 5, 45)]);

    let before = replies(&server, "listProjects").await;
    let items: Vec<Project> = session.projects().size(15).items().try_collect().await.unwrap();
    assert_eq!(items.into_iter().map(|project| project.project_name).collect::<Vec<_>>(), names);
    assert_eq!(replies(&server, "listProjects").await - before, 3);

    let beyond = session.projects().page(7).await.unwrap();
    assert!(beyond.list.is_empty() && beyond.total == 45);
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_of_a_stream_is_replaced() {
    let server = Fixture::start().await;
    let session = session(&server);
    for number in 0..5 {
        create(&session, &number.to_string()).await;
    }
    let mut items = session.projects().size(2).items();
    let mut names = Vec::new();
    while let Some(project) = items.try_next().await.unwrap() {
        names.push(project.project_name);
        server.clock.advance(TOKEN_LIFE / 2);
    }
    assert_eq!(names, ["0", "1", "2", "3", "4"]);
    // The second and the third page came with tokens of their own.
    assert_eq!((replies(&server, "login").await, replies(&server, "listProjects").await), (3, 5));
}

#[tokio::test]
async fn the_administrator_sees_the_projects_of_others_and_nobody_else_does() {
    let server = Fixture::start().await;
    let (admin, somebody) = (session(&server), join(&server).await);
    create(&somebody, "Theirs").await;
    let of_somebody = admin.projects().of_user(id_of(&somebody).await);
    assert_eq!(of_somebody.page(0).await.unwrap().list[0].project_name, "Theirs");
    assert!(listed(&admin).await.is_empty());
    let mut of_admin = somebody.projects().of_user(id_of(&admin).await).items();
    assert_eq!(of_admin.next().await.unwrap().unwrap_err().code(), Some(ErrorCode::AccessViolate));
    assert!(of_admin.next().await.is_none());
}

#[tokio::test]
async fn after_a_logout_the_next_operation_logs_in_again() {
    let server = Fixture::start().await;
    let session = session(&server);
    session.logout().await.unwrap();
    assert_eq!(replies(&server, "logout").await, 0);
    let before = session.token().await.unwrap();
    session.logout().await.unwrap();
    create(&session, "Afterwards").await;
    assert_ne!(session.token().await.unwrap().expose(), before.expose());
    assert_eq!((replies(&server, "login").await, replies(&server, "createProject").await), (2, 1));
}

#[tokio::test]
async fn refusals_have_typed_codes_in_both_languages() {
    let server = Fixture::start().await;
    join(&server).await;
    for (language, wrong, exists, mail_exists, code) in [
        ("en", "invalid user or password", "data already exist", "Email already exist", "invalid auth code"),
        ("zh-CN", "用户名或密码错误", "数据已存在", "邮箱已存在", "验证码错误"),
    ] {
        let session = settings(&server, ADMIN, "hunter2").language(language).build().unwrap();
        assert_eq!(told(session.token().await.unwrap_err()), (ErrorCode::InvalidUserOrPassword, wrong.to_owned()));
        let registration = reaching(Registration::builder(), server.base_url()).language(language).build().unwrap();
        // The gap between two codes for one address.
        server.clock.advance(Duration::from_secs(60));
        for (name, email, expected) in [
            (NAME, "other@example.com", (ErrorCode::DataExists, exists)),
            ("other", EMAIL, (ErrorCode::EmailExists, mail_exists)),
        ] {
            registration.send_code(name, email).await.unwrap();
            let refused = registration.register(name, PASSWORD, email, &server.mailed_code()).await.unwrap_err();
            assert_eq!(told(refused), (expected.0, expected.1.to_owned()));
        }
        let refused = registration.register("other", PASSWORD, "other@example.com", "none").await.unwrap_err();
        assert_eq!(told(refused), (ErrorCode::InvalidAuthCode, code.to_owned()));
    }
    let registration = registration(&server);
    let error = registration.send_code("other", EMAIL).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::TooManyRequests));
}
