//! The security headers and content security policies of responses. The manifest publishes them too.

use axum::http::header::{
    HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_DNS_PREFETCH_CONTROL, X_FRAME_OPTIONS,
};

/// The policy of every response that is not a page: it may run and load nothing, and no page may frame it.
pub(crate) const FILE_POLICY: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

/// The policy of a page: it may run scripts and WebAssembly of its own server, and send requests to it. Contains the
/// placeholder [`NONCE`].
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; \
    style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";
/// Placeholder of the nonce, which is different in each response.
const NONCE: &str = "{nonce}";

/// Returns the policy of a page with this nonce.
pub(crate) fn page_policy(nonce: &str) -> String {
    PAGE_POLICY.replace(NONCE, nonce)
}

/// The policy of the worker: it may load its WebAssembly from its own server, and nothing else.
pub(crate) const WORKER_POLICY: &str =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'";

/// Turns off all browser features that are known to the header, except writing to the clipboard. `web-share` is not in
/// the list, so that the share button works.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), \
    clipboard-read=(), clipboard-write=(self), display-capture=(), encrypted-media=(), fullscreen=(), gamepad=(), \
    geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), \
    midi=(), payment=(), picture-in-picture=(), publickey-credentials-create=(), publickey-credentials-get=(), \
    screen-wake-lock=(), serial=(), storage-access=(), usb=(), window-management=(), \
    xr-spatial-tracking=()";

/// The headers that every response has. They replace those of the handler.
pub(crate) const FIXED_HEADERS: [(HeaderName, &str); 10] = [
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
