//! wasm-opt, which makes the WebAssembly smaller; from npm, where Binaryen publishes it too.

use anyhow::Result;

use super::{node, version::Version};
use crate::process::{command, run};
use crate::workspace;

/// What is installed; newer ones do as well, older ones do not know all that the compiler writes.
const VERSION: &str = "132.0.0";

/// Makes sure that wasm-opt is there.
pub(super) fn ensure() -> Result<()> {
    // It calls itself 132 where npm says 132.0.0.
    let wanted = VERSION.split('.').next().and_then(Version::parse);
    if Version::of("wasm-opt") >= wanted {
        return Ok(());
    }
    node::ensure()?;
    eprintln!("installing wasm-opt (binaryen {VERSION}) into tools/ (under a minute)");
    run(command("npm")
        .args(["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix"])
        .arg(workspace::tools_dir())
        .arg(format!("binaryen@{VERSION}")))
}
