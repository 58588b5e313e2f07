//! nginx, with which the example of a proxy is tried.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::apt;
use crate::process::{executable, which};

/// Debian puts it where ordinary users do not look.
const ELSEWHERE: &str = "/usr/sbin/nginx";

/// Where it is.
pub(crate) fn nginx() -> Option<PathBuf> {
    which("nginx").or_else(|| Some(PathBuf::from(ELSEWHERE)).filter(|path| executable(Path::new(path))))
}

/// Makes sure that it is there.
pub(super) fn ensure() -> Result<()> {
    if nginx().is_none() && !(apt::install(&["nginx-light"])? && nginx().is_some()) {
        bail!("nginx is needed, for the test of deploy/nginx.conf: install it from your system's packages");
    }
    Ok(())
}
