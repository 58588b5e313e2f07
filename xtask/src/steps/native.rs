//! The tests that run natively.

use anyhow::Result;

use crate::pipeline::Shared;
use crate::process::{cargo, which};
use crate::tee;

/// Everything a native build can test: not the frontend, which is for the browser only.
const PACKAGES: [&str; 3] = ["--workspace", "--exclude", "frontend"];

/// Unit and integration tests: with nextest, which runs them side by side, if it is there.
pub(super) fn tests(shared: &mut Shared) -> Result<()> {
    let mut command = cargo();
    if which("cargo-nextest").is_some() {
        command.args(["nextest", "run"]);
    } else {
        command.args(["test", "--all-targets"]);
    }
    command.args(PACKAGES).env("DATABASE_URL", shared.database_url()?);
    tee::run(&mut command, &mut shared.closing_lines)
}

/// The examples in the documentation.
pub(super) fn doctests(shared: &mut Shared) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--doc"]).args(PACKAGES);
    tee::run(&mut command, &mut shared.closing_lines)
}
