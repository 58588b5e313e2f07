//! The tests that run natively.

use anyhow::Result;

use crate::context::StepContext;
use crate::process::{cargo, run, which};

/// Every crate that can be tested natively. The frontend compiles for the browser only.
const PACKAGES: [&str; 3] = ["--workspace", "--exclude", "frontend"];

/// Runs the unit and integration tests: in parallel with nextest if it is installed, with `cargo test` otherwise.
pub(super) fn run_tests(context: &mut StepContext) -> Result<()> {
    let mut command = cargo();
    if which("cargo-nextest").is_some() {
        command.args(["nextest", "run"]);
    } else {
        command.args(["test", "--all-targets"]);
    }
    run(command.args(PACKAGES).env("DATABASE_URL", context.database_url()?))
}

/// Runs the examples in the documentation.
pub(super) fn run_doctests() -> Result<()> {
    run(cargo().args(["test", "--doc"]).args(PACKAGES))
}
