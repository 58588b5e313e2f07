//! Node.js, which runs wasm-opt and Playwright.

use anyhow::{Result, bail};

use super::version::Version;
use crate::process::which;

/// What Playwright asks for.
const OLDEST: &str = "20";

/// Looks whether Node.js and npm are there. They are not installed from here: people have them
/// from where they want them.
pub(super) fn ensure() -> Result<()> {
    if Version::of("node") >= Version::parse(OLDEST) && which("npm").is_some() {
        return Ok(());
    }
    bail!(
        "Node.js {OLDEST} or newer with npm is needed: install it from your system's packages or https://nodejs.org"
    )
}
