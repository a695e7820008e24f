//! Interface configs and the record of their changes on every database.

use super::*;
use crate::domain::random::Random;

fn fields(url: &str) -> ConfigFields {
    ConfigFields {
        name: "获取用户列表 🚀".to_owned(),
        method: "GET".to_owned(),
        url: url.to_owned(),
        auth_code: Some("getUser".to_owned()),
        limit_gap: Some(1),
        limit_cycle: Some(i32::MAX),
        limit_max: None,
        message: None,
        remark: Some("note".to_owned()),
        verify: true,
        limited: false,
    }
}

fn new_config(uid: &str, url: &str) -> NewConfigRow {
    NewConfigRow { uid: uid.to_owned(), fields: fields(url), created_at: 1234 }
}

fn log(uid: &str, kind: &str, config: &str) -> NewConfigLogRow {
    NewConfigLogRow {
        uid: uid.to_owned(),
        kind: kind.to_owned(),
        business: "接口配置管理".to_owned(),
        business_id: config.to_owned(),
        content: "{}".to_owned(),
        creator: "系统管理员".to_owned(),
        creator_id: "0".repeat(32),
        created_at: 5000,
    }
}

async fn urls(store: &Store, keyword: &str) -> Vec<String> {
    let rows = store.find_configs(keyword, 0, 100).await.unwrap();
    assert_eq!(store.count_configs(keyword).await.unwrap(), rows.len() as u64, "{keyword}");
    rows.into_iter().map(|row| row.url).collect()
}

#[tokio::test]
async fn configs_come_back_as_they_went_in() {
    for database in databases().await {
        let store = database.store().await;
        store.insert_config(new_config("c1", "/a"), log("l1", "INSERT", "c1")).await.unwrap();
        let row = store.config_by_uid("c1").await.unwrap().unwrap();
        let fields = fields("/a");
        let expected = ConfigRow {
            id: row.id,
            uid: "c1".to_owned(),
            name: fields.name,
            method: fields.method,
            url: fields.url,
            auth_code: fields.auth_code,
            limit_gap: Some(1),
            limit_cycle: Some(i32::MAX),
            limit_max: None,
            message: None,
            remark: fields.remark,
            verify: true,
            limited: false,
            created_at: 1234,
        };
        assert_eq!(row, expected, "{:?}", database.backend());
        assert_eq!(store.config_by_uid("C1").await.unwrap(), None, "{:?}", database.backend());
        let kept = store.config_log_by_uid("l1").await.unwrap().unwrap();
        let texts = (kept.kind.as_str(), kept.business_id.as_str(), kept.content.as_deref(), kept.creator.as_str());
        assert_eq!(texts, ("INSERT", "c1", Some("{}"), "系统管理员"), "{:?}", database.backend());
    }
}

#[tokio::test]
async fn a_change_tells_what_was_before_and_leaves_the_rest() {
    for database in databases().await {
        let store = database.store().await;
        for (uid, url) in [("c1", "/a"), ("c2", "/b")] {
            store.insert_config(new_config(uid, url), log(&format!("l{uid}"), "INSERT", uid)).await.unwrap();
        }
        let before = store.config_by_uid("c1").await.unwrap().unwrap();
        let other = store.config_by_uid("c2").await.unwrap();
        let changed = ConfigFields { auth_code: None, limit_max: Some(5), limited: true, ..fields("/c") };
        let told = |row: &ConfigRow| NewConfigLogRow { content: row.url.clone(), ..log("l3", "UPDATE", "c1") };
        assert_eq!(store.update_config("c1", changed.clone(), told).await.unwrap(), Some(before.clone()));
        let after = ConfigRow { url: "/c".to_owned(), auth_code: None, limit_max: Some(5), limited: true, ..before };
        assert_eq!(store.config_by_uid("c1").await.unwrap(), Some(after), "{:?}", database.backend());
        assert_eq!(store.config_by_uid("c2").await.unwrap(), other);
        assert_eq!(store.config_log_by_uid("l3").await.unwrap().unwrap().content.as_deref(), Some("/a"));

        // The same once more: there is nothing to change, and it was there.
        let again = |_: &ConfigRow| log("l4", "UPDATE", "c1");
        assert!(store.update_config("c1", changed.clone(), again).await.unwrap().is_some(), "{:?}", database.backend());
        let nothing = |_: &ConfigRow| log("l5", "UPDATE", "c9");
        assert_eq!(store.update_config("c9", changed, nothing).await.unwrap(), None);
        assert!(!store.delete_config("c9", nothing).await.unwrap());
        assert_eq!(store.config_log_by_uid("l5").await.unwrap(), None, "what did not happen is not recorded");
    }
}

#[tokio::test]
async fn a_method_and_a_url_have_one_config() {
    for database in databases().await {
        let (store, backend) = (database.store().await, database.backend());
        store.insert_config(new_config("c1", "/a"), log("l1", "INSERT", "c1")).await.unwrap();
        let taken = store.insert_config(new_config("c2", "/a"), log("l2", "INSERT", "c2")).await;
        assert!(matches!(taken, Err(Error::Taken(Unique::ConfigUrl))), "{taken:?} on {backend:?}");
        assert_eq!(store.config_log_by_uid("l2").await.unwrap(), None, "both or neither");
        let post = ConfigFields { method: "POST".to_owned(), ..fields("/a") };
        let post = NewConfigRow { fields: post, ..new_config("c3", "/a") };
        store.insert_config(post, log("l3", "INSERT", "c3")).await.unwrap();
        store.insert_config(new_config("c4", "/A"), log("l4", "INSERT", "c4")).await.unwrap();
        let moved = store.update_config("c4", fields("/a"), |_| log("l5", "UPDATE", "c4")).await;
        assert!(matches!(moved, Err(Error::Taken(Unique::ConfigUrl))), "{moved:?} on {backend:?}");
        assert_eq!(store.config_log_by_uid("l5").await.unwrap(), None, "both or neither");
        // A record that cannot be written leaves no change either.
        let twice = store.delete_config("c4", |_| log("l4", "DELETE", "c4")).await;
        assert!(matches!(twice, Err(Error::Fault(_))), "{twice:?} on {backend:?}");
        assert!(store.config_by_uid("c4").await.unwrap().is_some(), "{backend:?}");
    }
}

#[tokio::test]
async fn keywords_are_looked_for_as_they_stand() {
    for database in databases().await {
        let (store, backend) = (database.store().await, database.backend());
        let texts = ["/100%", "/100x", "/a_b", "/axb", r"/c\d", "/cd", "/Users", "/users", "/it's", "/用户"];
        for (number, url) in texts.into_iter().enumerate() {
            let uid = number.to_string();
            let mut new = new_config(&uid, url);
            new.fields.name = "name".to_owned();
            new.fields.auth_code = (number == 0).then(|| "right".to_owned());
            store.insert_config(new, log(&format!("l{number}"), "INSERT", &uid)).await.unwrap();
        }
        for (keyword, expected) in [
            ("0%", vec!["/100%"]),
            ("%", vec!["/100%"]),
            ("a_b", vec!["/a_b"]),
            ("_", vec!["/a_b"]),
            (r"c\d", vec![r"/c\d"]),
            (r"\", vec![r"/c\d"]),
            ("users", vec!["/users"]),
            ("Users", vec!["/Users"]),
            ("'", vec!["/it's"]),
            ("户", vec!["/用户"]),
            ("right", vec!["/100%"]),
            ("nothing", vec![]),
        ] {
            assert_eq!(urls(&store, keyword).await, expected, "{keyword} on {backend:?}");
        }
        let mut all = texts.to_vec();
        all.reverse();
        for keyword in ["", "name"] {
            assert_eq!(urls(&store, keyword).await, all, "{backend:?}: the newest first");
        }
        let page = store.find_configs("name", 8, 5).await.unwrap();
        assert_eq!(page.into_iter().map(|row| row.url).collect::<Vec<_>>(), ["/100x", "/100%"], "{backend:?}");
        assert!(store.find_configs("", i64::MAX.unsigned_abs(), 100).await.unwrap().is_empty(), "{backend:?}");
    }
}

#[tokio::test]
async fn changes_are_found_by_what_who_and_to_what() {
    for database in databases().await {
        let (store, backend) = (database.store().await, database.backend());
        store.insert_config(new_config("c1", "/a"), log("l1", "INSERT", "c1")).await.unwrap();
        let by = |uid: &str, kind: &str, creator: &str| NewConfigLogRow {
            creator: creator.to_owned(),
            creator_id: format!("id-{creator}"),
            ..log(uid, kind, "c1")
        };
        store.update_config("c1", fields("/b"), |_| by("l2", "UPDATE", "lory")).await.unwrap();
        store.delete_config("c1", |_| by("l3", "DELETE", "l_ry")).await.unwrap();
        for (keyword, expected) in [
            ("UPDATE", vec!["l2"]),
            ("update", vec![]),
            ("接口", vec!["l3", "l2", "l1"]),
            ("c1", vec!["l3", "l2", "l1"]),
            ("l_ry", vec!["l3"]),
            ("id-lory", vec!["l2"]),
            ("系统", vec!["l1"]),
            ("", vec!["l3", "l2", "l1"]),
        ] {
            let rows = store.find_config_logs(keyword, 0, 10).await.unwrap();
            assert_eq!(store.count_config_logs(keyword).await.unwrap(), rows.len() as u64);
            let uids: Vec<_> = rows.iter().map(|row| row.uid.as_str()).collect();
            assert_eq!(uids, expected, "{keyword} on {backend:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_that_start_at_once_add_each_config_once() {
    for database in databases().await {
        let store = database.store().await;
        store.insert_config(new_config("mine", "/0"), log("l1", "INSERT", "mine")).await.unwrap();
        let wanted: Arc<Vec<_>> = Arc::new((0..20).map(|n| new_config(&format!("c{n}"), &format!("/{n}"))).collect());
        let starts: Vec<_> = (0..6)
            .map(|_| {
                let (store, wanted) = (store.clone(), Arc::clone(&wanted));
                tokio::spawn(async move { store.add_missing_configs(&wanted, || Random::system().hex(32)).await })
            })
            .collect();
        for start in starts {
            start.await.unwrap().unwrap();
        }
        assert_eq!(store.configs().await.unwrap().len(), 20, "{:?}", database.backend());
        assert!(store.config_by_uid("mine").await.unwrap().is_some(), "what is there is left alone");
        assert_eq!(store.config_by_uid("c0").await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_that_start_at_once_find_another_id_where_one_is_taken() {
    for database in databases().await {
        let (store, backend) = (database.store().await, database.backend());
        store.insert_config(new_config("c0", "/moved"), log("l1", "INSERT", "c0")).await.unwrap();
        let wanted = Arc::new(vec![new_config("c0", "/0"), new_config("c1", "/1")]);
        let starts = (0..6).map(|_| {
            let (store, wanted) = (store.clone(), Arc::clone(&wanted));
            tokio::spawn(async move { store.add_missing_configs(&wanted, || Random::system().hex(32)).await })
        });
        for start in starts.collect::<Vec<_>>() {
            start.await.unwrap().unwrap();
        }
        assert_eq!(urls(&store, "").await.len(), 3, "{backend:?}: each once");
        assert_eq!(store.config_by_uid("c0").await.unwrap().unwrap().url, "/moved", "{backend:?}");
        assert_eq!(store.config_by_uid("c1").await.unwrap().unwrap().url, "/1", "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_at_once_follow_each_other() {
    for database in databases().await {
        let store = database.store().await;
        store.insert_config(new_config("c1", "/start"), log("l", "INSERT", "c1")).await.unwrap();
        let changes: Vec<_> = (0..12)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move {
                    let url = format!("/{number}");
                    let told = |row: &ConfigRow| NewConfigLogRow {
                        content: row.url.clone(),
                        ..log(&format!("l{number}"), "UPDATE", "c1")
                    };
                    store.update_config("c1", fields(&url), told).await.unwrap().unwrap();
                })
            })
            .collect();
        for change in changes {
            change.await.unwrap();
        }
        // Each found what another one left: all of what was before, and what is now, differ.
        let mut seen: Vec<_> = store.find_config_logs("UPDATE", 0, 100).await.unwrap();
        let mut urls: Vec<_> = seen.drain(..).filter_map(|row| row.content).collect();
        urls.push(store.config_by_uid("c1").await.unwrap().unwrap().url);
        urls.sort();
        urls.dedup();
        assert_eq!(urls.len(), 13, "{:?}", database.backend());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_racing_deletions_is_recorded() {
    for database in databases().await {
        let store = database.store().await;
        store.insert_config(new_config("c1", "/a"), log("l", "INSERT", "c1")).await.unwrap();
        let deletions: Vec<_> = (0..12)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move {
                    store.delete_config("c1", |_| log(&format!("l{number}"), "DELETE", "c1")).await.unwrap()
                })
            })
            .collect();
        let mut deleted = 0;
        for deletion in deletions {
            deleted += usize::from(deletion.await.unwrap());
        }
        let recorded = store.count_config_logs("DELETE").await.unwrap();
        assert_eq!((deleted, recorded), (1, 1), "{:?}", database.backend());
    }
}
