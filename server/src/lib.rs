//! iKrypt's server: axum, configuration, and the only crate that knows sqlx.
//!
//! `main` only wires; a test starts the same server on a listener it brings.

// A page is one deeply nested type, and some of its code is made here.
#![recursion_limit = "256"]

pub mod admin;
pub mod assets;
mod body;
pub mod check;
mod client;
mod concurrency;
pub mod config;
mod discovery;
mod finish;
mod guard;
mod headers;
mod health;
mod listener;
mod log_limit;
pub mod manifest;
mod metrics;
mod origin;
pub mod probe;
mod quota;
mod rate_limit;
mod readiness;
mod refusal;
mod request_limits;
pub mod router;
mod security_txt;
pub mod serve;
pub mod settings;
pub mod shutdown;
pub mod state;
pub mod store;
pub mod sweeper;
pub mod telemetry;
