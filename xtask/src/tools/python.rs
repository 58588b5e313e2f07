//! Python with the packages of `end2end/requirements.txt`, in a folder of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use super::apt;
use super::version::Version;
use crate::process::{command, run};
use crate::workspace;

/// What the example of the API asks for.
const OLDEST: &str = "3.10";

/// The folder of its programs.
pub(crate) fn programs() -> PathBuf {
    folder().join("bin")
}

fn folder() -> PathBuf {
    workspace::tools_dir().join("python")
}

/// Makes sure that exactly these packages are there.
pub(super) fn ensure() -> Result<()> {
    let listed = workspace::end2end_dir().join("requirements.txt");
    let wanted = fs::read(&listed).with_context(|| format!("cannot read {}", listed.display()))?;
    let installed = folder().join("requirements.txt");
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if Version::of("python3") < Version::parse(OLDEST) && !apt::install(&["python3", "python3-venv"])? {
        bail!(
            "Python {OLDEST} or newer is needed: install it from your system's packages or https://python.org"
        );
    }
    eprintln!("installing the packages of end2end/requirements.txt into tools/python (under a minute)");
    run(command("python3").args(["-m", "venv", "--clear"]).arg(folder()))?;
    let pip = programs().join("pip");
    run(command(pip)
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&listed))?;
    fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))
}
