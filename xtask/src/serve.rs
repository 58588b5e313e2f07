//! `cargo xtask run`: builds the product and starts the server.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Error, Result};

use crate::pipeline::Pipeline;
use crate::steps::Step;
use crate::workspace;

/// Builds the product, prints its path, and replaces this process with the server, which then receives signals
/// directly and sets the exit code.
pub(crate) fn run(args: &[OsString]) -> Result<ExitCode> {
    Pipeline::new(&[Step::Build]).run()?;
    let server = workspace::server_binary();
    eprintln!("\nserver: {} (contains the site)", server.display());
    eprintln!("options: {} --help\n", server.display());
    let error = Command::new(&server).args(args).exec();
    Err(Error::new(error).context(format!("cannot start {}", server.display())))
}
