//! Node.js, which runs wasm-opt and Playwright.

use anyhow::{Result, bail};

use crate::process::which;
use crate::version::Version;

/// The oldest version that Playwright supports.
const OLDEST: &str = "20";

/// Checks that Node.js and npm are installed. Does not install them, since developers choose their source themselves.
pub(super) fn ensure_installed() -> Result<()> {
    if Version::of("node") >= Version::parse(OLDEST) && which("npm").is_some() {
        return Ok(());
    }
    bail!(
        "Node.js {OLDEST} or newer with npm is needed: install your system's package, or from https://nodejs.org"
    )
}
