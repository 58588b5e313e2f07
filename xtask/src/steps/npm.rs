//! The packages of the end-to-end tests.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::Result;

use crate::process::{command, run};
use crate::workspace;

/// Installs exactly what the lock file says, if that is not what is there.
///
/// The browsers Playwright would download come later, and only if the system has none.
pub(super) fn install() -> Result<()> {
    let end2end = workspace::end2end_dir();
    let installed = changed(&end2end.join("node_modules/.package-lock.json"));
    let locked = changed(&end2end.join("package-lock.json"));
    if installed.is_some() && installed >= locked {
        return Ok(());
    }
    eprintln!("installing the packages of end2end/ (under a minute)");
    run(command("npm")
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(&end2end)
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}
