//! cargo-leptos, which builds the site.

use anyhow::Result;

use super::cargo_install::Program;
use crate::version::Version;

/// The only accepted version: 0.3.11 needs a newer compiler than the one in rust-toolchain.toml.
const VERSION: &str = "0.3.10";

/// Installs this version of cargo-leptos unless it is installed.
pub(super) fn ensure_installed() -> Result<()> {
    if Version::of("cargo-leptos") == Version::parse(VERSION) {
        return Ok(());
    }
    Program { name: "cargo-leptos", version: VERSION, locked: true, duration: "10 minutes" }.install()
}
