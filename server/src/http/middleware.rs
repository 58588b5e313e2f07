//! The middleware, one file a layer. [`router`](super::router) puts the layers in order.

pub(crate) mod limit_requests;
pub(crate) mod log_request;
pub(crate) mod security_headers;
pub(crate) mod validate_request;
