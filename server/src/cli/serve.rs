//! `gatehouse serve`

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, demo, open};
use crate::app::App;
use crate::config::Config;
use crate::domain::keys::KeyRing;

pub(super) async fn run(config: Config, is_demo: bool) -> Result<(), Failure> {
    if is_demo {
        demo::check(&config)?;
    }
    let store = open::migrated_store(&config).await?;
    let core = open::core(&config, &store)?;
    if is_demo {
        demo::load(&core.apps).await?;
    } else {
        demo::refuse_in_public(&config, &core.apps).await?;
        if !core.apps.any().await? {
            tracing::warn!("there is no application yet; `gatehouse bootstrap` makes the first one");
        }
    }
    let keys = Arc::clone(&core.keys);
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
    Ok(())
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
