//! The browser of the tests, and the driver through which wasm-bindgen's test runner speaks to it.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::apt;
use crate::process::{executable, which};

const BROWSERS: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// Places that are not on the `PATH`.
const BROWSERS_ELSEWHERE: [&str; 2] =
    ["/usr/bin/chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
const DRIVERS_ELSEWHERE: [&str; 2] = ["/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver"];
const DEBIAN: [&str; 2] = ["chromium", "chromium-driver"];

/// The system's Chromium: what `CHROMIUM` names, or the first that is found.
pub(crate) fn browser() -> Option<PathBuf> {
    find("CHROMIUM", &BROWSERS, &BROWSERS_ELSEWHERE)
}

/// Its driver: what `CHROMEDRIVER` names, or the first that is found.
pub(crate) fn chrome_driver() -> Option<PathBuf> {
    find("CHROMEDRIVER", &["chromedriver"], &DRIVERS_ELSEWHERE)
}

/// Makes sure that Playwright has a browser. Where Debian has none for us, Playwright gets its
/// own, later.
pub(super) fn ensure() {
    if browser().is_none() && !matches!(apt::install(&DEBIAN), Ok(true)) {
        eprintln!("no Chromium here: Playwright will install its own");
    }
}

/// Makes sure that there is a driver, and with it a browser to drive.
pub(super) fn ensure_driver() -> Result<()> {
    let both = || browser().is_some() && chrome_driver().is_some();
    if both() || (apt::install(&DEBIAN)? && both()) {
        return Ok(());
    }
    bail!(
        "Chromium or Chrome and a chromedriver of the same version are needed: \
         install them, or point CHROMIUM and CHROMEDRIVER to them"
    )
}

fn find(variable: &str, names: &[&str], elsewhere: &[&str]) -> Option<PathBuf> {
    let given = env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    let on_path = || names.iter().find_map(|name| which(name));
    let known = || elsewhere.iter().map(PathBuf::from).find(|path| executable(path));
    given.or_else(on_path).or_else(known)
}
