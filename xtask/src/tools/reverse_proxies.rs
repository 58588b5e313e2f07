//! The reverse proxies with which the examples in `deploy/` are tested.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::apt;
use crate::process::{is_executable, which};

/// A reverse proxy, and where the tests find it.
pub(crate) struct ReverseProxy {
    program: &'static str,
    /// The environment variable through which the tests get its path.
    pub(crate) variable: &'static str,
    /// The Debian package.
    package: &'static str,
    /// The configuration in `deploy/`.
    example: &'static str,
}

/// Every reverse proxy that has an example.
pub(crate) const REVERSE_PROXIES: [ReverseProxy; 3] = [
    ReverseProxy { program: "nginx", variable: "NGINX", package: "nginx-light", example: "nginx.conf" },
    ReverseProxy { program: "caddy", variable: "CADDY", package: "caddy", example: "Caddyfile" },
    ReverseProxy { program: "haproxy", variable: "HAPROXY", package: "haproxy", example: "haproxy.cfg" },
];

impl ReverseProxy {
    /// Returns its path. Debian installs some into a folder that is not on every user's `PATH`.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        let debian_path = Path::new("/usr/sbin").join(self.program);
        which(self.program).or_else(|| Some(debian_path).filter(|path| is_executable(path)))
    }
}

/// Installs the missing ones.
pub(super) fn ensure_installed() -> Result<()> {
    let missing = || REVERSE_PROXIES.iter().filter(|proxy| proxy.path().is_none());
    let packages: Vec<_> = missing().map(|proxy| proxy.package).collect();
    if !packages.is_empty() {
        apt::install(&packages)?;
    }
    if let Some(ReverseProxy { program, example, .. }) = missing().next() {
        bail!("the test of deploy/{example} needs {program}: install your system's package");
    }
    Ok(())
}
