//! Probes: is the process there, and can it do its work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};

use crate::state::AppState;

/// `GET /health/live`: 200 for as long as the process answers.
pub(crate) async fn live() -> &'static str {
    "live\n"
}

/// `GET /health/ready`: 200 when the database answers, 503 otherwise.
pub(crate) async fn ready(State(state): State<AppState>) -> Response {
    if state.is_ready().await {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "2")], "the database does not answer\n").into_response()
}
