//! Installs parts of the Rust toolchain.
//!
//! rust-toolchain.toml lists them, but rustup may be set not to install them by itself (`RUSTUP_AUTO_INSTALL=0`).
//! A Rust without rustup works too, if it has these parts.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::process::{capture, cargo, command, run};

/// The compiler's target for the browser.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Installs the standard library for the browser unless it is installed.
pub(super) fn ensure_wasm_target() -> Result<()> {
    let sysroot = capture(command("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(WASM).join("lib").is_dir() {
        return Ok(());
    }
    eprintln!("installing Rust's target {WASM} (under a minute)");
    run(command("rustup").args(["target", "add", WASM]))
        .with_context(|| format!("Rust's standard library for {WASM} is needed"))
}

/// Installs a component unless `cargo <subcommand>` works.
pub(super) fn ensure_component(name: &str, subcommand: &str) -> Result<()> {
    if capture(cargo().args([subcommand, "--version"])).is_ok() {
        return Ok(());
    }
    eprintln!("installing Rust's component {name} (under a minute)");
    run(command("rustup").args(["component", "add", name]))
        .with_context(|| format!("Rust's component {name} is needed"))
}
