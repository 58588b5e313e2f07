//! `/health/live` and `/health/ready`: the probes of container platforms and load balancers.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::http::error_response::with_retry_after;
use crate::http::state::AppState;

pub(crate) const LIVE: &str = "/health/live";
pub(crate) const READY: &str = "/health/ready";
/// Seconds after which a client may try again.
const RETRY_SECONDS: u32 = 2;

/// Reports whether this is the exact path of a probe.
pub(crate) fn is_probe(path: &str) -> bool {
    matches!(path, LIVE | READY)
}

/// `GET /health/live`: 200 while the process responds.
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// `GET /health/ready`: 200 if the database responds; 503 if it does not, and while the server drains.
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

fn not_ready(reason: &'static str) -> Response {
    with_retry_after((StatusCode::SERVICE_UNAVAILABLE, reason).into_response(), RETRY_SECONDS)
}
