//! Installs Debian packages.

use std::process::Command;

use anyhow::Result;

use crate::process::{capture, command, run, which};

/// Reports whether this process runs as root, as in most containers.
pub(crate) fn is_root() -> bool {
    capture(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Installs packages, and returns whether it did: without root or apt-get, it does nothing and returns `false`.
pub(crate) fn install(packages: &[&str]) -> Result<bool> {
    if !is_root() || which("apt-get").is_none() {
        return Ok(false);
    }
    eprintln!("installing Debian's {} (a minute or two)", packages.join(", "));
    run(apt_get().arg("update"))?;
    run(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(packages))?;
    Ok(true)
}

fn apt_get() -> Command {
    let mut command = command("apt-get");
    command.arg("--quiet").env("DEBIAN_FRONTEND", "noninteractive");
    command
}
