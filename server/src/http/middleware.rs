//! The layers that a request passes before a handler: [`router`](super::router) puts them in order.

pub(crate) mod body;
pub(crate) mod concurrency;
pub(crate) mod headers;
pub(crate) mod origin;
pub(crate) mod rate_limit;
pub(crate) mod rate_limit_key;
pub(crate) mod request_limits;
pub(crate) mod validate_request;
