//! The demo realm: applications and an administrator whose secrets everybody knows, served on loopback only.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::Failure;
use crate::config::Config;
use crate::domain::Core;
use crate::domain::app::AppId;
use crate::domain::realm::Declared;

/// The demo realm, a realm file.
pub const REALM: &str = include_str!("demo.yaml");

const APP_ID: &str = "go-api-demo0001";
const APP_SECRET: &str = "demodemodemodemodemodemodemodemo";
const ACCOUNT: &str = "admin";
const PASSWORD: &str = "123456";
const INSIGHT_APP: &str = "9dd99dd9e6df467a8207d05ea5581125";
const INSIGHT_TENANT: &str = "2564cd559cd340f0b81409723fd8632a";

/// Refuses settings under which others than this machine could use the demo.
pub(super) fn check(config: &Config) -> Result<(), Failure> {
    if config.is_production() {
        return Err("--demo is for development; the setting `environment` says production".into());
    }
    match public_address(config) {
        Some(address) => Err(format!("--demo listens on loopback only, and {address} is not loopback").into()),
        None => Ok(()),
    }
}

/// Loads the demo realm, unless it is there: all of it or nothing, so that where its application is, everything is.
pub(super) async fn load(core: &Core) -> Result<(), Failure> {
    if is_loaded(core).await? {
        return Ok(());
    }
    if core.apps.any().await? || core.users.any().await? {
        return Err("this database is in real use; give --demo a --data-dir (and no database) of its own".into());
    }
    let declared = Declared::read(REALM, Path::new(""), false)?;
    core.realms.apply(&declared).await?;
    tracing::info!("loaded the demo data");
    Ok(())
}

/// Refuses to serve the demo's data to others, where it was loaded once and is now served without `--demo`.
pub(super) async fn refuse_in_public(config: &Config, core: &Core) -> Result<(), Failure> {
    match public_address(config) {
        Some(address) if is_loaded(core).await? => Err(format!(
            "this database holds the demo's application, whose secret is public, and {address} is not loopback; \
             use another database"
        )
        .into()),
        _ => Ok(()),
    }
}

/// Tells whoever started the demo what to do with it.
pub(super) fn introduce(address: SocketAddr) {
    let base = format!("http://{address}");
    println!(
        "\
Gatehouse demo

  Swagger UI   {base}/swagger-ui/
  application  {APP_ID}
  secret       {APP_SECRET}
  user         {ACCOUNT}
  password     {PASSWORD}

  insight_auth
  appId        {INSIGHT_APP}
  tenantId     {INSIGHT_TENANT}

  curl -X POST {base}/go-api/external/service/auth/token \\
    -d \"app_id={APP_ID}\" -d \"app_secret={APP_SECRET}\"

  curl -X POST {base}/v1.0/openapi/auth/login -H 'Content-Type: application/json' \
    -d '{{\"username\":\"{ACCOUNT}\",\"password\":\"{PASSWORD}\"}}'
"
    );
}

async fn is_loaded(core: &Core) -> Result<bool, Failure> {
    Ok(core.apps.by_app_id(&AppId::new(APP_ID)).await?.is_some())
}

/// The first address of the settings that others can reach.
fn public_address(config: &Config) -> Option<SocketAddr> {
    let loopback = |ip: IpAddr| ip.to_canonical().is_loopback();
    config.listen.iter().chain(&config.ops.listen).find(|address| !loopback(address.ip())).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::open;
    use crate::config::Environment;
    use crate::domain::app::{NewApp, Provision};

    fn config(listen: &str) -> Config {
        Config { listen: vec![listen.parse().unwrap()], ..Config::default() }
    }

    #[test]
    fn loopback_is_required() {
        for good in ["127.0.0.1:0", "127.1.2.3:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
            check(&config(good)).unwrap();
        }
        for bad in ["0.0.0.0:80", "[::]:80", "192.168.1.1:80", "10.0.0.1:80"] {
            let said = check(&config(bad)).unwrap_err().to_string();
            assert!(said.contains(bad), "{said}");
        }
        let mut ops = config("127.0.0.1:0");
        ops.ops.listen = Some("0.0.0.0:9".parse().unwrap());
        assert!(check(&ops).is_err());
        assert!(check(&Config { environment: Environment::Production, ..config("127.0.0.1:0") }).is_err());
    }

    #[tokio::test]
    async fn demo_data_is_loaded_once_and_never_served_in_public() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { data_dir: dir.path().to_owned(), ..config("127.0.0.1:0") };
        let store = open::migrated_store(&config).await.unwrap();
        let core = open::core(&config, &store).unwrap();
        refuse_in_public(&Config { listen: vec!["0.0.0.0:80".parse().unwrap()], ..config.clone() }, &core)
            .await
            .unwrap();
        load(&core).await.unwrap();
        load(&core).await.unwrap();
        let app = core.apps.authenticate(APP_ID, APP_SECRET).await.unwrap();
        assert_eq!((app.id, app.name.as_str()), (1, "Demo"));
        refuse_in_public(&config, &core).await.unwrap();
        let public = Config { listen: vec!["0.0.0.0:80".parse().unwrap()], ..config };
        assert!(refuse_in_public(&public, &core).await.is_err());
    }

    #[tokio::test]
    async fn demo_data_does_not_enter_a_database_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { data_dir: dir.path().to_owned(), ..config("127.0.0.1:0") };
        let store = open::migrated_store(&config).await.unwrap();
        let core = open::core(&config, &store).unwrap();
        let new = NewApp::new("real".to_owned(), None, None).unwrap();
        core.apps.provision(Provision { app_id: None, secret: None, new, may_create: true }).await.unwrap();
        assert!(load(&core).await.is_err());
    }
}
