//! The supply chain, as `deny.toml` wants it.

use anyhow::{Context as _, Result, bail};

use crate::process::{command, run};

/// What cargo-deny says where the list of advisories is out of reach.
const OUT_OF_REACH: &str = "failed to fetch advisory database";

/// Checks everything; advisories only where their list can be had.
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
    let said = advisories.args(["check", "advisories"]).output().context("cannot start cargo-deny")?;
    let text = String::from_utf8_lossy(&said.stderr);
    if said.status.success() {
        eprintln!("advisories ok");
    } else if text.contains(OUT_OF_REACH) {
        eprintln!("advisories: not checked, their list cannot be reached from here");
    } else {
        bail!("{text}");
    }
    Ok(())
}
