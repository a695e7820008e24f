//! `gatehouse bootstrap`

use super::{Failure, open};
use crate::config::Config;
use crate::domain::Core;
use crate::domain::app::{CreatedApp, NewApp, Provision};
use crate::domain::origin::Origin;
use crate::domain::password::Digest;
use crate::domain::secret::Secret;
use crate::domain::user::{Handle, NewUser, User};

/// The account of the first administrator.
const ACCOUNT: &str = "admin";

/// Characters of the first administrator's password: 142 bits.
const PASSWORD_LENGTH: usize = 24;

/// What bootstrapping makes.
struct Made {
    administrator: User,
    password: Secret<String>,
    application: CreatedApp,
}

pub(super) async fn run(config: &Config, name: String, json: bool) -> Result<(), Failure> {
    let store = open::migrated_store(config).await?;
    let made = make(&open::core(config, &store)?, name).await?;
    if json {
        println!("{}", as_json(&made));
    } else {
        println!("user_name   {}", made.administrator.account);
        println!("password    {}", made.password.expose());
        println!("app_id      {}", made.application.app.app_id);
        println!("app_secret  {}", made.application.secret.expose());
        eprintln!("Keep both secrets: they are stored as hashes, and cannot be shown again.");
    }
    Ok(())
}

/// Makes the first administrator and the first application. On a database that has either, the secrets are known to
/// somebody, so that there is nothing to bootstrap.
async fn make(core: &Core, name: String) -> Result<Made, Failure> {
    if core.apps.any().await? {
        return Err(
            "this database has an application already: log in with it to create others, or declare what is missing \
                    in a realm file (`gatehouse apply`)"
                .into(),
        );
    }
    if core.users.any().await? {
        return Err(
            "this database has a user already: declare what is missing in a realm file (`gatehouse apply`)".into()
        );
    }
    let new = NewApp::new(name, None, None)?;
    let password = Secret::new(core.random.alphanumeric(PASSWORD_LENGTH));
    let administrator = NewUser { is_admin: true, builtin: true, ..NewUser::new(Handle::account(ACCOUNT)?) };
    let digest = Digest::of(password.expose());
    let administrator = core.users.create(&Origin::command("bootstrap"), administrator, digest).await?;
    let application = core.apps.provision(Provision { app_id: None, secret: None, new, may_create: true }).await?;
    Ok(Made { administrator, password, application })
}

fn as_json(made: &Made) -> serde_json::Value {
    serde_json::json!({
        "administrator": {
            "user_name": made.administrator.account,
            "password": made.password.expose(),
        },
        "application": {
            "app_id": made.application.app.app_id.as_str(),
            "app_name": made.application.app.name,
            "app_secret": made.application.secret.expose(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_administrator_and_application_are_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
        let store = open::migrated_store(&config).await.unwrap();
        let core = open::core(&config, &store).unwrap();
        let shown = as_json(&make(&core, "Mine".to_owned()).await.unwrap());
        let text = |pointer: &str| shown.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let (id, secret) = (text("/application/app_id"), text("/application/app_secret"));
        assert_eq!(core.apps.authenticate(&id, &secret).await.unwrap().name, "Mine");
        let (account, password) = (text("/administrator/user_name"), text("/administrator/password"));
        let digest = Digest::of(&password);
        let admin = core.users.authenticate(&Origin::command("test"), &account, Some(digest)).await.unwrap();
        assert!(admin.is_admin && password.len() == PASSWORD_LENGTH);
        assert!(make(&core, "Another".to_owned()).await.is_err());
    }
}
