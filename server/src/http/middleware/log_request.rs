//! Logs, traces and counts every request.
//!
//! `tower_http::trace` would log the path, which contains the id of a secret, and does not limit the number of lines.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use app::pages::Page;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::http::handlers::health;
use crate::http::state::AppState;
use crate::telemetry::log_limit::{LogDecision, LogLimit};
use crate::telemetry::traces;

/// Writes one line with the route, the status and the duration of a request.
pub(crate) async fn log_request(State(state): State<AppState>, request: Request, next: Next) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    static REFUSED: LazyLock<LogLimit> = LazyLock::new(LogLimit::default);
    static PROBES: LazyLock<LogLimit> = LazyLock::new(LogLimit::default);
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let method = method_name(request.method());
    let route = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        None => Page::at(request.uri().path()).route().to_owned(),
    };
    let span = tracing::info_span!(
        target: traces::TARGET,
        "request",
        otel.name = route,
        otel.kind = "server",
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
    );
    let started = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let duration = started.elapsed();
    span.record("http.response.status_code", response.status().as_u16());
    state.metrics().record_request(&route, response.status(), duration);
    // No rate limit bounds the number of probes and of refused requests.
    if health::is_probe(&route) {
        match PROBES.next(Instant::now()) {
            LogDecision::Write => {}
            LogDecision::WriteAndReport(lines) => tracing::info!(lines, "health checks were not logged"),
            LogDecision::Drop => return response,
        }
    } else if response.status().is_client_error() {
        match REFUSED.next(Instant::now()) {
            LogDecision::Write => {}
            LogDecision::WriteAndReport(lines) => tracing::info!(lines, "refused requests were not logged"),
            LogDecision::Drop => return response,
        }
    }
    tracing::info!(
        number,
        %method,
        route,
        status = response.status().as_u16(),
        micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    response
}

/// Returns the name of a known method, and `OTHER` for any other: a client may send a method name of 60 KB.
fn method_name(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    known.into_iter().find(|name| *name == method.as_str()).unwrap_or("OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_methods_share_one_name() {
        assert_eq!(method_name(&Method::PATCH), "PATCH");
        for method in ["get", "PROPFIND", "GET\u{7c}", &"A".repeat(60_000)] {
            assert_eq!(method_name(&Method::from_bytes(method.as_bytes()).unwrap()), "OTHER");
        }
    }
}
