//! Start to stop: database, sweeper, listener, and an end that loses nothing.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use app::site::Assets;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use vault::SecretStore;

use crate::background::cleanup::delete_expired;
use crate::background::quota::measure;
use crate::config::{Config, to_usize};
use crate::http::listener::{self, ConnectionLimits};
use crate::http::router::router;
use crate::http::shutdown::{self, Phase};
use crate::http::state::AppState;
use crate::telemetry::metrics;

/// Connections that the kernel holds until they are accepted. The library's default of 128 is used up by one burst.
const BACKLOG: u32 = 1024;

/// Listens on an address.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // The address can be used again while connections of the last run are still closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

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
            let listener = bind(address).map_err(|error| {
                io::Error::other(format!(
                    "cannot listen on {address} (--metrics-listen, IKRYPT_METRICS_LISTEN): {error}"
                ))
            })?;
            tracing::info!("metrics are served apart");
            Some(tokio::spawn(metrics::serve(listener, state.metrics(), state.store())))
        }
    };
    let store = state.store();
    let sweeper = config.sweep_every().map(|every| tokio::spawn(delete_expired(Arc::clone(&store), every)));
    let measuring = tokio::spawn(measure(Arc::clone(&store), state.quota(), state.metrics()));
    let forgetting = tokio::spawn(forget_clients(state.clone()));
    let limits = ConnectionLimits {
        most: to_usize(config.protection.max_connections),
        per_client: to_usize(config.protection.max_connections_per_address),
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
        if let Some(limits) = state.rate_limits() {
            limits.forget_idle();
        }
    }
}
