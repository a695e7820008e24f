//! Many at once, over real sockets and on every database: one succeeds where one may.

use contract_tests::{
    fixture::{ADMIN_PASSWORD, Fixture},
    must,
    wire::Request,
};
use gatehouse_server::domain::{
    Error,
    origin::Origin,
    password::Digest,
    user::{Handle, NewUser},
};
use serde_json::json;

use super::{
    ADDRESS, DIGEST, LORY, auth_code_request, code, code_of, delete_request, first_project, list_request,
    login_request, logout_request, new_user, other_code, project_request, registration, token_of_admin,
};

/// Sends all of them at once and gives the status and code of each reply, in order of the requests.
async fn all_at_once(server: &Fixture, requests: Vec<Request>) -> Vec<(u16, i64)> {
    let sending: Vec<_> = requests.into_iter().map(|request| tokio::spawn(request.send(server.address()))).collect();
    let mut outcomes = Vec::new();
    for exchange in sending {
        let reply = must("a reply", exchange).await.unwrap().reply;
        outcomes.push((reply.status, code_of(&reply)));
    }
    outcomes
}

/// Asserts that one outcome is a success and every other one this.
fn assert_one(mut outcomes: Vec<(u16, i64)>, others: (u16, i64), server: &Fixture) {
    let expected = outcomes.len() - 1;
    let succeeded = outcomes.iter().position(|outcome| *outcome == (200, 0)).expect("one succeeds");
    outcomes.remove(succeeded);
    assert_eq!(outcomes, vec![others; expected], "{:?}", server.backend());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_20_registrations_with_one_code_one_succeeds() {
    for server in Fixture::on_every_database().await {
        let code = code(&server, LORY, ADDRESS).await;
        let outcomes = all_at_once(&server, vec![registration(LORY, ADDRESS, &code); 20]).await;
        assert_one(outcomes, (200, 1008), &server);
        assert_eq!(code_of(&server.send(login_request(LORY, DIGEST)).await.reply), 0);
        let third = server.core.users.by_id(3).await.unwrap();
        assert_eq!(third, None, "besides the administrator there is one user");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_registrations_of_one_name_one_succeeds() {
    for server in Fixture::on_every_database().await {
        let mut requests = Vec::new();
        for (number, name) in ["lory", "LORY", "Lory", "ｌｏｒｙ", "ＬＯＲＹ", "lORY"].iter().enumerate() {
            let email = format!("lory{number}@126.com");
            let code = code(&server, name, &email).await;
            requests.push(registration(name, &email, &code));
        }
        assert_one(all_at_once(&server, requests).await, (200, 1005), &server);
    }
}

/// Through the wire one address has one code at a time, so that here the users are made side by side.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_users_of_one_address_one_is_made() {
    for server in Fixture::on_every_database().await {
        let mut making = Vec::new();
        for (number, email) in ["lory@126.com", "LORY@126.com", "Lory@126.COM", "ｌory@126.com"].iter().enumerate() {
            let user = NewUser { email: Some(Handle::email(email).unwrap()), ..new_user(&format!("lory{number}")) };
            let users = server.core.users.clone();
            making.push(tokio::spawn(async move {
                users.create(&Origin::command("test"), user, Digest::of(ADMIN_PASSWORD)).await
            }));
        }
        let (mut made, mut taken) = (0, 0);
        for outcome in making {
            match must("an outcome", outcome).await.unwrap() {
                Ok(_) => made += 1,
                Err(Error::EmailTaken) => taken += 1,
                Err(other) => panic!("{other:?} on {:?}", server.backend()),
            }
        }
        assert_eq!((made, taken), (1, 3), "{:?}", server.backend());
    }
}

/// Twenty wrong codes at once are five tries at most, and the right one is spent with them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_at_once_do_not_outrun_the_count() {
    let server = Fixture::start().await;
    let code = code(&server, LORY, ADDRESS).await;
    let guesses = vec![registration(LORY, ADDRESS, &other_code(&code)); 20];
    assert_eq!(all_at_once(&server, guesses).await, vec![(200, 1008); 20]);
    assert_eq!(code_of(&server.send(registration(LORY, ADDRESS, &code)).await.reply), 1008);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_20_requests_for_a_code_one_is_mailed() {
    let server = Fixture::start().await;
    let outcomes = all_at_once(&server, vec![auth_code_request(LORY, ADDRESS); 20]).await;
    assert_one(outcomes, (200, 429), &server);
    assert_eq!(server.outbox().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_20_deletions_one_succeeds() {
    for server in Fixture::on_every_database().await {
        let token = token_of_admin(&server).await;
        server.send(project_request(&token, "Contested")).await;
        let id = first_project(&server, &token).await["id"].clone();
        let outcomes = all_at_once(&server, vec![delete_request(&token, &id); 20]).await;
        assert_one(outcomes, (200, 1006), &server);
    }
}

/// A logout that comes second finds the session over, or is let in at the last moment and changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn logouts_at_once_end_the_session_once() {
    for server in Fixture::on_every_database().await {
        let token = token_of_admin(&server).await;
        let outcomes = all_at_once(&server, vec![logout_request(&token); 20]).await;
        assert!(outcomes.contains(&(200, 0)), "{outcomes:?}");
        assert!(outcomes.iter().all(|outcome| [(200, 0), (401, 1001)].contains(outcome)), "{outcomes:?}");
        assert_eq!(server.send(list_request(&token, &json!({}))).await.reply.status, 401);
        let events = server.store.audit_events_of(1).await.unwrap();
        let ends = events.iter().filter(|event| event.kind == "session.logged_out").count();
        assert_eq!(ends, 1, "{:?}", server.backend());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn projects_made_at_once_are_all_there() {
    for server in Fixture::on_every_database().await {
        let token = token_of_admin(&server).await;
        let outcomes = all_at_once(&server, vec![project_request(&token, "Twin"); 20]).await;
        assert_eq!(outcomes, vec![(200, 0); 20], "{:?}", server.backend());
        let list = server.send(list_request(&token, &json!({ "page_size": 100 }))).await.reply.json();
        assert_eq!((&list["header"]["total"], &list["header"]["count"]), (&json!(20), &json!(20)));
    }
}
