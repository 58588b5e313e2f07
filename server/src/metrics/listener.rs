//! A listener of its own, so that what the site serves and what its operator sees are never one address.

use std::io;
use std::sync::Arc;

use app::store::SecretStore;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;

use super::Shared;

/// The exposition format that Prometheus asks for.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`, until it is aborted.
pub(crate) async fn serve(
    listener: TcpListener,
    metrics: Shared,
    store: Arc<dyn SecretStore>,
) -> io::Result<()> {
    let text = async move || ([(CONTENT_TYPE, MEDIA_TYPE)], metrics.text(store.connections()));
    axum::serve(listener, Router::new().route("/metrics", get(text))).await
}
