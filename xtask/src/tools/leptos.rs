//! cargo-leptos, which builds the site and the server with the site inside.

use anyhow::Result;

use super::cargo_install::Program;
use super::version::Version;

/// This one exactly: 0.3.11 wants a newer compiler than rust-toolchain.toml names.
const VERSION: &str = "0.3.10";

/// Makes sure that cargo-leptos is there.
pub(super) fn ensure() -> Result<()> {
    if Version::of("cargo-leptos") == Version::parse(VERSION) {
        return Ok(());
    }
    Program { name: "cargo-leptos", version: VERSION, locked: true, takes: "10 minutes" }.install()
}
