//! What outlives the server: users, sessions and their ends, projects.

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use contract_tests::{
    fixture::{ADMIN, Fixture},
    must,
    wire::{Exchange, Request},
};
use gatehouse_server::{
    app::App,
    config::Config,
    domain::{Core, keys::KeyRing, random::Random, secret::Secret},
    store::Store,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{
    ADDRESS, DIGEST, LORY, code, code_of, delete_request, first_project, list_request, login_request, logout_request,
    project_request, registration, token_of,
};

/// The same installation, started once more: its store and its master secret, and nothing of its memory.
struct Restarted {
    address: SocketAddr,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
    _data_dir: TempDir,
}

impl Restarted {
    async fn start(before: &mut Fixture) -> Self {
        before.stop().await;
        let data_dir = tempfile::tempdir().unwrap();
        let config = Config {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            data_dir: data_dir.path().to_owned(),
            ..Config::default()
        };
        let (clock, random) = (before.core.clock.clone(), Random::seeded(11));
        // The master secret of every server of the tests.
        let master = Secret::new(STANDARD.encode([7; 32]));
        let keys = KeyRing::open(&config.data_dir, Some(&master), clock.clone(), random.clone()).unwrap();
        let mail = config.mail(clock.clone(), random.clone()).unwrap();
        let sms = config.messenger(clock.clone(), random.clone());
        let store = Store::connect(&before.database_url()).await.unwrap();
        let core = Core::new(store.clone(), keys, &config.domain(), clock, random, mail, sms).unwrap();
        let app = App::bind(config, core, store).await.unwrap();
        let (address, shutdown) = (app.addresses()[0], CancellationToken::new());
        let running = tokio::spawn(app.run(shutdown.clone().cancelled_owned()));
        Self { address, shutdown, running, _data_dir: data_dir }
    }

    async fn send(&self, request: Request) -> Exchange {
        request.send(self.address).await
    }

    async fn stop(self) {
        self.shutdown.cancel();
        must("the end of the server", self.running).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    for mut server in Fixture::on_every_database().await {
        let reg_code = code(&server, LORY, ADDRESS).await;
        let unused = code(&server, "laura", "laura@126.com").await;
        assert_eq!(code_of(&server.send(registration(LORY, ADDRESS, &reg_code)).await.reply), 0);
        let (ended, token) = (token_of(&server, LORY).await, token_of(&server, LORY).await);
        for name in ["Deleted", "Kept"] {
            assert_eq!(code_of(&server.send(project_request(&token, name)).await.reply), 0);
        }
        let deleted = first_project(&server, &token).await["id"].clone();
        assert_eq!(code_of(&server.send(delete_request(&token, &deleted)).await.reply), 0);
        let kept = first_project(&server, &token).await;
        assert_eq!(code_of(&server.send(logout_request(&ended)).await.reply), 0);

        let again = Restarted::start(&mut server).await;
        let backend = server.backend();
        assert_eq!(again.send(list_request(&ended, &json!({}))).await.reply.status, 401, "{backend:?}");
        let list = again.send(list_request(&token, &json!({}))).await.reply.json();
        assert_eq!(list["data"]["list"], Value::Array(vec![kept]), "{backend:?}");
        for user_name in [LORY, ADDRESS, ADMIN] {
            assert_eq!(code_of(&again.send(login_request(user_name, DIGEST)).await.reply), 0, "{backend:?}");
        }
        // Codes are in memory only: a restart asks for another one, and never takes one twice.
        let late = again.send(registration("laura", "laura@126.com", &unused)).await;
        assert_eq!(code_of(&late.reply), 1008, "{backend:?}");
        assert_eq!(code_of(&again.send(logout_request(&token)).await.reply), 0);
        assert_eq!(again.send(list_request(&token, &json!({}))).await.reply.status, 401, "{backend:?}");
        again.stop().await;
    }
}
