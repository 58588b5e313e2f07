//! Adds the security headers to every response, including errors.
//!
//! `tower_http::set_header` sets one header a layer, which would be fourteen layers.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, HeaderName, STRICT_TRANSPORT_SECURITY,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::security_headers::{FILE_POLICY, FIXED_HEADERS};
use crate::http::state::AppState;

/// Sets the fixed headers, and the others unless the handler has set them.
pub(crate) async fn set_security_headers(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let is_hidden = is_hidden_from_search(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    insert_if_missing(headers, CONTENT_SECURITY_POLICY, FILE_POLICY);
    insert_if_missing(headers, CACHE_CONTROL, "no-store");
    if is_hidden {
        insert_if_missing(headers, HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive");
    }
    if let Some(value) = state.strict_transport_security() {
        insert_if_missing(headers, STRICT_TRANSPORT_SECURITY, value);
    }
    if state.is_draining() {
        // Makes the client open a new connection, which a load balancer sends to another server.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Reports whether search engines must not index the path.
fn is_hidden_from_search(path: &str) -> bool {
    path.starts_with("/s/") || path.starts_with("/receipt") || path.starts_with("/api/")
}

fn insert_if_missing(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
