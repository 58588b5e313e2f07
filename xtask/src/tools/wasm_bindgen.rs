//! wasm-bindgen, which writes the JavaScript that loads the WebAssembly, and its test runner.

use std::fs;

use anyhow::{Context as _, Result};

use super::cargo_install::Program;
use super::version::Version;
use crate::workspace;

/// Makes sure that both are there, in exactly the version of the library: they refuse any other.
pub(super) fn ensure() -> Result<()> {
    let lock_file = workspace::root().join("Cargo.lock");
    let lock =
        fs::read_to_string(&lock_file).with_context(|| format!("cannot read {}", lock_file.display()))?;
    let version = locked_version(&lock).context("Cargo.lock names no wasm-bindgen")?;

    let wanted = Version::parse(version);
    let programs = ["wasm-bindgen", "wasm-bindgen-test-runner"];
    if programs.iter().all(|program| Version::of(program) == wanted) {
        return Ok(());
    }
    // Not by its own lock file: that names releases so new that not every mirror has them.
    Program { name: "wasm-bindgen-cli", version, locked: false, takes: "3 minutes" }.install()
}

/// The version of the library wasm-bindgen that Cargo.lock names.
fn locked_version(lock: &str) -> Option<&str> {
    let (_, package) = lock.split_once("name = \"wasm-bindgen\"\n")?;
    package.lines().next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_library_and_none_of_its_kin() {
        let lock = "\
[[package]]
name = \"wasm-bindgen-futures\"
version = \"0.4.80\"

[[package]]
name = \"wasm-bindgen\"
version = \"0.2.130\"
source = \"registry+https://github.com/rust-lang/crates.io-index\"
";
        assert_eq!(locked_version(lock), Some("0.2.130"));
        assert_eq!(locked_version("version = 4\n"), None);
    }
}
