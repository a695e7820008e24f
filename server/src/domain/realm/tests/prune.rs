//! What `--prune` removes.

use super::*;
use crate::domain::config::OwnInterface;

fn own(method: &str, url: &str) -> OwnInterface {
    OwnInterface {
        name: "Own".to_owned(),
        method: method.to_owned(),
        url: url.to_owned(),
        auth_code: None,
        verify: false,
        limit: None,
    }
}

#[tokio::test]
async fn pruning_removes_what_is_not_declared_and_spares_what_is_not_spoken_of() {
    for database in databases().await {
        let (core, store, _) = core(&database).await;
        apply(&core, DEMO_REALM).await;
        apply(&core, SMALL).await;
        core.configs.know(&[own("GET", "/base/auth/v1.0/tokens/codes")]);
        // The one is for an operation of ours, the others only look like it.
        let others = "configs:
  - { name: Code, method: GET, url: /base/auth/v1.0/tokens/codes }
  - { name: Code, method: POST, url: /base/auth/v1.0/tokens/codes }
  - { name: Other, method: GET, url: /base/auth/v1.0/others }
";
        apply(&core, others).await;
        let pruned = told(&core.realms.apply(&declared(SMALL, true)).await.unwrap().changes);
        let kinds: Vec<_> =
            pruned.iter().map(|change| change.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        let count = |kind: &str| kinds.iter().filter(|one| *one == kind).count();
        let expected =
            [("- app", 3), ("- user", 1), ("- tenant", 1), ("- navigator", 5), ("- function", 9), ("- role", 1)];
        for (kind, number) in expected.into_iter().chain([("- config", 5), ("- pool", 1), ("- wechat_app", 1)]) {
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

#[tokio::test]
async fn what_goes_with_something_else_is_told() {
    for database in databases().await {
        let (core, store, _) = core(&database).await;
        apply(&core, SMALL).await;
        // A role that stays, with the function of a menu that goes.
        let other = "roles: [{ id: 00000000000000000000000000000032, name: Other, users: [lory], permit: [00000000000000000000000000000021] }]";
        apply(&core, other).await;
        let nothing = declared("apps: []\ntenants: []\n", true);
        let expected = [
            "~ role 00000000000000000000000000000032\n    permit: [\"00000000000000000000000000000021\"] -> []",
            "- role 00000000000000000000000000000031",
            "- function 00000000000000000000000000000021",
            "- navigator 00000000000000000000000000000011",
            "- navigator 00000000000000000000000000000012",
            "- tenant 00000000000000000000000000000001",
            "- app shop",
        ];
        assert_eq!(told(&core.realms.compare(&nothing).await.unwrap()), expected);
        assert_eq!(told(&core.realms.apply(&nothing).await.unwrap().changes), expected);
        assert_eq!(core.realms.compare(&nothing).await.unwrap(), [], "{:?}", database.backend());
        let left = store.realm(&UserScope::All).await.unwrap();
        assert!(left.navigators.is_empty() && left.functions.is_empty() && left.roles.len() == 1);

        apply(&core, SMALL).await;
        let told =
            told(&core.realms.apply(&declared("users: [{ account: lora, admin: true }]", true)).await.unwrap().changes);
        let lost = "\n    users: [\"lory\"] -> []";
        for one in ["~ tenant 00000000000000000000000000000001", "~ role 00000000000000000000000000000031"] {
            assert!(told.contains(&format!("{one}{lost}")), "{told:#?}");
        }
    }
}

#[tokio::test]
async fn what_goes_with_something_else_is_not_there_to_be_named() {
    let database = TestDatabase::create(crate::testing::Backend::Sqlite).await;
    let (core, ..) = core(&database).await;
    apply(&core, SMALL).await;
    let text = r#"apps: [{ id: other, name: Other }]
functions:
  - { id: 00000000000000000000000000000022, navigator: 00000000000000000000000000000012, index: 1, name: F }
"#;
    let error = core.realms.compare(&declared(text, true)).await.unwrap_err().to_string();
    assert_eq!(error, "3:56: there is no navigator `00000000000000000000000000000012`");
    let text = r#"apps: []
tenants: []
roles: [{ id: 00000000000000000000000000000033, name: Role, permit: [00000000000000000000000000000021] }]
"#;
    let error = core.realms.compare(&declared(text, true)).await.unwrap_err().to_string();
    assert_eq!(error, "3:70: there is no function `00000000000000000000000000000021`");
}
