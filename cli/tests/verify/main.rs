//! `ikrypt verify` against the real server, directly and through a proxy that alters responses.
#![allow(clippy::unwrap_used, reason = "a failure in a test may panic")]

mod altered_pages;
mod altering_proxy;
mod encodings;
mod proxies;
#[path = "../common/real_server.rs"]
mod real_server;
mod reports;
mod site;
