//! Reverse proxies, with which the examples in `deploy/` are tried.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::apt;
use crate::process::{executable, which};

/// One of them.
pub(crate) struct ReverseProxy {
    program: &'static str,
    /// The variable in which the tests are told where it is.
    pub(crate) variable: &'static str,
    /// Debian's package.
    package: &'static str,
    example: &'static str,
}

/// All of them.
pub(crate) const REVERSE_PROXIES: [ReverseProxy; 3] = [
    ReverseProxy { program: "nginx", variable: "NGINX", package: "nginx-light", example: "nginx.conf" },
    ReverseProxy { program: "caddy", variable: "CADDY", package: "caddy", example: "Caddyfile" },
    ReverseProxy { program: "haproxy", variable: "HAPROXY", package: "haproxy", example: "haproxy.cfg" },
];

impl ReverseProxy {
    /// Returns where it is. Debian puts some where ordinary users do not look.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let elsewhere = Path::new("/usr/sbin").join(self.program);
        which(self.program).or_else(|| Some(elsewhere).filter(|path| executable(path)))
    }
}

/// Makes sure that all of them are there.
pub(super) fn ensure() -> Result<()> {
    let missing = || REVERSE_PROXIES.iter().filter(|proxy| proxy.path().is_none());
    let packages: Vec<_> = missing().map(|proxy| proxy.package).collect();
    if !packages.is_empty() {
        apt::install(&packages)?;
    }
    if let Some(ReverseProxy { program, example, .. }) = missing().next() {
        bail!(
            "{program} is needed, for the test of deploy/{example}: install it from your system's packages"
        );
    }
    Ok(())
}
