//! The tests of the cryptography in a browser's WebAssembly.

use std::process::Command;

use anyhow::Result;

use crate::process::{cargo, run};
use crate::tools::{self, WASM};

/// The arguments that select these tests in cargo.
pub(super) const TESTS: &[&str] = &["--package", "shared-crypto", "--test", "web"];

/// Runs the tests in a headless Chromium.
pub(super) fn run_tests() -> Result<()> {
    run(in_browser().args(TESTS))
}

/// Returns a `cargo test` that runs in a browser.
///
/// The runner starts Chromium without a sandbox, which root does not have, and waits twenty seconds by default, which
/// is too little for Argon2id in a debug build.
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
