//! Security headers, on every answer, errors included.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_DNS_PREFETCH_CONTROL, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::state::AppState;

/// For what is no page: nothing may run, load or frame it.
pub(crate) const SEALED_POLICY: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

/// What a page may do: run its own script and WebAssembly, and talk to its own server. With [`NONCE`] in it.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
    style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";
/// Stands where each answer has a word of its own.
const NONCE: &str = "{nonce}";

/// The policy of a page with this nonce.
pub(crate) fn page_policy(nonce: &str) -> String {
    PAGE_POLICY.replace(NONCE, nonce)
}

/// What the worker may do: load its WebAssembly from its own server, and nothing else.
pub(crate) const WORKER_POLICY: &str =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'";

/// Everything is off but writing to the clipboard; the system's share sheet is the browser's own to allow.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), \
    clipboard-read=(), clipboard-write=(self), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), \
    geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), \
    midi=(), payment=(), picture-in-picture=(), publickey-credentials-create=(), publickey-credentials-get=(), \
    screen-wake-lock=(), serial=(), storage-access=(), usb=(), window-management=(), \
    xr-spatial-tracking=()";

/// The headers that every response has, whatever its handler does.
pub(crate) const FIXED: [(HeaderName, &str); 10] = [
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("origin-agent-cluster"), "?1"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (X_DNS_PREFETCH_CONTROL, "off"),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// Adds what the handler has not set itself.
pub(crate) async fn security_headers(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let hidden = is_hidden(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    or_insert(headers, CONTENT_SECURITY_POLICY, SEALED_POLICY);
    or_insert(headers, CACHE_CONTROL, "no-store");
    if hidden {
        or_insert(headers, HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive");
    }
    if let Some(value) = state.strict_transport_security() {
        or_insert(headers, STRICT_TRANSPORT_SECURITY, value);
    }
    if state.is_draining() {
        // The client connects anew, which a load balancer sends to another server.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// What no search engine may keep.
fn is_hidden(path: &str) -> bool {
    path.starts_with("/s/") || path.starts_with("/receipt") || path.starts_with("/api/")
}

fn or_insert(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}
