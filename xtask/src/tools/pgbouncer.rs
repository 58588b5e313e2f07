//! PgBouncer, the pooler that the server is tested behind.

use std::path::Path;

use anyhow::{Result, bail};

use super::apt;
use crate::process::{executable, which};

/// Debian puts it where ordinary users do not look.
const ELSEWHERE: &str = "/usr/sbin/pgbouncer";

fn is_there() -> bool {
    which("pgbouncer").is_some() || executable(Path::new(ELSEWHERE))
}

/// Makes sure that it is there.
pub(super) fn ensure() -> Result<()> {
    if is_there() || (apt::install(&["pgbouncer"])? && is_there()) {
        return Ok(());
    }
    bail!("PgBouncer is needed, for the tests of poolers: install it from your system's packages")
}
