//! A virtual environment of Python with the packages of `end2end/requirements.txt`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::apt;
use crate::process::{command, run};
use crate::version::Version;
use crate::workspace;

/// The oldest version that the API's example client supports.
const OLDEST: &str = "3.10";

/// Returns the folder of the environment's programs.
pub(crate) fn programs() -> PathBuf {
    folder().join("bin")
}

fn folder() -> PathBuf {
    workspace::tools_dir().join("python")
}

/// Creates the environment, unless it was created from the same list of packages.
pub(super) fn ensure_installed() -> Result<()> {
    let requirements = workspace::end2end_dir().join("requirements.txt");
    let packages =
        fs::read(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let installed = folder().join("requirements.txt");
    if fs::read(&installed).is_ok_and(|installed| installed == packages) {
        return Ok(());
    }
    if Version::of("python3") < Version::parse(OLDEST) && !apt::install(&["python3", "python3-venv"])? {
        bail!(
            "Python {OLDEST} or newer is needed: install your system's package, or from https://python.org"
        );
    }
    eprintln!("installing the packages of end2end/requirements.txt into tools/python (under a minute)");
    run(command("python3").args(["-m", "venv", "--clear"]).arg(folder()))?;
    let pip = programs().join("pip");
    run(command(pip)
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements))?;
    fs::write(&installed, packages).with_context(|| format!("cannot write {}", installed.display()))
}
