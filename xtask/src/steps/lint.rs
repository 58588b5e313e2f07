//! The steps that only read the code.

use anyhow::Result;

use crate::process::{cargo, run};
use crate::tools::WASM;

/// Formatting.
pub(super) fn fmt() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

/// Lints of everything that runs natively, tests included. The frontend is for the browser only.
pub(super) fn clippy() -> Result<()> {
    run(cargo()
        .args(["clippy", "--workspace", "--exclude", "frontend", "--all-targets"])
        .args(["--", "--deny", "warnings"]))
}

/// Lints of everything that runs in the browser: the frontend and with it `app` as the browser
/// gets it, and the tests of the cryptography that only a browser can run.
pub(super) fn clippy_wasm() -> Result<()> {
    let speed = &["--package", "shared-crypto", "--test", "speed"];
    for targets in [["--package", "frontend", "--lib"].as_slice(), super::wasm::TESTS, speed] {
        run(cargo().args(["clippy", "--target", WASM]).args(targets).args(["--", "--deny", "warnings"]))?;
    }
    Ok(())
}

/// The documentation; a link that leads nowhere is an error.
pub(super) fn doc() -> Result<()> {
    run(cargo()
        .args(["doc", "--no-deps", "--workspace", "--exclude", "frontend"])
        .env("RUSTDOCFLAGS", "--deny warnings"))
}
