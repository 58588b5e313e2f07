//! The API: passes calls to the server functions of `app`.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;
use shared_crypto::messages::ErrorBody;

use crate::http::error_response::error_response;
use crate::http::state::AppState;

/// Runs the server function of a call.
pub(crate) async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let service = state.service().clone();
    leptos_axum::handle_server_fns_with_context(move || provide_context(service.clone()), request)
        .await
        .into_response()
}

/// Responds to every other path below `/api/`.
pub(crate) async fn not_found() -> Response {
    error_response(&ErrorBody::NotFound)
}
