//! Who writes realms waits for others who do, and locks what is to be written before it is compared.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use tokio::sync::Notify;

use super::*;
use crate::store::entity::{interface_config, realm_revision};

fn writes(put: RealmPut) -> RealmWrites {
    RealmWrites { puts: vec![put], ..RealmWrites::default() }
}

fn pool(id: i64) -> RealmPut {
    let pool = RealmPool { name: String::new(), project_type: None, end_points: "[]".to_owned(), request_max: 1 };
    RealmPut::Pool(id, pool)
}

#[tokio::test]
async fn of_several_that_write_what_they_compared_at_once_one_does() {
    for database in databases().await {
        let store = database.store().await;
        let seen = store.realm(&UserScope::All).await.unwrap();
        let all: Vec<_> = (1..=4).map(|id| writes(pool(id))).collect();
        let written = join_all(all.iter().map(|writes| store.write_realm(&UserScope::All, &seen, writes))).await;
        let done = written.into_iter().filter(|one| *one.as_ref().unwrap()).count();
        assert_eq!(done, 1, "{:?}", database.backend());
        assert_eq!(store.realm_revision().await.unwrap(), 1, "{:?}", database.backend());
    }
}

#[tokio::test]
async fn without_the_count_of_realms_none_is_written() {
    for database in databases().await {
        let store = database.store().await;
        realm_revision::Entity::delete_many().exec(&store.db).await.unwrap();
        let seen = store.realm(&UserScope::All).await.unwrap();
        let written = store.write_realm(&UserScope::All, &seen, &writes(pool(1))).await;
        assert!(matches!(written, Err(Error::Fault(_))), "{:?}", database.backend());
        assert!(matches!(store.realm_revision().await, Err(Error::Fault(_))), "{:?}", database.backend());
        assert_eq!(store.realm(&UserScope::All).await.unwrap(), seen, "{:?}", database.backend());
    }
}

#[tokio::test]
async fn what_somebody_else_is_changing_is_compared_afterwards() {
    for database in databases().await {
        let store = database.store().await;
        let config = RealmConfig {
            name: "Users".to_owned(),
            method: "GET".to_owned(),
            url: "/users".to_owned(),
            auth_code: None,
            limit_gap: Some(1),
            limit_cycle: None,
            limit_max: None,
            message: None,
            remark: None,
            verify: false,
            limited: true,
            created_at: 1234,
        };
        let put = |gap| RealmPut::Config("c1".to_owned(), RealmConfig { limit_gap: Some(gap), ..config.clone() });
        let (empty, scope) = (RealmState::default(), UserScope::All);
        assert!(store.write_realm(&scope, &empty, &writes(put(1))).await.unwrap());

        let (seen, changed) = (store.realm(&scope).await.unwrap(), Notify::new());
        let (changed, two) = (&changed, writes(put(2)));
        let other = store.transaction(|transaction| async move {
            let update = interface_config::Entity::update_many();
            let update = update.col_expr(interface_config::Column::LimitGap, Expr::value(3));
            update.filter(interface_config::Column::Uid.eq("c1")).exec(&*transaction).await?;
            changed.notify_one();
            // With each of these the other one gets a turn, of which it needs fewer until it has to wait.
            for _ in 0..200 {
                interface_config::Entity::find().all(&*transaction).await?;
            }
            Ok(())
        });
        let this = async {
            changed.notified().await;
            store.write_realm(&scope, &seen, &two).await
        };
        let (other, this) = tokio::join!(other, this);
        other.unwrap();
        assert!(!this.unwrap(), "{:?}: what was compared is not there any more", database.backend());
        let gap = store.realm(&scope).await.unwrap().configs["c1"].limit_gap;
        assert_eq!(gap, Some(3), "{:?}", database.backend());
    }
}
