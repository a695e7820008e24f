//! The migrations one by one, with rows in their tables.

use super::*;

/// Fills every table of users and of what they own.
async fn fill(store: &Store) -> UserRow {
    let user = add_user(store, "lory").await;
    let session = SessionRow {
        id: "s".to_owned(),
        dialect: "test".to_owned(),
        user_id: user.id,
        created_at: 0,
        expires_at: 9000,
        revoked_at: None,
        revoked_why: None,
    };
    let refresh = RefreshRow {
        id: "r".to_owned(),
        session_id: "s".to_owned(),
        access_id: "a".to_owned(),
        key_id: "k".to_owned(),
        issued_at: 0,
        expires_at: 9000,
        spent_at: None,
        successor: None,
    };
    store.insert_session(session, Some(refresh), event(user.id)).await.unwrap();
    fill_what_users_own(store, user.id).await;
    user
}

async fn fill_what_users_own(store: &Store, user_id: i64) {
    let pool = PoolRow { id: 0, name: String::new(), project_type: None, end_points: "[]".to_owned(), request_max: 30 };
    store.put_pool(pool).await.unwrap();
    let project = NewProjectRow {
        user_id,
        project_type: 1,
        name: "name".to_owned(),
        project_key: "key".to_owned(),
        secret_sealed: "sealed".to_owned(),
        pool_id: Some(0),
        created_at: 1,
    };
    store.insert_project(project).await.unwrap();
    let product = NewProductRow { user_id, name: "name".to_owned(), product_key: "key".to_owned(), created_at: 1 };
    store.insert_product(product).await.unwrap();
}

#[tokio::test]
async fn each_step_back_takes_its_own_tables_and_leaves_the_others() {
    for database in databases().await {
        let store = database.store().await;
        store.insert_app(new_app("a", "a")).await.unwrap();
        let user = fill(&store).await;
        store.insert_access_token(access_token("t", user.id, 1), false, event(user.id)).await.unwrap();
        store.record_login_failure("user:1", 1, |row| row).await.unwrap();

        let revision = ["m20261125_000006_realm_revision"];
        assert_eq!(store.migrate_down(1).await.unwrap(), revision, "{:?}", database.backend());
        assert!(matches!(store.realm_revision().await, Err(Error::Fault(_))), "{:?}", database.backend());
        assert_eq!(store.migrate_up().await.unwrap(), revision);
        assert_eq!(store.realm_revision().await.unwrap(), 0, "{:?}", database.backend());

        store.migrate_down(1).await.unwrap();
        assert_eq!(store.migrate_down(1).await.unwrap(), ["m20261125_000005_access"]);
        assert!(matches!(store.access_token("t").await, Err(Error::Fault(_))), "{:?}", database.backend());
        assert!(matches!(store.login_failures("user:1").await, Err(Error::Fault(_))), "{:?}", database.backend());
        assert!(store.tenant_of("t", 1, user.id).await.unwrap().is_none());
        assert_eq!(store.migrate_up().await.unwrap(), ["m20261125_000005_access", revision[0]]);
        assert!(store.access_token("t").await.unwrap().is_none(), "what was taken back is gone");

        let three = [revision[0], "m20261125_000005_access", "m20261125_000004_tenant"];
        assert_eq!(store.migrate_down(3).await.unwrap(), three, "{:?}", database.backend());
        assert!(matches!(store.tenant_of("t", 1, user.id).await, Err(Error::Fault(_))), "{:?}", database.backend());
        store.migrate_up().await.unwrap();
        assert_eq!(store.user_by_handle("lory").await.unwrap().as_ref(), Some(&user), "users outlive it");
        assert_eq!(store.app_by_app_id("a").await.unwrap().map(|app| app.exclusive), Some(false));

        store.migrate_down(3).await.unwrap();
        assert_eq!(store.migrate_down(1).await.unwrap(), ["m20261125_000003_project"]);
        assert!(matches!(store.count_projects_of(user.id).await, Err(Error::Fault(_))), "{:?}", database.backend());
        assert!(matches!(store.pools_for(1).await, Err(Error::Fault(_))), "{:?}", database.backend());
        assert!(store.session_by_id("s").await.unwrap().is_some());

        let back = ["m20261125_000003_project", "m20261125_000004_tenant", "m20261125_000005_access", revision[0]];
        assert_eq!(store.migrate_up().await.unwrap(), back);
        assert_eq!(store.user_by_handle("lory").await.unwrap().as_ref(), Some(&user), "{:?}", database.backend());
        assert_eq!(store.count_projects_of(user.id).await.unwrap(), 0, "what was taken back is gone");
        fill_what_users_own(&store, user.id).await;

        let mut all = back.to_vec();
        all.insert(0, "m20261125_000002_user");
        all.reverse();
        assert_eq!(store.migrate_down(5).await.unwrap(), all, "{:?}", database.backend());
        assert!(matches!(store.has_users().await, Err(Error::Fault(_))), "{:?}", database.backend());
        assert!(matches!(store.audit_events_of(user.id).await, Err(Error::Fault(_))), "{:?}", database.backend());
        assert!(matches!(store.data_key("core").await, Err(Error::Fault(_))), "{:?}", database.backend());

        store.migrate_up().await.unwrap();
        assert!(store.app_by_app_id("a").await.unwrap().is_some(), "applications are another migration's");
        assert!(!store.has_users().await.unwrap());
        fill(&store).await;
    }
}
