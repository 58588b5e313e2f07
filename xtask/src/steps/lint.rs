//! The steps that only read the code.

use anyhow::Result;

use super::wasm;
use crate::process::{cargo, run};
use crate::tools::WASM;

/// Checks the formatting.
pub(super) fn fmt() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

/// Lints everything that compiles natively, tests included. The frontend compiles for the browser only.
pub(super) fn clippy() -> Result<()> {
    run(cargo()
        .args(["clippy", "--workspace", "--exclude", "frontend", "--all-targets"])
        .args(["--", "--deny", "warnings"]))
}

/// Lints everything that runs in the browser: the frontend, which compiles `app` for the browser, and the tests of
/// the cryptography that only a browser can run.
pub(super) fn clippy_wasm() -> Result<()> {
    let speed = &["--package", "shared-crypto", "--test", "speed"];
    for targets in [["--package", "frontend", "--lib"].as_slice(), wasm::TESTS, speed] {
        run(cargo().args(["clippy", "--target", WASM]).args(targets).args(["--", "--deny", "warnings"]))?;
    }
    Ok(())
}

/// Builds the documentation; broken links are errors.
pub(super) fn doc() -> Result<()> {
    run(cargo()
        .args(["doc", "--no-deps", "--workspace", "--exclude", "frontend"])
        .env("RUSTDOCFLAGS", "--deny warnings"))
}
