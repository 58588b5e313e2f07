//! `ip` of iproute2, which gives addresses to the network namespaces of tests.

use std::path::Path;

use anyhow::{Result, bail};

use super::apt;
use crate::process::{executable, which};

/// Where Debian puts it, which is not on every user's `PATH`.
const ELSEWHERE: [&str; 2] = ["/usr/sbin/ip", "/sbin/ip"];

/// Makes sure that it is there, for the superuser on Linux: other users cannot make a network namespace.
pub(super) fn ensure() -> Result<()> {
    let found = || which("ip").is_some() || ELSEWHERE.iter().any(|path| executable(Path::new(path)));
    if !cfg!(target_os = "linux") || !apt::is_root() || found() {
        return Ok(());
    }
    if !(apt::install(&["iproute2"])? && found()) {
        bail!(
            "ip is needed, for the tests in a network namespace: install iproute2 from your system's packages"
        );
    }
    Ok(())
}
