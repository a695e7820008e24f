//! Sessions and the rotation of their refresh tokens on every database.

use super::*;

fn session(id: &str, user_id: i64) -> SessionRow {
    SessionRow {
        id: id.to_owned(),
        dialect: "edge_gateway".to_owned(),
        user_id,
        created_at: 1000,
        expires_at: 9000,
        revoked_at: None,
        revoked_why: None,
    }
}

fn refresh(id: &str, session_id: &str, expires_at: i64) -> RefreshRow {
    RefreshRow {
        id: id.to_owned(),
        session_id: session_id.to_owned(),
        access_id: format!("access-{id}"),
        key_id: "0011223344556677".to_owned(),
        issued_at: 1000,
        expires_at,
        spent_at: None,
        successor: None,
    }
}

/// A user with the session `s` and its first refresh token `r0`.
async fn begin(store: &Store) -> i64 {
    let user = add_user(store, "lory").await.id;
    store.insert_session(session("s", user), Some(refresh("r0", "s", 9000)), event(user)).await.unwrap();
    user
}

#[tokio::test]
async fn a_session_begins_with_its_token_and_its_record() {
    for database in databases().await {
        let store = database.store().await;
        let user = add_user(&store, "lory").await.id;
        let recorded = events_of(&store, user).await;
        store.insert_session(session("s", user), Some(refresh("r0", "s", 9000)), event(user)).await.unwrap();
        store.insert_session(session("t", user), None, event(user)).await.unwrap();
        assert_eq!(store.session_by_id("s").await.unwrap(), Some(session("s", user)), "{:?}", database.backend());
        assert_eq!(store.session_by_id("S").await.unwrap(), None, "{:?}", database.backend());
        assert_eq!(store.refresh_token_by_id("r0").await.unwrap(), Some(refresh("r0", "s", 9000)));
        assert_eq!(events_of(&store, user).await, recorded + 2);
    }
}

#[tokio::test]
async fn a_session_that_fails_half_way_leaves_no_trace() {
    for database in databases().await {
        let store = database.store().await;
        let user = begin(&store).await;
        let recorded = events_of(&store, user).await;
        // The token's id is taken, so that the session before it must go as well.
        let failed = store.insert_session(session("t", user), Some(refresh("r0", "t", 9000)), event(user)).await;
        assert!(failed.is_err(), "{:?}", database.backend());
        assert_eq!(store.session_by_id("t").await.unwrap(), None, "{:?}", database.backend());
        assert_eq!(events_of(&store, user).await, recorded, "{:?}", database.backend());
        let orphan = store.insert_session(session("u", 999_999), None, event(user)).await;
        assert!(matches!(orphan, Err(Error::Fault(_))), "{orphan:?} on {:?}", database.backend());
    }
}

#[tokio::test]
async fn a_session_ends_once() {
    for database in databases().await {
        let store = database.store().await;
        let user = begin(&store).await;
        let recorded = events_of(&store, user).await;
        assert!(!store.revoke_session("nobody's", "logout", event(user)).await.unwrap());
        assert!(store.revoke_session("s", "logout", event(user)).await.unwrap());
        assert!(!store.revoke_session("s", "again", event(user)).await.unwrap());
        let ended = SessionRow {
            revoked_at: Some(event(user).at),
            revoked_why: Some("logout".to_owned()),
            ..session("s", user)
        };
        assert_eq!(store.session_by_id("s").await.unwrap(), Some(ended), "{:?}", database.backend());
        assert_eq!(events_of(&store, user).await, recorded + 1, "{:?}", database.backend());
    }
}

#[tokio::test]
async fn a_token_is_rotated_once_and_tells_its_successor_afterwards() {
    for database in databases().await {
        let store = database.store().await;
        let user = begin(&store).await;
        let successor = refresh("r1", "s", 12_000);
        let issued = store.rotate("r0", 2000, successor.clone()).await.unwrap();
        assert_eq!(issued, Rotation::Issued(successor.clone()), "{:?}", database.backend());
        assert_eq!(store.refresh_token_by_id("r1").await.unwrap(), Some(successor));
        let extended = SessionRow { expires_at: 12_000, ..session("s", user) };
        assert_eq!(store.session_by_id("s").await.unwrap(), Some(extended), "the session lives as long as its token");

        let spent = RefreshRow { spent_at: Some(2000), successor: Some("r1".to_owned()), ..refresh("r0", "s", 9000) };
        let again = store.rotate("r0", 2500, refresh("r2", "s", 13_000)).await.unwrap();
        assert_eq!(again, Rotation::Spent(spent), "{:?}", database.backend());
        assert_eq!(store.refresh_token_by_id("r2").await.unwrap(), None, "{:?}", database.backend());

        let next = store.rotate("r1", 3000, refresh("r2", "s", 13_000)).await.unwrap();
        assert!(matches!(next, Rotation::Issued(_)), "{next:?} on {:?}", database.backend());
    }
}

#[tokio::test]
async fn what_is_not_there_or_over_is_not_rotated() {
    for database in databases().await {
        let store = database.store().await;
        let user = begin(&store).await;
        store.insert_session(session("t", user), Some(refresh("q0", "t", 9000)), event(user)).await.unwrap();
        let backend = database.backend();
        for (token, session) in [("nobody's", "s"), ("q0", "s"), ("r0", "nobody's")] {
            let outcome = store.rotate(token, 2000, refresh("r1", session, 12_000)).await.unwrap();
            assert_eq!(outcome, Rotation::Gone, "{token} of {session} on {backend:?}");
        }
        assert_eq!(store.refresh_token_by_id("q0").await.unwrap().and_then(|row| row.spent_at), None, "{backend:?}");
        store.revoke_session("s", "logout", event(user)).await.unwrap();
        assert_eq!(store.rotate("r0", 2000, refresh("r1", "s", 12_000)).await.unwrap(), Rotation::Gone);
        assert_eq!(store.refresh_token_by_id("r1").await.unwrap(), None, "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_racing_rotations_have_one_successor() {
    for database in databases().await {
        let store = database.store().await;
        begin(&store).await;
        let rotations: Vec<_> = (1..=12)
            .map(|number| {
                let store = store.clone();
                let successor = refresh(&format!("r{number}"), "s", 12_000);
                tokio::spawn(async move { store.rotate("r0", 2000, successor).await.unwrap() })
            })
            .collect();
        let (mut issued, mut told) = (Vec::new(), Vec::new());
        for rotation in rotations {
            match rotation.await.unwrap() {
                Rotation::Issued(row) => issued.push(row.id),
                Rotation::Spent(row) => told.push(row.successor.unwrap()),
                Rotation::Gone => panic!("the session goes on, on {:?}", database.backend()),
            }
        }
        assert_eq!((issued.len(), told.len()), (1, 11), "{:?}", database.backend());
        assert!(told.iter().all(|successor| *successor == issued[0]), "{told:?} on {:?}", database.backend());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rotation_that_meets_the_end_of_its_session_leaves_no_successor_after_it() {
    for database in databases().await {
        let store = database.store().await;
        let user = add_user(&store, "lory").await.id;
        for round in 0..10 {
            let (id, first, next) = (format!("s{round}"), format!("r{round}"), format!("n{round}"));
            store.insert_session(session(&id, user), Some(refresh(&first, &id, 9000)), event(user)).await.unwrap();
            let rotation = store.rotate(&first, 2000, refresh(&next, &id, 12_000));
            let (rotated, ended) = tokio::join!(rotation, store.revoke_session(&id, "logout", event(user)));
            assert!(ended.unwrap(), "{:?}", database.backend());
            let there = store.refresh_token_by_id(&next).await.unwrap().is_some();
            assert_eq!(there, matches!(rotated.unwrap(), Rotation::Issued(_)), "{:?}", database.backend());
            let late = store.rotate(&next, 2000, refresh("late", &id, 12_000)).await.unwrap();
            assert_eq!(late, Rotation::Gone, "{:?}", database.backend());
        }
    }
}

#[tokio::test]
async fn what_expired_long_ago_is_forgotten() {
    for database in databases().await {
        let store = database.store().await;
        let user = begin(&store).await;
        store.rotate("r0", 2000, refresh("r1", "s", 12_000)).await.unwrap();
        let old = SessionRow { expires_at: 4999, ..session("old", user) };
        store.insert_session(old, Some(refresh("o0", "old", 4999)), event(user)).await.unwrap();
        assert_eq!(store.purge_sessions(5000).await.unwrap(), 1, "{:?}", database.backend());
        assert_eq!(store.session_by_id("old").await.unwrap(), None);
        assert_eq!(store.refresh_token_by_id("o0").await.unwrap(), None);
        assert!(store.session_by_id("s").await.unwrap().is_some());
        assert!(store.refresh_token_by_id("r0").await.unwrap().is_some());
        assert_eq!(store.purge_sessions(9001).await.unwrap(), 0, "the session was extended: {:?}", database.backend());
        assert_eq!(store.refresh_token_by_id("r0").await.unwrap(), None, "its old token was not");
        assert!(store.refresh_token_by_id("r1").await.unwrap().is_some());
    }
}
