//! The npm packages of the end-to-end tests.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::Result;

use crate::process::{command, run};
use crate::workspace;

/// Installs the packages of the lock file, unless the installed ones are as new as it.
///
/// Playwright's browsers are not downloaded here; the step `e2e` installs one if the system has none.
pub(super) fn install() -> Result<()> {
    let end2end = workspace::end2end_dir();
    let installed = modified(&end2end.join("node_modules/.package-lock.json"));
    let locked = modified(&end2end.join("package-lock.json"));
    if installed.is_some() && installed >= locked {
        return Ok(());
    }
    eprintln!("installing the packages of end2end/ (under a minute)");
    run(command("npm")
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(&end2end)
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}
