//! The HTTP server: listener, router, middleware and handlers.

mod error_response;
pub mod handlers;
pub(crate) mod listener;
pub(crate) mod metrics_server;
mod middleware;
pub(crate) mod protection;
mod readiness;
pub mod router;
mod security_headers;
pub mod shutdown;
pub mod state;
mod watched_body;
