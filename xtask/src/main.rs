//! Builds, runs and tests the project: every `cargo xtask` command of the README.
//!
//! A fresh clone needs Rust and Node.js. Each command looks for the other programs it starts, installs
//! missing ones into the git-ignored folder `tools/`, and prints one line when it does. This crate does
//! not depend on the application: it only starts programs.
//!
//! ```text
//! cli        the command line
//! pipeline   runs steps in order and prints the table of results
//! steps      the steps: fmt, clippy, ..., build, e2e
//! context    what the steps of one run share: the database, Playwright's arguments
//! tools      finds or installs the programs that the steps start
//! postgres   the throw-away database
//! process    starts other programs
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program prints its results")]

#[cfg(not(unix))]
compile_error!("xtask needs a Unix-like system; on Windows, use WSL");

mod apt;
mod bench;
mod cli;
mod context;
mod pipeline;
mod postgres;
mod process;
mod release;
mod report;
mod serve;
mod steps;
mod stress;
mod tools;
mod version;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
