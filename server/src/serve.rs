//! Start to stop: database, sweeper, listener, and an end that loses nothing.

use std::future::Future;
use std::io;
use std::sync::Arc;

use app::shell::Assets;
use app::store::SecretStore;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::listener;
use crate::quota::measure;
use crate::router::router;
use crate::state::AppState;
use crate::sweeper::sweep;

/// Serves until `stop` resolves, then lets what is under way finish, and closes the database.
pub async fn serve(
    listener: TcpListener,
    config: &Config,
    store: Arc<dyn SecretStore>,
    assets: Assets,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let state = AppState::new(config, Arc::clone(&store), assets);
    let sweeper = config.sweep_every().map(|every| tokio::spawn(sweep(Arc::clone(&store), every)));
    let measuring = tokio::spawn(measure(Arc::clone(&store), state.quota()));
    let most = usize::try_from(config.protection.max_connections.get()).unwrap_or(usize::MAX);
    let served = listener::serve(listener, router(state), most, stop).await;
    measuring.abort();
    if let Some(sweeper) = sweeper {
        sweeper.abort();
    }
    store.close().await;
    served
}
