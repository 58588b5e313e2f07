//! wasm-opt, which shrinks the WebAssembly; installed from npm, where Binaryen publishes it too.

use anyhow::Result;

use super::node;
use crate::process::{command, run};
use crate::version::Version;
use crate::workspace;

/// The version to install. Newer ones work too; older ones do not support everything that the compiler emits.
const VERSION: &str = "132.0.0";

/// Installs wasm-opt unless this version or a newer one is installed.
pub(super) fn ensure_installed() -> Result<()> {
    // wasm-opt prints 132 where npm has 132.0.0.
    let required = VERSION.split('.').next().and_then(Version::parse);
    if Version::of("wasm-opt") >= required {
        return Ok(());
    }
    node::ensure_installed()?;
    eprintln!("installing wasm-opt (binaryen {VERSION}) into tools/ (under a minute)");
    run(command("npm")
        .args(["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix"])
        .arg(workspace::tools_dir())
        .arg(format!("binaryen@{VERSION}")))
}
