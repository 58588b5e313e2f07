//! The tests of the cryptography where it matters most: in a browser's WebAssembly.

use std::process::Command;

use anyhow::Result;

use crate::pipeline::Shared;
use crate::process::cargo;
use crate::tee;
use crate::tools::{self, WASM};

/// What to build and test, in cargo's words.
pub(super) const TESTS: &[&str] = &["--package", "shared-crypto", "--test", "web"];

/// Runs them in a headless Chromium.
///
/// The runner starts it without a sandbox (as root there is none) and waits twenty seconds, which
/// is little for Argon2id in a debug build.
pub(super) fn tests(shared: &mut Shared) -> Result<()> {
    tee::run(in_browser().args(TESTS), &mut shared.closing_lines)
}

/// `cargo test`, for a browser.
pub(crate) fn in_browser() -> Command {
    let mut command = cargo();
    command
        .args(["test", "--target", WASM])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "600")
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
    if let Some(driver) = tools::chrome_driver() {
        command.env("CHROMEDRIVER", driver);
    }
    command
}
