//! Applications at WeChat and bound WeChat accounts, on every database.

use std::collections::BTreeSet;

use sea_orm::{EntityTrait as _, PaginatorTrait as _};

use super::*;

async fn owner(store: &Store, union_id: &str) -> Option<i64> {
    store.user_by_wechat(union_id).await.unwrap().map(|user| user.id)
}

/// Adds an application at WeChat, or gives it another secret, as a realm does.
async fn put_wechat_app(store: &Store, wechat_app_id: &str, secret_sealed: &str) {
    let scope = UserScope::Named { handles: BTreeSet::new(), uids: BTreeSet::new() };
    let app = RealmWechatApp { secret_sealed: secret_sealed.to_owned() };
    let writes =
        RealmWrites { puts: vec![RealmPut::WechatApp(wechat_app_id.to_owned(), app)], ..RealmWrites::default() };
    let seen = store.realm(&scope).await.unwrap();
    assert!(store.write_realm(&scope, &seen, &writes).await.unwrap(), "nobody else writes");
}

#[tokio::test]
async fn an_application_is_found_by_its_id_and_its_secret_replaced() {
    for database in databases().await {
        let store = database.store().await;
        put_wechat_app(&store, "wx1", "one").await;
        put_wechat_app(&store, "WX1", "other").await;
        put_wechat_app(&store, "wx1", "two").await;
        let sealed = async |id: &str| store.wechat_app(id).await.unwrap().map(|app| app.secret_sealed);
        assert_eq!(sealed("wx1").await.as_deref(), Some("two"), "{:?}", database.backend());
        assert_eq!(sealed("WX1").await.as_deref(), Some("other"), "{:?}", database.backend());
        assert_eq!(sealed("wx2").await, None);
    }
}

#[tokio::test]
async fn a_binding_is_unique_on_both_sides_and_again_is_no_harm() {
    for database in databases().await {
        let store = database.store().await;
        let (lory, laura) = (add_user(&store, "lory").await.id, add_user(&store, "laura").await.id);
        store.bind_wechat("u1", lory, false, 1, event(lory)).await.unwrap();
        store.bind_wechat("u1", lory, false, 2, event(lory)).await.unwrap();
        store.bind_wechat("u1", lory, true, 3, event(lory)).await.unwrap();
        assert_eq!(store.audit_events_of(lory).await.unwrap().len(), 2, "that of the user and that of the binding");
        let taken = store.bind_wechat("u1", laura, false, 4, event(laura)).await;
        assert!(matches!(taken, Err(Error::Taken(Unique::WechatUnionId))), "{taken:?} on {:?}", database.backend());
        let taken = store.bind_wechat("u2", lory, false, 4, event(lory)).await;
        assert!(matches!(taken, Err(Error::Taken(Unique::WechatUser))), "{taken:?} on {:?}", database.backend());
        assert_eq!((owner(&store, "u1").await, owner(&store, "u2").await), (Some(lory), None));
        assert_eq!(owner(&store, "U1").await, None, "ids are told apart by case");
    }
}

#[tokio::test]
async fn replacing_removes_what_stood_in_the_way_on_both_sides() {
    for database in databases().await {
        let store = database.store().await;
        let (lory, laura) = (add_user(&store, "lory").await.id, add_user(&store, "laura").await.id);
        store.bind_wechat("u1", lory, false, 1, event(lory)).await.unwrap();
        store.bind_wechat("u2", laura, false, 1, event(laura)).await.unwrap();
        store.bind_wechat("u1", laura, true, 2, event(laura)).await.unwrap();
        assert_eq!((owner(&store, "u1").await, owner(&store, "u2").await), (Some(laura), None));
        store.bind_wechat("u3", lory, false, 3, event(lory)).await.expect("lory has none any more");
    }
}

#[tokio::test]
async fn of_many_that_bind_at_once_one_wins_and_who_replaces_always_does() {
    for database in databases().await {
        let store = database.store().await;
        let mut users = Vec::new();
        for number in 0..6 {
            users.push(add_user(&store, &format!("user{number}")).await.id);
        }
        let binding = |replace| users.iter().map(move |user| (*user, replace));
        let attempts = binding(false).map(|(user, replace)| {
            let store = &store;
            async move { store.bind_wechat("u1", user, replace, 1, event(user)).await }
        });
        let outcomes = join_all(attempts).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let attempts = binding(true).map(|(user, replace)| {
            let store = &store;
            async move { store.bind_wechat("u1", user, replace, 1, event(user)).await }
        });
        let outcomes = join_all(attempts).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?} on {:?}", database.backend());
        assert!(owner(&store, "u1").await.is_some());
    }
}

/// Adds the user of a phone number, to whom a WeChat account is bound.
async fn add_bound(store: &Store, phone: &str, union_id: &str, replace: bool) -> Result<UserRow, Error> {
    let account = format!("wx_{phone}");
    let new = NewUserRow { phone: Some(phone.to_owned()), ..new_user(&account) };
    let handles = vec![(HandleKind::Account, account), (HandleKind::Phone, phone.to_owned())];
    store.insert_wechat_user(new, handles, union_id, replace, |id| [event(id), event(id)]).await
}

/// How many users there are, names to log in with, bound WeChat accounts, and records.
async fn rows(store: &Store) -> [u64; 4] {
    let db = &store.db;
    [
        entity::user::Entity::find().count(db).await.unwrap(),
        entity::login_name::Entity::find().count(db).await.unwrap(),
        entity::wechat_user::Entity::find().count(db).await.unwrap(),
        entity::audit_event::Entity::find().count(db).await.unwrap(),
    ]
}

#[tokio::test]
async fn somebody_is_added_together_with_the_binding_or_not_at_all() {
    for database in databases().await {
        let (store, backend) = (database.store().await, database.backend());
        let lory = add_bound(&store, "13900139000", "u1", false).await.unwrap();
        assert_eq!(owner(&store, "u1").await, Some(lory.id), "{backend:?}");
        assert_eq!(store.user_by_phone("13900139000").await.unwrap(), Some(lory.clone()), "{backend:?}");
        assert_eq!(rows(&store).await, [1, 2, 1, 2], "{backend:?}");

        let taken = add_bound(&store, "13900139001", "u1", false).await;
        assert!(matches!(taken, Err(Error::Taken(Unique::WechatUnionId))), "{taken:?} on {backend:?}");
        for replace in [false, true] {
            let taken = store
                .insert_wechat_user(
                    new_user("laura"),
                    vec![(HandleKind::Account, "laura".to_owned()), (HandleKind::Phone, "13900139000".to_owned())],
                    "u1",
                    replace,
                    |id| [event(id), event(id)],
                )
                .await;
            let is_told = matches!(taken, Err(Error::Taken(Unique::Handle(HandleKind::Phone))));
            assert!(is_told, "{taken:?} on {backend:?}");
        }
        assert_eq!(owner(&store, "u1").await, Some(lory.id), "a refusal takes no binding away on {backend:?}");
        assert_eq!(rows(&store).await, [1, 2, 1, 2], "{backend:?}");

        let laura = add_bound(&store, "13900139001", "u1", true).await.unwrap();
        assert_eq!(owner(&store, "u1").await, Some(laura.id), "{backend:?}");
        assert_eq!(rows(&store).await, [2, 4, 1, 4], "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_added_at_once_for_one_account_one_stays_unless_they_replace() {
    for database in databases().await {
        let (store, backend) = (database.store().await, database.backend());
        let race = async |first: u32, replace| {
            let adding: Vec<_> = (first..first + 6)
                .map(|number| {
                    let store = store.clone();
                    tokio::spawn(
                        async move { add_bound(&store, &format!("139001390{number:02}"), "u1", replace).await },
                    )
                })
                .collect();
            join_all(adding).await.into_iter().map(Result::unwrap).collect::<Vec<_>>()
        };
        let outcomes = race(0, false).await;
        let won: Vec<_> = outcomes.iter().flatten().map(|row| row.id).collect();
        assert_eq!((won.len(), owner(&store, "u1").await), (1, won.first().copied()), "{outcomes:?} on {backend:?}");
        let is_refusal = |outcome: &Result<_, _>| matches!(outcome, Err(Error::Taken(Unique::WechatUnionId)));
        assert_eq!(outcomes.iter().filter(|outcome| is_refusal(outcome)).count(), 5, "{outcomes:?} on {backend:?}");
        assert_eq!(rows(&store).await, [1, 2, 1, 2], "{backend:?}");

        let outcomes = race(6, true).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?} on {backend:?}");
        assert_eq!(rows(&store).await, [7, 14, 1, 14], "{backend:?}");
    }
}

/// Two requests for one new number: who is late is told that the number is taken, and binds to the user that there is now.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_added_at_once_with_one_number_one_stays() {
    for database in databases().await {
        let (store, backend) = (database.store().await, database.backend());
        let adding: Vec<_> = (0..6)
            .map(|number| {
                let store = store.clone();
                let account = format!("wx_{number}");
                let handles =
                    vec![(HandleKind::Account, account.clone()), (HandleKind::Phone, "13900139000".to_owned())];
                let union_id = format!("u{number}");
                tokio::spawn(async move {
                    let records = |id| [event(id), event(id)];
                    store.insert_wechat_user(new_user(&account), handles, &union_id, false, records).await
                })
            })
            .collect();
        let outcomes: Vec<_> = join_all(adding).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?} on {backend:?}");
        let is_refusal =
            |outcome: &Result<_, _>| matches!(outcome, Err(Error::Taken(Unique::Handle(HandleKind::Phone))));
        assert_eq!(outcomes.iter().filter(|outcome| is_refusal(outcome)).count(), 5, "{outcomes:?} on {backend:?}");
        assert_eq!(rows(&store).await, [1, 2, 1, 2], "{backend:?}");
    }
}

#[tokio::test]
async fn a_number_is_found_as_a_phone_only() {
    for database in databases().await {
        let store = database.store().await;
        let squatter = add_user(&store, "13800138000").await;
        assert_eq!(store.user_by_phone("13800138000").await.unwrap(), None);
        assert_eq!(store.user_by_handle("13800138000").await.unwrap().map(|user| user.id), Some(squatter.id));
        let new = NewUserRow { phone: Some("13900139000".to_owned()), ..new_user("lory") };
        let handles = vec![(HandleKind::Account, "lory".to_owned()), (HandleKind::Phone, "13900139000".to_owned())];
        let lory = store.insert_user(new, handles, event).await.unwrap();
        assert_eq!(store.user_by_phone("13900139000").await.unwrap(), Some(lory), "{:?}", database.backend());
    }
}
