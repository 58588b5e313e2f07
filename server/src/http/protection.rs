//! The rules and counters with which the middleware and the listener limit clients. They know nothing of routes.

pub(crate) mod body_deadline;
pub(crate) mod concurrency;
pub(crate) mod origin;
pub(crate) mod rate_limit;
pub(crate) mod rate_limit_key;
pub(crate) mod read_body;
