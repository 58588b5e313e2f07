//! cargo-deny, which checks licences, sources and advisories of dependencies.

use anyhow::Result;

use super::cargo_install::Program;

/// The oldest accepted version; newer ones read the same `deny.toml`.
const VERSION: &str = "0.20.2";

/// Installs cargo-deny unless it is installed.
pub(super) fn ensure_installed() -> Result<()> {
    Program { name: "cargo-deny", version: VERSION, locked: true, duration: "2 minutes" }.ensure_installed()
}
