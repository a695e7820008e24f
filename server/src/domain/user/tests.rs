//! Digests of passwords when signature logins are turned off and on again, on every database.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::config::Config;
use crate::domain::Core;
use crate::domain::keys::KeyRing;
use crate::domain::realm::Declared;
use crate::testing::{TestDatabase, databases};

const REALM: &str =
    "users: [{ account: lory, password: '123456', admin: true }, { account: laura, password: '654321' }]";

/// A server's core on a database, which has settled.
async fn core(database: &TestDatabase, signature_login: bool) -> Core {
    let (clock, _) = Clock::manual(Timestamp::from_seconds(1_767_323_045));
    let mut config = Config::default();
    config.insight_auth.signature_login = signature_login;
    let random = Random::system();
    let directory = tempfile::tempdir().unwrap();
    let master = Secret::new("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".to_owned());
    let keys = KeyRing::open(directory.path(), Some(&master), clock.clone(), random.clone()).unwrap();
    let mail = config.mail(clock.clone(), random.clone()).unwrap();
    let sms = config.messenger(clock.clone(), random.clone());
    let store = database.store().await;
    let core = Core::new(store, keys, &config.domain(), clock, random, mail, sms).unwrap();
    core.users.settle_signature_login().await.unwrap();
    core
}

/// Users who came while signature logins were off, and a core that has them on.
async fn turned_on(database: &TestDatabase) -> Core {
    let off = core(database, false).await;
    apply(&off).await;
    core(database, true).await
}

async fn apply(core: &Core) -> Vec<String> {
    let declared = Declared::read(REALM, Path::new(""), false).unwrap();
    core.realms.apply(&declared).await.unwrap().changes.iter().map(ToString::to_string).collect()
}

async fn log_in(users: &Users, account: &str, password: &str) -> Result<User, Error> {
    users.authenticate(&Origin::command("test"), account, Some(Digest::of(password))).await
}

async fn signs_with(users: &Arc<Users>, account: &str) -> Option<String> {
    let (_, digest) = users.signer(account).await.unwrap().unwrap();
    digest.map(|digest| digest.expose().clone())
}

#[tokio::test]
async fn a_login_keeps_the_digest_again() {
    for database in databases().await {
        let backend = database.backend();
        let users = turned_on(&database).await.users;
        let before = users.parts.store.user_by_handle("lory").await.unwrap().unwrap();
        assert_eq!(signs_with(&users, "lory").await, None, "{backend:?}");
        assert!(log_in(&users, "lory", "654321").await.is_err());
        assert_eq!(signs_with(&users, "lory").await, None, "{backend:?}: another password");
        users.ban(before.id).await.unwrap();
        assert!(log_in(&users, "lory", "123456").await.is_err());
        users.unban(before.id).await.unwrap();
        assert_eq!(signs_with(&users, "lory").await, None, "{backend:?}: a banned user");

        let user = log_in(&users, "lory", "123456").await.unwrap();
        assert_eq!(signs_with(&users, "lory").await.unwrap(), Digest::of("123456").expose(), "{backend:?}");
        assert_eq!(signs_with(&users, "laura").await, None, "{backend:?}: somebody else");
        let after = users.parts.store.user_by_handle("lory").await.unwrap().unwrap();
        assert_eq!((&after.password_hash, after.password_version), (&before.password_hash, 1), "{backend:?}");
        assert_eq!(user.tokens_valid_from.millis(), after.tokens_valid_from, "{backend:?}");

        log_in(&users, "lory", "123456").await.unwrap();
        let again = users.parts.store.user_by_handle("lory").await.unwrap().unwrap();
        assert_eq!(again, after, "{backend:?}: once is enough");
    }
}

#[tokio::test]
async fn a_realm_file_with_the_same_password_keeps_the_digest_again() {
    for database in databases().await {
        let backend = database.backend();
        let core = turned_on(&database).await;
        let told = "~ user lory\n    password: (the same, kept for logins by signature)";
        assert_eq!(apply(&core).await, [told, &told.replace("lory", "laura")], "{backend:?}");
        assert_eq!(apply(&core).await, [] as [String; 0], "{backend:?}");
        assert_eq!(signs_with(&core.users, "lory").await.unwrap(), Digest::of("123456").expose(), "{backend:?}");
        let user = log_in(&core.users, "lory", "123456").await.unwrap();
        assert_eq!(user.tokens_valid_from.millis(), 0, "{backend:?}: no session ends");
    }
}
