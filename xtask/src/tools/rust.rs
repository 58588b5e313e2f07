//! Parts of the Rust toolchain.
//!
//! rust-toolchain.toml lists them, but rustup may have been told not to install by itself
//! (`RUSTUP_AUTO_INSTALL=0`), so they are asked for. A Rust without rustup does as well, if it has
//! them.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::process::{capture, cargo, command, run};

/// The target of what runs in the browser.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Makes sure that the standard library for the browser is there.
pub(super) fn wasm_target() -> Result<()> {
    let sysroot = capture(command("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(WASM).join("lib").is_dir() {
        return Ok(());
    }
    eprintln!("installing Rust's target {WASM} (under a minute)");
    run(command("rustup").args(["target", "add", WASM]))
        .with_context(|| format!("Rust's standard library for {WASM} is needed"))
}

/// Makes sure that `cargo <subcommand>` works.
pub(super) fn component(name: &str, subcommand: &str) -> Result<()> {
    if capture(cargo().args([subcommand, "--version"])).is_ok() {
        return Ok(());
    }
    eprintln!("installing Rust's component {name} (under a minute)");
    run(command("rustup").args(["component", "add", name]))
        .with_context(|| format!("Rust's component {name} is needed"))
}
