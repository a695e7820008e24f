use super::*;
use crate::domain::realm::Declared;
use crate::domain::realm::tests::core;
use crate::testing::databases;

const REALM: &str = r#"
apps: [{ id: one, name: One }, { id: two, name: Two }]
users: [{ account: lory, password: "123456" }, { account: root, password: "123456", admin: true, builtin: true }]
tenants: [{ id: "00000000000000000000000000000001", name: T, apps: [one], users: [lory] }]
navigators:
  - { id: "00000000000000000000000000000011", app: one, index: 1, name: Group }
  - { id: "00000000000000000000000000000012", app: one, parent: "00000000000000000000000000000011", index: 1, name: M }
  - { id: "00000000000000000000000000000013", app: two, index: 1, name: Alone }
functions:
  - { id: "00000000000000000000000000000021", navigator: "00000000000000000000000000000012", index: 2, name: F, auth_codes: [get, get_all] }
  - { id: "00000000000000000000000000000022", navigator: "00000000000000000000000000000012", index: 1, name: G, auth_codes: [edit] }
  - { id: "00000000000000000000000000000023", navigator: "00000000000000000000000000000013", index: 1, name: H, auth_codes: [edit, drop] }
roles:
  - { id: "00000000000000000000000000000031", name: A, users: [lory], permit: ["00000000000000000000000000000021", "00000000000000000000000000000022"] }
  - { id: "00000000000000000000000000000032", name: B, tenant: "00000000000000000000000000000001", users: [lory], permit: ["00000000000000000000000000000023"] }
  - { id: "00000000000000000000000000000033", name: C, users: [], deny: ["00000000000000000000000000000021"] }
"#;

#[tokio::test]
async fn a_right_is_permitted_by_a_role_and_denied_by_none() {
    for database in databases().await {
        let (core, ..) = core(&database).await;
        let apply = async |text: &str| {
            let declared = Declared::read(text, std::path::Path::new(""), false).unwrap();
            core.realms.apply(&declared).await.unwrap();
        };
        apply(REALM).await;
        let rights = async |user_id, app_id, tenant_id| {
            let mut rights = Vec::new();
            for code in ["get", "get_all", "ge", "getXall", "get,get_all", "", "%", "edit", "drop"] {
                match core.permissions.require(Subject { user_id, app_id, tenant_id }, code).await {
                    Ok(()) => rights.push(code),
                    Err(Error::Forbidden) => {}
                    Err(other) => panic!("{other:?} on {:?}", database.backend()),
                }
            }
            rights
        };
        let backend = database.backend();
        assert_eq!(rights(1, 1, None).await, ["get", "get_all", "edit"], "{backend:?}");
        assert_eq!(rights(1, 2, None).await, ["get", "get_all", "edit"], "of whichever application, on {backend:?}");
        assert_eq!(rights(1, 1, Some(1)).await, ["get", "get_all", "edit", "drop"], "{backend:?}");
        assert_eq!(rights(1, 1, Some(2)).await, ["get", "get_all", "edit"], "of another tenant, on {backend:?}");
        assert_eq!(rights(2, 1, None).await, [] as [&str; 0], "an administrator without a role, on {backend:?}");

        let functions = async |user_id, tenant_id| {
            let subject = Subject { user_id, app_id: 2, tenant_id };
            let functions = core.permissions.functions(subject, "00000000000000000000000000000012").await.unwrap();
            functions.into_iter().map(|function| (function.name, function.permit)).collect::<Vec<_>>()
        };
        let named = |g, f| vec![("G".to_owned(), g), ("F".to_owned(), f)];
        assert_eq!(functions(1, None).await, named(Some(true), Some(true)), "{backend:?}");
        assert_eq!(functions(2, None).await, named(None, None), "{backend:?}");
        apply(&REALM.replace("users: [], deny", "users: [lory], deny")).await;
        assert_eq!(functions(1, None).await, named(Some(true), Some(false)), "{backend:?}");
        assert_eq!(rights(1, 1, None).await, ["edit"], "{backend:?}");

        let menu = async |app_id, tenant_id| {
            let navigators = core.permissions.navigators(Subject { user_id: 1, app_id, tenant_id }).await.unwrap();
            navigators.into_iter().map(|navigator| navigator.name).collect::<Vec<_>>()
        };
        assert_eq!(menu(1, None).await, ["Group", "M"], "{backend:?}");
        assert_eq!((menu(2, None).await, menu(2, Some(1)).await), (vec![], vec!["Alone".to_owned()]), "{backend:?}");
    }
}
