//! Who waits to write holds up nobody who reads.

use sea_orm::EntityTrait as _;
use tokio::sync::{Barrier, Notify};

use super::*;

#[tokio::test]
async fn readers_do_not_wait_for_those_who_wait_to_write() {
    for database in databases().await {
        let store = database.store().await;
        store.insert_app(new_app("first", "first")).await.unwrap();
        let (all, read) = (Barrier::new(22), Notify::new());
        let (all, read) = (&all, &read);
        let writing = store.transaction(|transaction| async move {
            entity::app::Entity::delete_many().exec(&*transaction).await?;
            all.wait().await;
            read.notified().await;
            Ok(())
        });
        let store = &store;
        let others = join_all((0..20).map(|number| async move {
            all.wait().await;
            store.insert_app(new_app(&number.to_string(), &number.to_string())).await
        }));
        let reading = async {
            all.wait().await;
            // Each gives the others a turn.
            for _ in 0..100 {
                assert!(store.app_by_app_id("first").await.unwrap().is_some(), "{:?}", database.backend());
            }
            read.notify_one();
        };
        let (written, others, ()) = tokio::join!(writing, others, reading);
        written.unwrap();
        assert!(others.iter().all(Result::is_ok), "{:?}: {others:?}", database.backend());
        assert!(store.app_by_app_id("first").await.unwrap().is_none(), "{:?}", database.backend());
    }
}

#[tokio::test]
async fn who_waits_for_a_turn_too_long_finds_the_store_unavailable() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::connect(&Store::embedded_url(directory.path())).await.unwrap();
    let turn = store.turn().await.unwrap();
    tokio::time::pause();
    assert!(matches!(store.turn().await, Err(Error::Unavailable(_))));
    drop(turn);
    assert!(store.turn().await.is_ok());
}
