//! Checks the dependencies against `deny.toml`.

use anyhow::{Context as _, Result, bail};

use crate::process::{command, run};

/// The error of cargo-deny without access to the advisory database.
const FETCH_FAILED: &str = "failed to fetch advisory database";

/// Checks bans, licences and sources, and advisories where their database can be fetched.
pub(super) fn check() -> Result<()> {
    run(command("cargo-deny").args([
        "--log-level",
        "error",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))?;
    let mut advisories = command("cargo-deny");
    let output = advisories.args(["check", "advisories"]).output().context("cannot start cargo-deny")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        eprintln!("advisories ok");
    } else if stderr.contains(FETCH_FAILED) {
        eprintln!("advisories: not checked, the advisory database cannot be fetched");
    } else {
        bail!("{stderr}");
    }
    Ok(())
}
