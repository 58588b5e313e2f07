//! `ip` of iproute2, with which tests set up network namespaces.

use std::path::Path;

use anyhow::{Result, bail};

use crate::apt;
use crate::process::{is_executable, which};

/// Debian's paths, which are not on every user's `PATH`.
const PATHS: [&str; 2] = ["/usr/sbin/ip", "/sbin/ip"];

/// Installs iproute2 unless it is installed. Does nothing without root or Linux, where no network namespace can be created.
pub(super) fn ensure_installed() -> Result<()> {
    let is_installed = || which("ip").is_some() || PATHS.iter().any(|path| is_executable(Path::new(path)));
    if !cfg!(target_os = "linux") || !apt::is_root() || is_installed() {
        return Ok(());
    }
    if !(apt::install(&["iproute2"])? && is_installed()) {
        bail!("the tests in a network namespace need ip: install your system's package iproute2");
    }
    Ok(())
}
