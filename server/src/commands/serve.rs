//! Serves: connects to the database, starts background work and the listeners, and stops them in order.
#![expect(clippy::print_stdout, reason = "scripts read the address from standard output")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use app::site::Assets;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;
use vault::SecretStore;

use super::connect;
use crate::background::cleanup::delete_expired;
use crate::background::quota::measure_storage;
use crate::config::{Config, to_usize, unknown_variables};
use crate::http::handlers::assets;
use crate::http::listener::{self, ConnectionLimits};
use crate::http::metrics_server;
use crate::http::protection::rate_limit::FORGET_IDLE_INTERVAL;
use crate::http::router::router;
use crate::http::shutdown::{self, Phase, Signals};
use crate::http::state::AppState;
use crate::store;

/// Connections that the kernel holds until they are accepted. The default of 128 is too few for a burst of clients.
const LISTEN_BACKLOG: u32 = 1024;

/// Connects, listens, and serves until a signal stops the server.
pub(super) async fn run(config: &Config, mut signals: Signals) -> Result<(), String> {
    tracing::info!("starting: SIGTERM and SIGINT stop the server from now on");
    let unknown = unknown_variables();
    if !unknown.is_empty() {
        tracing::warn!(variables = ?unknown, "these environment variables are not settings of this server");
    }
    let store = tokio::select! {
        store = connect(config) => store?,
        () = signals.stop() => {
            tracing::info!("stopping before the server was ready");
            return Ok(());
        }
    };
    let assets = assets::built().ok_or_else(|| assets::MISSING.to_owned())?;
    tracing::info!(database = store::describe(&config.database_url), "secrets are kept here");
    let listener = bind(config.listen)
        .map_err(|error| format!("cannot listen on {} (--listen, IKRYPT_LISTEN): {error}", config.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("listening on http://{address}");
    let (phase, phases) = watch::channel(Phase::Serving);
    tokio::spawn(signals.follow(config.http.drain_delay(), phase));
    serve(listener, config, store, assets, phases).await.map_err(|error| error.to_string())
}

/// Listens on an address.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Allows a restart while connections of the previous process are still closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(LISTEN_BACKLOG)
}

/// Serves until the phase is [`Phase::Stopping`], then waits for requests in flight and closes the database.
pub async fn serve(
    listener: TcpListener,
    config: &Config,
    store: Arc<dyn SecretStore>,
    assets: Assets,
    phase: watch::Receiver<Phase>,
) -> io::Result<()> {
    let state = AppState::new(config, store, assets, phase.clone());
    let store = state.store();
    let mut background = JoinSet::new();
    if let Some(address) = config.metrics_listen {
        let listener = bind(address).map_err(|error| {
            io::Error::other(format!(
                "cannot listen on {address} (--metrics-listen, IKRYPT_METRICS_LISTEN): {error}"
            ))
        })?;
        tracing::info!("metrics are served on a listener of their own");
        let metrics = metrics_server::serve(listener, state.metrics(), state.store());
        background.spawn(async { drop(metrics.await) });
    }
    if let Some(interval) = config.cleanup_interval() {
        background.spawn(delete_expired(state.store(), interval));
    }
    background.spawn(measure_storage(state.store(), state.quota(), state.metrics()));
    background.spawn(forget_idle_clients(state.clone()));
    let limits = ConnectionLimits {
        total: to_usize(config.protection.max_connections),
        per_client: to_usize(config.protection.max_connections_per_address),
        proxies: config.protection.trusted_proxies.clone(),
    };
    let result = listener::serve(listener, router(state), limits, shutdown::stopped(phase)).await;
    background.shutdown().await;
    store.close().await;
    result
}

/// Removes clients whose limits are full again, so that no address is remembered longer than necessary.
async fn forget_idle_clients(state: AppState) {
    loop {
        tokio::time::sleep(FORGET_IDLE_INTERVAL).await;
        if let Some(limits) = state.rate_limits() {
            limits.forget_idle();
        }
    }
}
