//! Start to stop: database, sweeper, listener, and an end that loses nothing.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use app::shell::Assets;
use app::store::SecretStore;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::router::router;
use crate::state::AppState;
use crate::sweeper::sweep;

/// How long requests in flight may take to end.
const DRAIN: Duration = Duration::from_secs(8);

/// Serves until `stop` resolves, then lets what is under way finish, and closes the database.
pub async fn serve(
    listener: TcpListener,
    config: &Config,
    store: Arc<dyn SecretStore>,
    assets: Assets,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let sweeper = config.sweep_every().map(|every| tokio::spawn(sweep(Arc::clone(&store), every)));
    let app = router(AppState::new(config, Arc::clone(&store), assets));
    let (stopped, draining) = tokio::sync::oneshot::channel();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        stop.await;
        // Nobody listens any more if serving has failed.
        let _ = stopped.send(());
    });
    let served = tokio::select! {
        served = serving => served,
        () = async { if draining.await.is_ok() { tokio::time::sleep(DRAIN).await } else { std::future::pending().await } } => {
            tracing::warn!("some requests did not end in time");
            Ok(())
        }
    };
    if let Some(sweeper) = sweeper {
        sweeper.abort();
    }
    store.close().await;
    served
}
