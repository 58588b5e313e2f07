//! Finds or installs the browser of the tests, and the driver that wasm-bindgen's test runner controls it with.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::apt;
use crate::process::{is_executable, which};

const BROWSERS: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// Paths of browsers that may not be on the `PATH`.
const BROWSER_PATHS: [&str; 2] =
    ["/usr/bin/chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
const DRIVER_PATHS: [&str; 2] = ["/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver"];
const DEBIAN_PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

/// Returns the system's Chromium: the path in `CHROMIUM`, or the first that is found.
pub(crate) fn browser() -> Option<PathBuf> {
    find("CHROMIUM", &BROWSERS, &BROWSER_PATHS)
}

/// Returns the system's chromedriver: the path in `CHROMEDRIVER`, or the first that is found.
pub(crate) fn chrome_driver() -> Option<PathBuf> {
    find("CHROMEDRIVER", &["chromedriver"], &DRIVER_PATHS)
}

/// Installs Debian's Chromium if no browser is found. Where that is impossible, Playwright downloads its own later.
pub(super) fn ensure_browser() {
    if browser().is_none() && !matches!(apt::install(&DEBIAN_PACKAGES), Ok(true)) {
        eprintln!("no Chromium found: Playwright will install its own");
    }
}

/// Installs Debian's Chromium and chromedriver if either is missing.
pub(super) fn ensure_chrome_driver() -> Result<()> {
    let has_both = || browser().is_some() && chrome_driver().is_some();
    if has_both() || (apt::install(&DEBIAN_PACKAGES)? && has_both()) {
        return Ok(());
    }
    bail!(
        "Chromium or Chrome and a chromedriver of the same version are needed: \
         install them, or point CHROMIUM and CHROMEDRIVER to them"
    )
}

fn find(variable: &str, names: &[&str], paths: &[&str]) -> Option<PathBuf> {
    let from_env = env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    let on_path = || names.iter().find_map(|name| which(name));
    let at_known_path = || paths.iter().map(PathBuf::from).find(|path| is_executable(path));
    from_env.or_else(on_path).or_else(at_known_path)
}
