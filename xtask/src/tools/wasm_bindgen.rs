//! wasm-bindgen, which generates the JavaScript that loads the WebAssembly, and its test runner.

use std::fs;

use anyhow::{Context as _, Result};

use super::cargo_install::Program;
use crate::version::Version;
use crate::workspace;

/// Installs both in the version of the library, unless they are installed: they refuse any other version.
pub(super) fn ensure_installed() -> Result<()> {
    let lock_file = workspace::root().join("Cargo.lock");
    let lock =
        fs::read_to_string(&lock_file).with_context(|| format!("cannot read {}", lock_file.display()))?;
    let version = locked_version(&lock).context("Cargo.lock does not contain wasm-bindgen")?;

    let required = Version::parse(version);
    let programs = ["wasm-bindgen", "wasm-bindgen-test-runner"];
    if programs.iter().all(|program| Version::of(program) == required) {
        return Ok(());
    }
    // Without its lock file, which may contain releases that a mirror does not have yet.
    Program { name: "wasm-bindgen-cli", version, locked: false, duration: "3 minutes" }.install()
}

/// Returns the version of the library wasm-bindgen in Cargo.lock.
fn locked_version(lock: &str) -> Option<&str> {
    let (_, package) = lock.split_once("name = \"wasm-bindgen\"\n")?;
    package.lines().next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_that_of_the_library_and_not_of_a_similar_name() {
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
