//! Sessions of opaque tokens, and failures to log in.

use super::*;

/// The renewal of a session at a moment.
fn renewal(at: i64) -> Renewal {
    Renewal { access_hash: format!("0011:{at:04}"), at, expires_at: at + 2000, most: 12 }
}

async fn user_and_app(store: &Store) -> (i64, i64) {
    let app = store.insert_app(new_app("a", "a")).await.unwrap();
    (add_user(store, "lory").await.id, app.id)
}

#[tokio::test]
async fn renewals_are_counted_and_end_with_the_session() {
    for database in databases().await {
        let store = database.store().await;
        let (user, app) = user_and_app(&store).await;
        store.insert_access_token(access_token("t", user, app), false, event(user)).await.unwrap();
        assert!(store.renew_access_token("t", renewal(2000)).await.unwrap(), "{:?}", database.backend());
        let (row, tenant) = store.access_token("t").await.unwrap().unwrap();
        assert_eq!((row.access_hash.as_str(), row.expires_at, row.refreshes), ("0011:2000", 4000, 1));
        assert_eq!((row.refresh_hash.as_str(), tenant), ("0011:00ee", None));
        assert!(store.renew_access_token("t", renewal(8000)).await.unwrap());
        let (row, _) = store.access_token("t").await.unwrap().unwrap();
        assert_eq!((row.expires_at, row.refreshes), (9000, 2), "no access token outlives its session");
        assert!(!store.renew_access_token("t", renewal(9000)).await.unwrap(), "it has ended");
        assert!(!store.renew_access_token("t", Renewal { most: 2, ..renewal(8000) }).await.unwrap(), "too often");
        assert!(!store.renew_access_token("other", renewal(2000)).await.unwrap());
    }
}

#[tokio::test]
async fn a_session_is_ended_once_and_renewed_no_more() {
    for database in databases().await {
        let store = database.store().await;
        let (user, app) = user_and_app(&store).await;
        store.insert_access_token(access_token("t", user, app), false, event(user)).await.unwrap();
        let before = events_of(&store, user).await;
        assert!(store.revoke_access_token("t", "logout", event(user)).await.unwrap(), "{:?}", database.backend());
        assert!(!store.revoke_access_token("t", "again", event(user)).await.unwrap());
        assert_eq!(events_of(&store, user).await, before + 1);
        let (row, _) = store.access_token("t").await.unwrap().unwrap();
        assert_eq!((row.revoked_at, row.revoked_why.as_deref()), (Some(5000), Some("logout")));
        assert!(!store.renew_access_token("t", renewal(6000)).await.unwrap());
    }
}

#[tokio::test]
async fn an_exclusive_session_ends_those_of_its_user_in_its_application() {
    for database in databases().await {
        let store = database.store().await;
        let (user, app) = user_and_app(&store).await;
        let other_app = store.insert_app(new_app("b", "b")).await.unwrap().id;
        let other_user = add_user(&store, "lori").await.id;
        for (id, user, app) in [("1", user, app), ("2", user, app), ("3", user, other_app), ("4", other_user, app)] {
            let ended = store.insert_access_token(access_token(id, user, app), false, event(user)).await.unwrap();
            assert_eq!(ended, Some(Vec::new()));
        }
        let ended = store.insert_access_token(access_token("5", user, app), true, event(user)).await.unwrap();
        let mut ended = ended.unwrap();
        ended.sort();
        assert_eq!(ended, ["1", "2"], "{:?}", database.backend());
        for (id, why) in [("1", Some(ELSEWHERE)), ("2", Some(ELSEWHERE)), ("3", None), ("4", None), ("5", None)] {
            let (row, _) = store.access_token(id).await.unwrap().unwrap();
            assert_eq!(row.revoked_why.as_deref(), why, "{id}");
        }
    }
}

/// Makes the tenant of these applications and accounts.
async fn put_tenant(store: &Store, apps: &[&str], users: &[&str]) {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let tenant = RealmTenant { name: "Tenant".to_owned(), apps: set(apps), users: set(users) };
    let put = RealmPut::Tenant("1".repeat(32), tenant);
    let writes = RealmWrites { puts: vec![put], now: 2000, ..RealmWrites::default() };
    let seen = store.realm(&UserScope::All).await.unwrap();
    assert!(store.write_realm(&UserScope::All, &seen, &writes).await.unwrap());
}

#[tokio::test]
async fn no_session_begins_in_a_tenant_that_was_left() {
    for database in databases().await {
        let (store, backend) = (database.store().await, database.backend());
        let (user, app) = user_and_app(&store).await;
        put_tenant(&store, &["a"], &["lory"]).await;
        let tenant = store.tenant_of(&"1".repeat(32), app, user).await.unwrap().unwrap();
        let row = |id: &str| AccessTokenRow { tenant_id: Some(tenant.id), ..access_token(id, user, app) };
        let begun = store.insert_access_token(row("1"), true, event(user)).await.unwrap();
        assert_eq!(begun, Some(Vec::new()), "{backend:?}");
        let before = events_of(&store, user).await;
        for (apps, users) in [(&["a"][..], &[][..]), (&[], &["lory"])] {
            put_tenant(&store, apps, users).await;
            let begun = store.insert_access_token(row("2"), true, event(user)).await.unwrap();
            assert_eq!(begun, None, "{apps:?} {users:?} on {backend:?}");
        }
        assert_eq!(events_of(&store, user).await, before, "{backend:?}");
        assert!(store.access_token("2").await.unwrap().is_none(), "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_logins_that_race_with_leaving_a_tenant_none_goes_on() {
    for database in databases().await {
        let (store, backend) = (database.store().await, database.backend());
        let (user, app) = user_and_app(&store).await;
        for round in 0..5 {
            put_tenant(&store, &["a"], &["lory"]).await;
            let tenant = store.tenant_of(&"1".repeat(32), app, user).await.unwrap().unwrap();
            let id = move |login| format!("{round}-{login}");
            let begin = |login| {
                let (store, row) = (store.clone(), access_token(&id(login), user, app));
                let row = AccessTokenRow { tenant_id: Some(tenant.id), ..row };
                tokio::spawn(async move { store.insert_access_token(row, false, event(user)).await })
            };
            let begun: Vec<_> = (0..12).map(begin).collect();
            put_tenant(&store, &["a"], &[]).await;
            for (login, begun) in begun.into_iter().enumerate() {
                let is_there = begun.await.unwrap().unwrap().is_some();
                let row = store.access_token(&id(login)).await.unwrap();
                assert_eq!(row.is_some(), is_there, "{backend:?}");
                assert!(row.is_none_or(|(row, _)| row.revoked_at.is_some()), "{login} goes on: {backend:?}");
            }
        }
    }
}

#[tokio::test]
async fn sessions_that_ended_long_ago_are_forgotten() {
    for database in databases().await {
        let store = database.store().await;
        let (user, app) = user_and_app(&store).await;
        store.insert_access_token(access_token("t", user, app), false, event(user)).await.unwrap();
        assert_eq!(store.purge_access_tokens(9000).await.unwrap(), 0);
        assert_eq!(store.purge_access_tokens(9001).await.unwrap(), 1);
        assert!(store.access_token("t").await.unwrap().is_none(), "{:?}", database.backend());
    }
}

#[tokio::test]
async fn each_failure_of_many_at_once_is_recorded() {
    for database in databases().await {
        let store = database.store().await;
        let add = |now| store.record_login_failure("user:1", now, move |row| append(row, now));
        let all = join_all((0..12).map(add)).await;
        assert!(all.iter().all(Result::is_ok), "{:?}: {all:?}", database.backend());
        let row = store.login_failures("user:1").await.unwrap().unwrap();
        assert_eq!(row.recent.split(',').filter(|at| !at.is_empty()).count(), 12, "{:?}", database.backend());
        store.forget_login_failures("user:1").await.unwrap();
        assert_eq!(store.login_failures("user:1").await.unwrap(), None);
    }
}

fn append(row: LoginFailureRow, now: i64) -> LoginFailureRow {
    LoginFailureRow { recent: format!("{},{now}", row.recent), ..row }
}

#[tokio::test]
async fn failures_of_long_ago_are_forgotten() {
    for database in databases().await {
        let store = database.store().await;
        store.record_login_failure("user:1", 100, |row| row).await.unwrap();
        store.record_login_failure("user:2", 200, |row| row).await.unwrap();
        assert_eq!(store.purge_login_failures(200).await.unwrap(), 1);
        assert!(store.login_failures("user:1").await.unwrap().is_none(), "{:?}", database.backend());
        assert!(store.login_failures("user:2").await.unwrap().is_some());
    }
}
