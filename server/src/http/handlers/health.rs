//! Probes: is the process there, and can it do its work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};

use crate::http::state::AppState;

pub(crate) const LIVE: &str = "/health/live";
pub(crate) const READY: &str = "/health/ready";

/// Whether this is the path of a probe, and not only below the same folder.
pub(crate) fn is_probe(path: &str) -> bool {
    matches!(path, LIVE | READY)
}

/// `GET /health/live`: 200 for as long as the process answers.
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// `GET /health/ready`: 200 when the database answers; 503 when it does not, and while the server drains.
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    if state.is_draining() {
        return not_ready("the server is stopping\n");
    }
    if state.is_ready().await {
        "ready\n".into_response()
    } else {
        not_ready("the database does not answer\n")
    }
}

fn not_ready(why: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "2")], why).into_response()
}
