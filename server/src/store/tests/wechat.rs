//! Applications at WeChat and bound WeChat accounts, on every database.

use super::*;

async fn owner(store: &Store, union_id: &str) -> Option<i64> {
    store.user_by_wechat(union_id).await.unwrap().map(|user| user.id)
}

#[tokio::test]
async fn an_application_is_found_by_its_id_and_its_secret_replaced() {
    for database in databases().await {
        let store = database.store().await;
        store.put_wechat_app("wx1", "one").await.unwrap();
        store.put_wechat_app("WX1", "other").await.unwrap();
        store.put_wechat_app("wx1", "two").await.unwrap();
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
