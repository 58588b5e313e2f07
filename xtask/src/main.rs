//! Every command of the README: build, run, test, lint.
//!
//! A fresh clone needs Rust and Node.js; whatever else a command needs it finds, or installs into
//! the git-ignored folder `tools/`, and says so in one line. Nothing here knows the application:
//! it only starts the programs which do.
//!
//! ```text
//! cli       what can be typed
//! pipeline  runs steps one after the other, and sums them up
//! steps     the steps: fmt, clippy, ..., build, e2e
//! tools     the programs the steps start: is there one that fits, and if not, where from
//! postgres  the throw-away database
//! ```
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a terminal program: talking to the terminal is what it does"
)]

#[cfg(not(unix))]
compile_error!("xtask needs a Unix-like system; on Windows, use WSL");

mod bench;
mod cli;
mod closing;
mod pipeline;
mod postgres;
mod process;
mod release;
mod report;
mod serve;
mod steps;
mod tee;
mod tools;
mod torture;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
