//! iKrypt's server: HTTP with axum, configuration, both databases, background work. No other crate uses sqlx.
//!
//! `main` only connects the parts, so that a test can start the same server on a listener of its own.

// The type of a page nests deeply, and some of its code is generated in this crate.
#![recursion_limit = "256"]

pub mod background;
pub mod commands;
pub mod config;
pub mod http;
mod run_to_completion;
pub mod store;
pub mod telemetry;
