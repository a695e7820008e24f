//! Users, the names that they log in by, and the record about them, on every database.

use super::*;

fn handles(list: &[(HandleKind, &str)]) -> Vec<(HandleKind, String)> {
    list.iter().map(|(kind, handle)| (*kind, (*handle).to_owned())).collect()
}

fn taken<T>(outcome: Result<T, Error>) -> Option<Unique> {
    match outcome {
        Err(Error::Taken(unique)) => Some(unique),
        _ => None,
    }
}

#[tokio::test]
async fn users_come_back_as_they_went_in_by_each_of_their_names() {
    for database in databases().await {
        let store = database.store().await;
        assert!(!store.has_users().await.unwrap());
        let new = NewUserRow {
            account: "Lory".to_owned(),
            name: "数".repeat(64),
            email: Some("Lory@126.com".to_owned()),
            phone: Some("+8613800138000".to_owned()),
            password_sealed: Some("s".repeat(255)),
            is_admin: true,
            builtin: true,
            ..new_user("1")
        };
        let names = handles(&[
            (HandleKind::Email, "lory@126.com"),
            (HandleKind::Account, "lory"),
            (HandleKind::Phone, "+8613800138000"),
        ]);
        let row = store.insert_user(new.clone(), names, event).await.unwrap();
        let expected = UserRow {
            id: row.id,
            uid: new.uid,
            account: new.account,
            name: new.name,
            email: new.email,
            phone: new.phone,
            password_hash: new.password_hash,
            password_sealed: new.password_sealed,
            password_version: 1,
            banned: false,
            is_admin: true,
            builtin: true,
            tokens_valid_from: 0,
            head_img: None,
            created_at: 1234,
        };
        assert_eq!(row, expected, "{:?}", database.backend());
        for name in ["lory", "lory@126.com", "+8613800138000"] {
            assert_eq!(store.user_by_handle(name).await.unwrap().as_ref(), Some(&row), "{:?}", database.backend());
        }
        for name in ["Lory", "lory ", "ｌｏｒｙ", ""] {
            assert_eq!(store.user_by_handle(name).await.unwrap(), None, "{name:?} on {:?}", database.backend());
        }
        assert_eq!(store.user_by_id(row.id).await.unwrap().as_ref(), Some(&row));
        assert_eq!(store.user_by_id(i64::MAX).await.unwrap(), None);
        assert!(store.has_users().await.unwrap());
        assert_eq!(store.audit_events_of(row.id).await.unwrap(), [event(row.id)], "{:?}", database.backend());
    }
}

#[tokio::test]
async fn the_first_name_that_is_taken_is_told_and_nothing_stays() {
    for database in databases().await {
        let store = database.store().await;
        let all = [(HandleKind::Email, "e@x.yz"), (HandleKind::Account, "lory"), (HandleKind::Phone, "12345")];
        let first = store.insert_user(new_user("1"), handles(&all), event).await.unwrap();
        let backend = database.backend();
        let (email, account, phone) = (all[0], all[1], all[2]);
        for (wanted, told) in [
            (vec![email, account, phone], HandleKind::Email),
            (vec![(HandleKind::Email, "f@x.yz"), account], HandleKind::Account),
            (vec![(HandleKind::Account, "laura"), phone], HandleKind::Phone),
            // One name space: an account is not free because another user has it as a number.
            (vec![(HandleKind::Account, "12345")], HandleKind::Account),
        ] {
            let outcome = store.insert_user(new_user("2"), handles(&wanted), event).await;
            assert_eq!(taken(outcome), Some(Unique::Handle(told)), "{wanted:?} on {backend:?}");
        }
        let uid = NewUserRow { uid: first.uid.clone(), ..new_user("2") };
        let outcome = store.insert_user(uid, handles(&[(HandleKind::Account, "laura")]), event).await;
        assert_eq!(taken(outcome), Some(Unique::UserUid), "{backend:?}");

        let names = handles(&[(HandleKind::Email, "f@x.yz"), (HandleKind::Account, "laura")]);
        let second = store.insert_user(new_user("2"), names, event).await.unwrap();
        assert_eq!(events_of(&store, second.id).await, 1, "{backend:?}: the refused ones left nothing behind");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_racing_users_gets_the_name() {
    for database in databases().await {
        let store = database.store().await;
        let inserts: Vec<_> = (0..12)
            .map(|number| {
                let store = store.clone();
                let email = format!("{number}@x.yz");
                let names = vec![(HandleKind::Email, email), (HandleKind::Account, "lory".to_owned())];
                let new = new_user(&number.to_string());
                tokio::spawn(async move { store.insert_user(new, names, event).await })
            })
            .collect();
        let mut created = Vec::new();
        for insert in inserts {
            match insert.await.unwrap() {
                Ok(row) => created.push(row),
                Err(Error::Taken(Unique::Handle(HandleKind::Account))) => {}
                Err(other) => panic!("{other:?} on {:?}", database.backend()),
            }
        }
        assert_eq!(created.len(), 1, "{:?}", database.backend());
        assert_eq!(store.user_by_handle("lory").await.unwrap().as_ref(), created.first());
        let mut addresses = 0;
        for number in 0..12 {
            addresses += usize::from(store.user_by_handle(&format!("{number}@x.yz")).await.unwrap().is_some());
        }
        assert_eq!(addresses, 1, "the addresses of the others are free on {:?}", database.backend());
    }
}

#[tokio::test]
async fn a_ban_ends_what_began_before_it_and_reaches_its_user_only() {
    for database in databases().await {
        let store = database.store().await;
        let (lory, laura) = (add_user(&store, "lory").await, add_user(&store, "laura").await);
        store.set_user_banned(lory.id, true, 5000).await.unwrap();
        store.set_user_banned(i64::MAX, true, 5000).await.unwrap();
        let banned = UserRow { banned: true, tokens_valid_from: 5000, ..lory };
        assert_eq!(store.user_by_id(banned.id).await.unwrap().as_ref(), Some(&banned), "{:?}", database.backend());
        store.set_user_banned(banned.id, false, 6000).await.unwrap();
        let free = UserRow { banned: false, ..banned };
        assert_eq!(store.user_by_id(free.id).await.unwrap().as_ref(), Some(&free), "{:?}", database.backend());
        assert_eq!(store.user_by_id(laura.id).await.unwrap(), Some(laura), "{:?}", database.backend());
    }
}

#[tokio::test]
async fn the_digest_of_a_password_is_kept_unless_it_changed_meanwhile_and_dropped() {
    for database in databases().await {
        let store = database.store().await;
        let lory = add_user(&store, "lory").await;
        let password = |hash: &str, sealed: &str, version| PasswordRow {
            hash: hash.to_owned(),
            sealed: Some(sealed.to_owned()),
            version,
        };
        let hash = lory.password_hash.as_str();
        for (password, expected) in [
            (password("$argon2id$other", "late", 1), None),
            (password(hash, "late", 2), None),
            (password(hash, "sealed", 1), Some("sealed")),
        ] {
            store.keep_sealed_password(lory.id, password).await.unwrap();
            let row = store.user_by_id(lory.id).await.unwrap().unwrap();
            let expected = UserRow { password_sealed: expected.map(str::to_owned), ..lory.clone() };
            assert_eq!(row, expected, "{:?}", database.backend());
        }

        add_user(&store, "laura").await;
        assert_eq!(store.drop_sealed_passwords().await.unwrap(), 1, "{:?}", database.backend());
        assert_eq!(store.drop_sealed_passwords().await.unwrap(), 0, "{:?}", database.backend());
        assert_eq!(store.user_by_id(lory.id).await.unwrap(), Some(lory), "{:?}", database.backend());
    }
}

#[tokio::test]
async fn events_are_kept_in_order_cut_and_forgotten() {
    for database in databases().await {
        let store = database.store().await;
        let long = AuditRow { at: 7000, subject: Some("数".repeat(321)), trace: "t".repeat(64), ..event(7) };
        for event in [AuditRow { at: 6000, ..event(7) }, long.clone(), AuditRow { user_id: None, ..event(8) }] {
            store.insert_audit_event(event).await.unwrap();
        }
        let kept = store.audit_events_of(7).await.unwrap();
        let cut = AuditRow { subject: Some("数".repeat(320)), ..long };
        assert_eq!(kept, [AuditRow { at: 6000, ..event(7) }, cut.clone()], "{:?}", database.backend());
        assert_eq!(store.audit_events_of(8).await.unwrap(), []);
        assert_eq!(store.purge_audit_events(7000).await.unwrap(), 2, "{:?}", database.backend());
        assert_eq!(store.audit_events_of(7).await.unwrap(), [cut], "{:?}", database.backend());
    }
}

#[tokio::test]
async fn a_purpose_has_one_data_key() {
    for database in databases().await {
        let store = database.store().await;
        let key = |key_id: &str| DataKeyRow {
            id: 0,
            purpose: "core".to_owned(),
            key_id: key_id.to_owned(),
            private_key: "p".repeat(4000),
            wrapped: "w".repeat(512),
            created_at: 1234,
        };
        assert_eq!(store.data_key("core").await.unwrap(), None);
        store.insert_data_key(key("one")).await.unwrap();
        assert_eq!(taken(store.insert_data_key(key("two")).await), Some(Unique::DataKeyPurpose));
        let row = store.data_key("core").await.unwrap().unwrap();
        assert_eq!(DataKeyRow { id: 0, ..row.clone() }, key("one"), "{:?}", database.backend());

        store.move_data_key(row.id, "one", "two", "moved").await.unwrap();
        store.move_data_key(row.id, "one", "three", "late").await.unwrap();
        let moved = store.data_key("core").await.unwrap().unwrap();
        assert_eq!((moved.key_id.as_str(), moved.private_key.as_str()), ("two", "moved"), "{:?}", database.backend());
        assert_eq!(store.count_data_keys_under("two").await.unwrap(), 1);
        assert_eq!(store.count_data_keys_under("one").await.unwrap(), 0);
    }
}
