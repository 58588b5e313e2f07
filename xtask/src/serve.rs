//! `cargo xtask run`: build the product and become it.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Error, Result};

use crate::pipeline::Pipeline;
use crate::steps::Step;
use crate::workspace;

/// Builds, says where what is, and replaces this process by the server: signals and the exit code
/// are then the server's own affair.
pub(crate) fn run(args: &[OsString]) -> Result<ExitCode> {
    Pipeline::new(&[Step::Build]).run()?;
    let server = workspace::server_binary();
    eprintln!("\nserver: {} (the site is inside)", server.display());
    eprintln!("options: {} --help\n", server.display());
    let error = Command::new(&server).args(args).exec();
    Err(Error::new(error).context(format!("cannot start {}", server.display())))
}
