//! PgBouncer, a connection pooler that the server is tested with.

use std::path::Path;

use anyhow::{Result, bail};

use crate::apt;
use crate::process::{is_executable, which};

/// Debian's path, which is not on every user's `PATH`.
const DEBIAN_PATH: &str = "/usr/sbin/pgbouncer";

fn is_installed() -> bool {
    which("pgbouncer").is_some() || is_executable(Path::new(DEBIAN_PATH))
}

/// Installs PgBouncer unless it is installed.
pub(super) fn ensure_installed() -> Result<()> {
    if is_installed() || (apt::install(&["pgbouncer"])? && is_installed()) {
        return Ok(());
    }
    bail!("the tests of connection poolers need PgBouncer: install your system's package")
}
