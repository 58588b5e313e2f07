//! Serves `/metrics` on a listener of its own, so that only the operator can reach it.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use vault::SecretStore;

use crate::http::listener::{self, ConnectionLimits};
use crate::telemetry::metrics::Metrics;

/// The media type of Prometheus's exposition format.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Maximum number of connections. Prometheus needs one.
const MAX_CONNECTIONS: usize = 32;
/// Maximum number of connections of one client.
const MAX_CONNECTIONS_PER_CLIENT: usize = 16;

/// Serves `GET /metrics` until it is aborted, with the timeouts of the site's own listener.
pub(crate) async fn serve(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    store: Arc<dyn SecretStore>,
) -> io::Result<()> {
    let text = async move || ([(CONTENT_TYPE, MEDIA_TYPE)], metrics.text(store.connections()));
    let limits = ConnectionLimits {
        total: MAX_CONNECTIONS,
        per_client: MAX_CONNECTIONS_PER_CLIENT,
        proxies: Vec::new(),
    };
    let app = Router::new().route("/metrics", get(text));
    listener::serve(listener, app, limits, std::future::pending()).await
}
