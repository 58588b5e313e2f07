//! The HTTP server: connections, the order of the middleware, and the handlers.

pub(crate) mod error_response;
pub mod handlers;
pub(crate) mod listener;
pub(crate) mod middleware;
mod readiness;
pub mod router;
pub mod shutdown;
pub mod state;
