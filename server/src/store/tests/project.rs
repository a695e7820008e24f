//! Projects and pools on every database.

use super::*;

fn new_project(user_id: i64, key: &str) -> NewProjectRow {
    NewProjectRow {
        user_id,
        project_type: 1,
        name: "我的ChatGPT项目 🚀".to_owned(),
        project_key: key.to_owned(),
        secret_sealed: "sealed".to_owned(),
        pool_id: None,
        created_at: 1234,
    }
}

fn pool(id: i64, project_type: Option<i32>) -> PoolRow {
    let end_points = r#"["https://api.hobbychain.org//rpc"]"#.to_owned();
    PoolRow { id, name: format!("Pool {id}"), project_type, end_points, request_max: 500 }
}

#[tokio::test]
async fn projects_come_back_as_they_went_in() {
    for database in databases().await {
        let store = database.store().await;
        let user = add_user(&store, "lory").await.id;
        store.put_pool(pool(0, None)).await.unwrap();
        let new = NewProjectRow { pool_id: Some(0), project_type: i32::MIN, ..new_project(user, "k1") };
        let row = store.insert_project(new.clone()).await.unwrap();
        let expected = ProjectRow {
            id: row.id,
            user_id: user,
            project_type: new.project_type,
            name: new.name,
            project_key: new.project_key,
            secret_sealed: new.secret_sealed,
            pool_id: Some(0),
            request_total: 0,
            request_day: 0,
            request_today: 0,
            created_at: 1234,
            deleted_at: None,
        };
        assert_eq!(row, expected, "{:?}", database.backend());
        assert_eq!(store.projects_of(user, 0, 10).await.unwrap(), [row], "{:?}", database.backend());
    }
}

#[tokio::test]
async fn a_key_is_unique_and_a_name_is_not() {
    for database in databases().await {
        let store = database.store().await;
        let (lory, laura) = (add_user(&store, "lory").await.id, add_user(&store, "laura").await.id);
        store.insert_project(new_project(lory, "key")).await.unwrap();
        store.insert_project(new_project(lory, "Key")).await.unwrap();
        let taken = store.insert_project(new_project(laura, "key")).await;
        assert!(matches!(taken, Err(Error::Taken(Unique::ProjectKey))), "{taken:?} on {:?}", database.backend());
        for orphan in [new_project(999_999, "k2"), NewProjectRow { pool_id: Some(999_999), ..new_project(lory, "k3") }]
        {
            let refused = store.insert_project(orphan).await;
            assert!(matches!(refused, Err(Error::Fault(_))), "{refused:?} on {:?}", database.backend());
        }
    }
}

#[tokio::test]
async fn a_list_is_read_by_pages_and_hides_what_was_deleted() {
    for database in databases().await {
        let store = database.store().await;
        let (lory, laura) = (add_user(&store, "lory").await.id, add_user(&store, "laura").await.id);
        let mut ids = Vec::new();
        for number in 0..5 {
            ids.push(store.insert_project(new_project(lory, &format!("k{number}"))).await.unwrap().id);
        }
        let foreign = store.insert_project(new_project(laura, "foreign")).await.unwrap().id;

        let recorded = events_of(&store, lory).await;
        assert!(!store.delete_project(lory, foreign, event(lory)).await.unwrap(), "somebody else's");
        assert!(!store.delete_project(lory, i64::MAX, event(lory)).await.unwrap(), "not there");
        assert_eq!(events_of(&store, lory).await, recorded, "what did not happen is not recorded");
        assert!(store.delete_project(lory, ids[1], event(lory)).await.unwrap());
        assert!(!store.delete_project(lory, ids[1], event(lory)).await.unwrap(), "twice");
        assert_eq!(events_of(&store, lory).await, recorded + 1);

        let page = async |offset, limit| {
            let rows = store.projects_of(lory, offset, limit).await.unwrap();
            rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
        };
        assert_eq!(page(0, 2).await, [ids[0], ids[2]], "{:?}", database.backend());
        assert_eq!(page(2, 2).await, [ids[3], ids[4]], "{:?}", database.backend());
        assert_eq!(page(i64::MAX.unsigned_abs(), 100).await, [] as [i64; 0]);
        assert_eq!(store.count_projects_of(lory).await.unwrap(), 4);
        assert_eq!(store.count_projects_of(laura).await.unwrap(), 1);
        assert_eq!(store.count_projects_of(999_999).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_racing_deletions_deletes_and_is_recorded() {
    for database in databases().await {
        let store = database.store().await;
        let user = add_user(&store, "lory").await.id;
        let id = store.insert_project(new_project(user, "key")).await.unwrap().id;
        let recorded = events_of(&store, user).await;
        let deletions: Vec<_> = (0..12)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.delete_project(user, id, event(user)).await.unwrap() })
            })
            .collect();
        let mut deleted = 0;
        for deletion in deletions {
            deleted += usize::from(deletion.await.unwrap());
        }
        assert_eq!(deleted, 1, "{:?}", database.backend());
        assert_eq!(events_of(&store, user).await, recorded + 1, "{:?}", database.backend());
    }
}

#[tokio::test]
async fn a_pool_is_added_replaced_and_found_by_what_it_serves() {
    for database in databases().await {
        let store = database.store().await;
        for pool in [pool(0, None), pool(3, Some(3)), pool(7, Some(1))] {
            store.put_pool(pool).await.unwrap();
        }
        let ids = |rows: Vec<PoolRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!(store.pools(&[7]).await.unwrap(), [pool(7, Some(1))], "{:?}", database.backend());
        assert_eq!(store.pools(&[]).await.unwrap(), []);
        assert_eq!(ids(store.pools(&[0, 3, 4711]).await.unwrap()).len(), 2);
        assert_eq!(ids(store.pools_for(1).await.unwrap()), [0, 7], "{:?}", database.backend());
        assert_eq!(ids(store.pools_for(2).await.unwrap()), [0], "{:?}", database.backend());

        store.put_pool(pool(7, Some(1))).await.unwrap();
        let changed = PoolRow { name: "香港".to_owned(), request_max: 0, ..pool(7, Some(2)) };
        store.put_pool(changed.clone()).await.unwrap();
        assert_eq!(store.pools(&[7]).await.unwrap(), [changed], "{:?}", database.backend());
        assert_eq!(ids(store.pools_for(1).await.unwrap()), [0]);
    }
}

#[tokio::test]
async fn a_type_of_projects_has_one_pool() {
    for database in databases().await {
        let store = database.store().await;
        for pool in [pool(3, Some(3)), pool(7, Some(1))] {
            store.put_pool(pool).await.unwrap();
        }
        let backend = database.backend();
        let added = store.put_pool(pool(8, Some(1))).await;
        assert!(matches!(added, Err(Error::Taken(Unique::PoolProjectType))), "{added:?} on {backend:?}");
        let moved = store.put_pool(pool(3, Some(1))).await;
        assert!(matches!(moved, Err(Error::Taken(Unique::PoolProjectType))), "{moved:?} on {backend:?}");
        let mut kept = store.pools(&[3, 7, 8]).await.unwrap();
        kept.sort_by_key(|row| row.id);
        assert_eq!(kept, [pool(3, Some(3)), pool(7, Some(1))], "{backend:?}: what was refused changes nothing");
    }
}
