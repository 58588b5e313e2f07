//! Debian's packages, where there are some and we may install them.

use anyhow::Result;

use crate::process::{capture, command, run, which};

/// Whether this is the superuser, as in most containers.
pub(crate) fn is_root() -> bool {
    capture(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Installs these packages and says whether they are there now; elsewhere than on a system with
/// apt-get, and as anyone else than root, it does nothing and says no.
pub(crate) fn install(packages: &[&str]) -> Result<bool> {
    if !is_root() || which("apt-get").is_none() {
        return Ok(false);
    }
    eprintln!("installing Debian's {} (a minute or two)", packages.join(", "));
    run(apt_get().arg("update"))?;
    run(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(packages))?;
    Ok(true)
}

fn apt_get() -> std::process::Command {
    let mut command = command("apt-get");
    command.arg("--quiet").env("DEBIAN_FRONTEND", "noninteractive");
    command
}
