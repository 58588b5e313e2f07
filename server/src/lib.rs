//! iKrypt's server: axum, configuration, and the only crate that knows sqlx.
//!
//! `main` only wires; a test starts the same server on a listener it brings.

// A page is one deeply nested type, and some of its code is made here.
#![recursion_limit = "256"]

pub mod background;
pub mod commands;
pub mod config;
pub mod http;
mod run_to_completion;
pub mod store;
pub mod telemetry;
