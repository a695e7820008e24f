//! Realms that a test's server gets, through the very code of `gatehouse apply`: what nothing else can change while a
//! server runs.

use gatehouse_server::domain::app::AppId;
use serde_json::{Value, json};

use crate::fixture::{DEMO_SECRET, Fixture};

impl Fixture {
    /// Gives an application these settings, by their names in a realm file. How long sessions last, and whether it is
    /// exclusive, is as the file has it when it says nothing; the rest stays.
    ///
    /// # Panics
    /// If there is no such application, or a setting is wrong.
    pub async fn change_app(&self, app_id: &str, settings: &Value) {
        let app = self.core.apps.by_app_id(&AppId::new(app_id)).await.expect("the store answers");
        let app = app.expect("the application is there");
        let mut entry = json!({
            "id": app_id,
            "name": app.name,
            "description": app.description,
            "redirect_uri": app.redirect_uri,
            "may_create": app.may_create,
        });
        for (name, value) in settings.as_object().expect("an object") {
            entry[name] = value.clone();
        }
        // JSON is YAML.
        self.apply(&json!({ "apps": [entry] }).to_string()).await;
    }

    /// Revokes the tokens of an application whose secret is that of the demo application, as somebody does who has lost one:
    /// the secret changes, and for the sake of the tests back again.
    ///
    /// # Panics
    /// If there is no such application.
    pub async fn revoke_tokens(&self, app_id: &str) {
        for secret in ["a secret that nobody was told", DEMO_SECRET] {
            self.change_app(app_id, &json!({ "secret": secret })).await;
        }
    }

    /// Lets a login to the application end its user's earlier ones.
    ///
    /// # Panics
    /// If there is no such application.
    pub async fn make_exclusive(&self, app_id: &str) {
        self.change_app(app_id, &json!({ "exclusive": true })).await;
    }

    /// Tells of an application at WeChat, or gives it another secret.
    ///
    /// # Panics
    /// If it can have no such id.
    pub async fn put_wechat_app(&self, wechat_app_id: &str, secret: &str) {
        self.apply(&json!({ "wechat_apps": [{ "id": wechat_app_id, "secret": secret }] }).to_string()).await;
    }
}
