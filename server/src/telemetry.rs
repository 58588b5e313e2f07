//! The log: structured, to standard error. It holds no path of a secret, no id, no body, no address.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use app::pages::Page;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use tracing_subscriber::prelude::*;

use crate::config::{Config, LogFormat};

/// Writes the log as the configuration says.
pub fn init(config: &Config) {
    // Only what this project writes: a library may name a path or a statement's values.
    let filter = tracing_subscriber::filter::Targets::new()
        .with_target("app", config.log)
        .with_target("server", config.log)
        .with_target("ikrypt_server", config.log);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // For all layers at once: with a filter of its own a layer loses events, since sqlx asks whether its
    // own would be written and then writes none.
    let registry = tracing_subscriber::registry().with(filter);
    match config.log_format {
        LogFormat::Text => registry.with(lines).init(),
        LogFormat::Json => registry.with(lines.json()).init(),
    }
}

/// One line a request: what kind, how it ended, how long it took.
pub(crate) async fn log_request(request: Request, next: Next) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let method = request.method().clone();
    let route = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        None => Page::at(request.uri().path()).route().to_owned(),
    };
    let started = Instant::now();
    let response = next.run(request).await;
    tracing::info!(
        number,
        %method,
        route,
        status = response.status().as_u16(),
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    response
}
