//! The server's tests, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_types,
    missing_docs,
    reason = "a test that cannot go on says where, and one that measures says what; errors of its own rows may be shown"
)]

mod support;
#[macro_use]
mod store;
mod crash;
mod http;
mod pooler;
mod startup;
mod upgrade;
