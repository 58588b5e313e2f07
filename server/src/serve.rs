//! Start to stop: database, sweeper, listener, and an end that loses nothing.

use std::io;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use app::shell::Assets;
use app::store::SecretStore;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::Config;
use crate::listener::{self, ConnectionLimits};
use crate::metrics;
use crate::quota::measure;
use crate::router::router;
use crate::shutdown::{self, Phase};
use crate::state::AppState;
use crate::sweeper::sweep;

/// Serves until the phase is [`Phase::Stopping`], then lets requests in flight finish, and closes the database.
pub async fn serve(
    listener: TcpListener,
    config: &Config,
    store: Arc<dyn SecretStore>,
    assets: Assets,
    phase: watch::Receiver<Phase>,
) -> io::Result<()> {
    let state = AppState::new(config, store, assets, phase.clone());
    let metrics = match config.metrics_listen {
        None => None,
        Some(address) => {
            let listener = TcpListener::bind(address).await.map_err(|error| {
                io::Error::other(format!(
                    "cannot listen on {address} (--metrics-listen, IKRYPT_METRICS_LISTEN): {error}"
                ))
            })?;
            tracing::info!("metrics are served apart");
            Some(tokio::spawn(metrics::serve(listener, state.metrics(), state.store())))
        }
    };
    let store = state.store();
    let sweeper = config.sweep_every().map(|every| tokio::spawn(sweep(Arc::clone(&store), every)));
    let measuring = tokio::spawn(measure(Arc::clone(&store), state.quota(), state.metrics()));
    let forgetting = tokio::spawn(forget_clients(state.clone()));
    let many = |number: NonZeroU32| usize::try_from(number.get()).unwrap_or(usize::MAX);
    let limits = ConnectionLimits {
        most: many(config.protection.max_connections),
        per_address: many(config.protection.max_connections_per_address),
        proxies: config.protection.trusted_proxies.clone(),
    };
    let served = listener::serve(listener, router(state), limits, shutdown::stopped(phase)).await;
    measuring.abort();
    forgetting.abort();
    if let Some(sweeper) = sweeper {
        sweeper.abort();
    }
    if let Some(metrics) = metrics {
        metrics.abort();
    }
    store.close().await;
    served
}

/// Addresses are remembered no longer than their limits need.
async fn forget_clients(state: AppState) {
    loop {
        tokio::time::sleep(Duration::from_mins(1)).await;
        state.forget_clients();
    }
}
