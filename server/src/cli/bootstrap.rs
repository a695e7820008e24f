//! `gatehouse bootstrap`

use super::{Failure, open};
use crate::config::Config;
use crate::domain::app::{Apps, CreatedApp, NewApp, Provision};

pub(super) async fn run(config: &Config, name: String, json: bool) -> Result<(), Failure> {
    let store = open::migrated_store(config).await?;
    let created = first_application(&open::core(config, &store)?.apps, name).await?;
    if json {
        println!("{}", as_json(&created));
    } else {
        println!("app_id      {}", created.app.app_id);
        println!("app_secret  {}", created.secret.expose());
        eprintln!("Keep the secret: it is stored as a hash, and cannot be shown again.");
    }
    Ok(())
}

/// Makes the first application. On a database that has one the secrets are known to somebody, so that there is nothing
/// to bootstrap.
async fn first_application(apps: &Apps, name: String) -> Result<CreatedApp, Failure> {
    if apps.any().await? {
        return Err("this database has an application already; log in with it to create others".into());
    }
    let new = NewApp::new(name, None, None)?;
    Ok(apps.provision(Provision { app_id: None, secret: None, new, may_create: true }).await?)
}

fn as_json(created: &CreatedApp) -> serde_json::Value {
    serde_json::json!({
        "application": {
            "app_id": created.app.app_id.as_str(),
            "app_name": created.app.name,
            "app_secret": created.secret.expose(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_application_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
        let store = open::migrated_store(&config).await.unwrap();
        let core = open::core(&config, &store).unwrap();
        let created = first_application(&core.apps, "Mine".to_owned()).await.unwrap();
        let shown = &as_json(&created)["application"];
        let (id, secret) = (shown["app_id"].as_str().unwrap(), shown["app_secret"].as_str().unwrap());
        assert_eq!(core.apps.authenticate(id, secret).await.unwrap().name, "Mine");
        assert!(first_application(&core.apps, "Another".to_owned()).await.is_err());
    }
}
