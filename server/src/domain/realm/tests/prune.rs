//! What `--prune` removes.

use super::*;

#[tokio::test]
async fn pruning_removes_what_is_not_declared_and_spares_what_is_not_spoken_of() {
    for database in databases().await {
        let (core, store, _) = core(&database).await;
        apply(&core, DEMO_REALM).await;
        apply(&core, SMALL).await;
        let own = "configs: [{ name: Code, method: GET, url: /base/auth/v1.0/tokens/codes }]";
        apply(&core, own).await;
        let pruned = told(&core.realms.apply(&declared(SMALL, true)).await.unwrap().changes);
        let kinds: Vec<_> =
            pruned.iter().map(|change| change.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        let count = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
        let expected =
            [("- app", 3), ("- user", 1), ("- tenant", 1), ("- navigator", 5), ("- function", 9), ("- role", 1)];
        for (kind, number) in expected.into_iter().chain([("- config", 3), ("- pool", 1), ("- wechat_app", 1)]) {
            assert_eq!(count(kind), number, "{kind} on {:?}: {pruned:#?}", database.backend());
        }
        let left = store.realm(&UserScope::All).await.unwrap();
        assert_eq!((left.apps.len(), left.users.len(), left.configs.len(), left.functions.len()), (1, 1, 2, 1));
        assert_eq!(core.realms.compare(&declared(SMALL, true)).await.unwrap(), []);

        apply(&core, DEMO_REALM).await;
        let one = "pools: []";
        let pruned = told(&core.realms.apply(&declared(one, true)).await.unwrap().changes);
        assert_eq!(pruned, ["- pool 0", "- pool 3"]);
        let nobody = core.realms.apply(&declared("users: []", true)).await.unwrap_err().to_string();
        assert!(nobody.contains("no administrator would be left"), "{nobody}");
    }
}
