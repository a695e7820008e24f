//! Products on every database.

use super::*;

fn new_product(user_id: i64, name: &str, key: &str) -> NewProductRow {
    NewProductRow { user_id, name: name.to_owned(), product_key: key.to_owned(), created_at: 1234 }
}

#[tokio::test]
async fn a_name_is_unique_among_its_owners_and_a_key_among_all() {
    for database in databases().await {
        let store = database.store().await;
        let (lory, laura) = (add_user(&store, "lory").await.id, add_user(&store, "laura").await.id);
        let taken = |outcome: Result<ProductRow, Error>| match outcome {
            Err(Error::Taken(unique)) => Some(unique),
            _ => None,
        };
        let first = store.insert_product(new_product(lory, "传感器 📡", "k1")).await.unwrap();
        assert_eq!((first.user_id, first.name.as_str(), first.product_key.as_str()), (lory, "传感器 📡", "k1"));
        assert_eq!(first.created_at, 1234);
        let twin = store.insert_product(new_product(lory, "传感器 📡", "k2")).await;
        assert_eq!(taken(twin), Some(Unique::ProductName), "{:?}", database.backend());
        let same_key = store.insert_product(new_product(laura, "other", "k1")).await;
        assert_eq!(taken(same_key), Some(Unique::ProductKey), "{:?}", database.backend());
        for (user_id, name, key) in
            [(laura, "传感器 📡", "k3"), (lory, "Name", "K1"), (lory, "name", "k4"), (lory, "name ", "k5")]
        {
            let inserted = store.insert_product(new_product(user_id, name, key)).await;
            assert!(inserted.is_ok(), "{name:?} {key} on {:?}: {inserted:?}", database.backend());
        }
        let orphan = store.insert_product(new_product(999_999, "orphan", "k6")).await;
        assert!(matches!(orphan, Err(Error::Fault(_))), "{:?}", database.backend());
    }
}
