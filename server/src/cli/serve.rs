//! `gatehouse serve`

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, demo, open};
use crate::app::App;
use crate::config::Config;
use crate::domain::Core;
use crate::domain::keys::KeyRing;

/// How often old rows are forgotten.
const HOUR: Duration = Duration::from_secs(3600);

pub(super) async fn run(config: Config, is_demo: bool) -> Result<(), Failure> {
    if is_demo {
        demo::check(&config)?;
    }
    let store = open::migrated_store(&config).await?;
    let core = open::core(&config, &store)?;
    if is_demo {
        demo::load(&core).await?;
    } else {
        demo::refuse_in_public(&config, &core).await?;
        if !core.apps.any().await? && !core.users.any().await? {
            tracing::warn!(
                "nobody can log in yet; `gatehouse bootstrap` makes the first administrator and application"
            );
        }
    }
    core.users.settle_signature_login().await?;
    let keys = Arc::clone(&core.keys);
    let housekeeping = tokio::spawn(keep_house(core.clone()));
    let shutdown = shutdown()?;
    let app = App::bind(config, core, store).await?;
    let addresses = app.addresses();
    for address in &addresses {
        tracing::info!(%address, "listening");
    }
    if let (true, Some(address)) = (is_demo, addresses.first()) {
        demo::introduce(*address);
    }
    let reloading = tokio::spawn(reload_on(signal(SignalKind::hangup())?, keys));
    app.run(shutdown).await;
    reloading.abort();
    housekeeping.abort();
    Ok(())
}

/// Makes what requests would otherwise wait for, and then forgets once an hour what nobody needs any more.
async fn keep_house(core: Core) {
    if let Err(error) = core.vault.warm_up().await {
        tracing::error!(error = error.chain(), "what is encrypted in the store cannot be read");
    }
    let mut hours = tokio::time::interval(HOUR);
    loop {
        hours.tick().await;
        for outcome in [
            core.sessions.purge().await,
            core.access.purge().await,
            core.signatures.purge().await,
            core.audit.purge().await,
        ] {
            if let Err(error) = outcome {
                tracing::warn!(error = error.chain(), "old rows stay for another hour");
            }
        }
    }
}

/// Ready at SIGTERM or SIGINT. The signals are caught from now on, and not only once somebody waits for them.
fn shutdown() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Reads the key ring again at each SIGHUP, so that `gatehouse keys` takes effect without a restart.
async fn reload_on(mut hangup: Signal, keys: Arc<KeyRing>) {
    while hangup.recv().await.is_some() {
        match keys.reload() {
            Ok(()) => tracing::info!(active = keys.active().id(), "the keys were read again"),
            Err(error) => tracing::error!(%error, "the keys stay as they were"),
        }
    }
}
