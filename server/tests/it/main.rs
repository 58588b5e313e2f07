//! Integration tests of the server, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::disallowed_types,
    missing_docs,
    reason = "a panic is the failure of a test; measurements are printed; rows of a test may appear in its errors"
)]

mod support;
#[macro_use]
mod store;
mod crash;
mod http;
mod pooler;
mod startup;
mod upgrade;
