//! A listener of its own, so that what the site serves and what its operator sees are never one address.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use vault::SecretStore;

use super::Shared;
use crate::http::listener::{self, ConnectionLimits};

/// The exposition format that Prometheus asks for.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Connections at a time: Prometheus needs one.
const MOST_CONNECTIONS: usize = 32;
/// Connections of one client at a time.
const MOST_PER_CLIENT: usize = 16;

/// Serves `GET /metrics` until it is aborted, with the timeouts of the site's own listener.
pub(crate) async fn serve(
    listener: TcpListener,
    metrics: Shared,
    store: Arc<dyn SecretStore>,
) -> io::Result<()> {
    let text = async move || ([(CONTENT_TYPE, MEDIA_TYPE)], metrics.text(store.connections()));
    let limits =
        ConnectionLimits { most: MOST_CONNECTIONS, per_client: MOST_PER_CLIENT, proxies: Vec::new() };
    let app = Router::new().route("/metrics", get(text));
    listener::serve(listener, app, limits, std::future::pending()).await
}
