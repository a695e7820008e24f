//! The store on every database system that is there; see [`crate::testing`].

mod access;
mod config;
mod migration;
mod product;
mod project;
mod realm;
mod session;
mod turn;
mod user;
mod wechat;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use futures_util::future::join_all;

use super::*;
use crate::testing::{TestDatabase, databases};

fn new_app(app_id: &str, name: &str) -> NewAppRow {
    NewAppRow {
        app_id: app_id.to_owned(),
        name: name.to_owned(),
        description: None,
        redirect_uri: None,
        secret_hash: "0011:00ff".to_owned(),
        may_create: true,
        created_by: None,
        tokens_valid_from: 1000,
        created_at: 1234,
    }
}

/// A user of whom only the account matters.
fn new_user(account: &str) -> NewUserRow {
    NewUserRow {
        uid: format!("{account:0>32}"),
        account: account.to_owned(),
        name: account.to_owned(),
        email: None,
        phone: None,
        password_hash: "$argon2id$".to_owned(),
        password_sealed: None,
        is_admin: false,
        builtin: false,
        created_at: 1234,
        head_img: None,
    }
}

/// An event that is recorded with a change.
fn event(user_id: i64) -> AuditRow {
    AuditRow {
        at: 5000,
        kind: "test.done".to_owned(),
        dialect: "test".to_owned(),
        user_id: Some(user_id),
        subject: None,
        client: "127.0.0.1".to_owned(),
        trace: "trace".to_owned(),
    }
}

/// A session that is good from 1000 to 9000.
fn access_token(id: &str, user_id: i64, app_id: i64) -> AccessTokenRow {
    AccessTokenRow {
        id: id.to_owned(),
        user_id,
        app_id,
        tenant_id: None,
        device_id: None,
        access_hash: "0011:00ff".to_owned(),
        refresh_hash: "0011:00ee".to_owned(),
        refreshes: 0,
        created_at: 1000,
        expires_at: 3000,
        fails_at: 9000,
        revoked_at: None,
        revoked_why: None,
    }
}

/// Adds a user who logs in by the account only.
async fn add_user(store: &Store, account: &str) -> UserRow {
    let handles = vec![(HandleKind::Account, account.to_owned())];
    store.insert_user(new_user(account), handles, event).await.unwrap()
}

/// How many events are recorded about a user.
async fn events_of(store: &Store, user_id: i64) -> usize {
    store.audit_events_of(user_id).await.unwrap().len()
}

#[tokio::test]
async fn applications_are_found_by_more_ids_than_one_statement_takes() {
    for database in databases().await {
        let store = database.store().await;
        let found = store.insert_app(new_app("a", "a")).await.unwrap();
        let ids: Vec<_> = (found.id..found.id + 3 * CHUNK as i64).rev().collect();
        assert_eq!(store.apps_by_ids(&ids).await.unwrap(), [found], "{:?}", database.backend());
    }
}

#[tokio::test]
async fn migrations_go_up_and_down_and_up_again() {
    for database in databases().await {
        let store = Store::connect(&database.url()).await.unwrap();
        let count = store.migrations().await.unwrap().len();
        assert!(store.migrations().await.unwrap().iter().all(|m| !m.applied), "{:?}", database.backend());

        let applied = store.migrate_up().await.unwrap();
        assert_eq!(applied.len(), count);
        assert!(store.migrations().await.unwrap().iter().all(|m| m.applied));
        assert!(store.migrate_up().await.unwrap().is_empty());
        store.insert_app(new_app("a", "a")).await.unwrap();

        let mut undone = store.migrate_down(u32::try_from(count).unwrap()).await.unwrap();
        undone.reverse();
        assert_eq!(undone, applied);
        assert!(matches!(store.has_apps().await, Err(Error::Fault(_))));
        store.migrate_up().await.unwrap();
        assert!(!store.has_apps().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_that_start_together_migrate_once() {
    for database in databases().await {
        let url = Arc::new(database.url());
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let url = Arc::clone(&url);
                tokio::spawn(async move { Store::connect(&url).await?.migrate_up().await })
            })
            .collect();
        let mut applied = 0;
        for start in starts {
            applied += start.await.unwrap().unwrap().len();
        }
        let store = Store::connect(&url).await.unwrap();
        assert_eq!(applied, store.migrations().await.unwrap().len(), "{:?}", database.backend());
    }
}

#[tokio::test]
async fn rows_come_back_as_they_went_in() {
    for database in databases().await {
        let store = database.store().await;
        assert!(!store.has_apps().await.unwrap());
        let parent = store.insert_app(new_app("go-api-aaaaaaaa", "First")).await.unwrap();
        let child = store
            .insert_app(NewAppRow {
                description: Some("数据 📦\nline".to_owned()),
                redirect_uri: Some("https://example.com/?q=%25".to_owned()),
                created_by: Some(parent.id),
                may_create: false,
                ..new_app("go-api-bbbbbbbb", &"数".repeat(50))
            })
            .await
            .unwrap();
        assert!(child.id > parent.id && child.enabled && !child.may_create);
        assert_eq!(store.app_by_id(child.id).await.unwrap().as_ref(), Some(&child));
        assert_eq!(store.app_by_app_id("go-api-bbbbbbbb").await.unwrap(), Some(child));
        assert_eq!(store.app_by_app_id("go-api-BBBBBBBB").await.unwrap(), None);
        assert_eq!(store.app_by_id(i64::MAX).await.unwrap(), None);
        assert!(store.has_apps().await.unwrap());
    }
}

#[tokio::test]
async fn taken_values_are_told_by_their_constraint() {
    for database in databases().await {
        let store = database.store().await;
        store.insert_app(new_app("id", "name")).await.unwrap();
        let taken = |outcome: Result<AppRow, Error>| match outcome {
            Err(Error::Taken(unique)) => Some(unique),
            _ => None,
        };
        assert_eq!(taken(store.insert_app(new_app("id", "other")).await), Some(Unique::AppId));
        assert_eq!(taken(store.insert_app(new_app("other", "name")).await), Some(Unique::AppName));
        // A name that reads like the database's own message about the other constraint.
        let confusing = "x' for key 'uq_app_app_id";
        store.insert_app(new_app("third", confusing)).await.unwrap();
        assert_eq!(taken(store.insert_app(new_app("fourth", confusing)).await), Some(Unique::AppName));
        let orphan = NewAppRow { created_by: Some(999_999), ..new_app("fifth", "fifth") };
        assert!(matches!(store.insert_app(orphan).await, Err(Error::Fault(_))), "{:?}", database.backend());
    }
}

#[tokio::test]
async fn names_are_compared_exactly() {
    for database in databases().await {
        let store = database.store().await;
        for (number, name) in ["name", "Name", "name ", " name", "ｎａｍｅ", "namé", "name\u{301}"].iter().enumerate()
        {
            let inserted = store.insert_app(new_app(&number.to_string(), name)).await;
            assert!(inserted.is_ok(), "{name:?} on {:?}: {inserted:?}", database.backend());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_racing_inserts_gets_the_name() {
    for database in databases().await {
        let store = database.store().await;
        let inserts: Vec<_> = (0..12)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move { store.insert_app(new_app(&format!("id{number}"), "same")).await })
            })
            .collect();
        let mut created = 0;
        for insert in inserts {
            match insert.await.unwrap() {
                Ok(_) => created += 1,
                Err(Error::Taken(Unique::AppName)) => {}
                Err(other) => panic!("{other:?} on {:?}", database.backend()),
            }
        }
        assert_eq!(created, 1);
    }
}

#[tokio::test]
async fn a_list_is_read_by_pages_in_order() {
    for database in databases().await {
        let store = database.store().await;
        let creator = store.insert_app(new_app("creator", "creator")).await.unwrap().id;
        for number in 0..5 {
            let id = format!("child{number}");
            store.insert_app(NewAppRow { created_by: Some(creator), ..new_app(&id, &id) }).await.unwrap();
        }
        let ids = |rows: Vec<AppRow>| rows.into_iter().map(|row| row.app_id).collect::<Vec<_>>();
        assert_eq!(store.count_apps_created_by(creator).await.unwrap(), 5);
        assert_eq!(ids(store.apps_created_by(creator, 0, 2).await.unwrap()), ["child0", "child1"]);
        assert_eq!(ids(store.apps_created_by(creator, 4, 2).await.unwrap()), ["child4"]);
        assert!(store.apps_created_by(creator, i64::MAX.unsigned_abs(), 100).await.unwrap().is_empty());
        assert_eq!(store.count_apps_created_by(creator + 1).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn changes_reach_their_row_only() {
    for database in databases().await {
        let store = database.store().await;
        let one = store.insert_app(new_app("one", "one")).await.unwrap();
        let two = store.insert_app(new_app("two", "two")).await.unwrap();

        store.replace_secret_hash(one.id, "0011:00ff", "2233:00ff").await.unwrap();
        store.replace_secret_hash(two.id, "changed meanwhile", "2233:00ff").await.unwrap();

        let expected = AppRow { secret_hash: "2233:00ff".to_owned(), ..one };
        assert_eq!(store.app_by_app_id("one").await.unwrap(), Some(expected));
        assert_eq!(store.app_by_app_id("two").await.unwrap(), Some(two));
        assert_eq!(store.count_secrets_under("0011").await.unwrap(), 1);
        assert_eq!(store.count_secrets_under("2233").await.unwrap(), 1);
        assert_eq!(store.count_secrets_under("22").await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_unavailable() {
    // Port 1 of loopback has no listener.
    let urls = ["postgres://postgres@127.0.0.1:1/x", "mysql://root@127.0.0.1:1/x", "sqlite:///nonexistent/x.db"];
    // A server may be starting, so that each attempt lasts some seconds: they are made together.
    for (url, outcome) in urls.iter().zip(join_all(urls.iter().map(|url| Store::connect(url))).await) {
        let refused = outcome.err().expect("nothing answers");
        assert!(matches!(refused, Error::Unavailable(_)), "{url}: {refused:?}");
        assert!(!refused.to_string().contains("127.0.0.1"));
    }
    assert!(matches!(Store::connect("oracle://x").await, Err(Error::Fault(_))));
}

#[tokio::test]
async fn the_embedded_database_may_lie_anywhere() {
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join("50% of #1? 数据");
    std::fs::create_dir(&odd).unwrap();
    let store = Store::connect(&Store::embedded_url(&odd)).await.unwrap();
    store.migrate_up().await.unwrap();
    store.ping().await.unwrap();
    assert!(odd.join("gatehouse.db").is_file());
    store.close().await.unwrap();
}

#[tokio::test]
async fn an_sqlite_file_is_its_owners_alone_in_a_directory_open_to_all() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    let url = Store::embedded_url(directory.path());
    for _ in 0..2 {
        let store = Store::connect(&url).await.unwrap();
        store.migrate_up().await.unwrap();
        let mut modes = Vec::new();
        for entry in std::fs::read_dir(directory.path()).unwrap().map(Result::unwrap) {
            modes.push((entry.file_name(), entry.metadata().unwrap().permissions().mode() & 0o777));
        }
        assert!(modes.len() > 1, "the log of writes stands beside the database: {modes:?}");
        assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn sqlite_in_memory_has_one_connection_and_keeps_it() {
    let store = Store::connect("sqlite::memory:").await.unwrap();
    store.migrate_up().await.unwrap();
    store.insert_app(new_app("a", "a")).await.unwrap();
    assert!(store.has_apps().await.unwrap());
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_reopening() {
    for database in databases().await {
        let write = |database: &TestDatabase| {
            let url = database.url();
            async move {
                let store = Store::connect(&url).await.unwrap();
                store.migrate_up().await.unwrap();
                store.insert_app(new_app("kept", "kept")).await.unwrap();
            }
        };
        write(&database).await;
        let store = Store::connect(&database.url()).await.unwrap();
        assert!(store.app_by_app_id("kept").await.unwrap().is_some());
    }
}
