//! The site again, from nothing, in another folder: the same bytes, or `ikrypt verify` means nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::build::files_below;
use crate::process::{capture, command, run};
use crate::workspace;

/// Copies the sources into a folder with a name of another length, builds the site there without anything
/// that was built before, and compares.
pub(super) fn check() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("ikrypt-elsewhere-").tempdir()?;
    let copy = folder.path().join("a-folder-with-a-name-of-another-length");
    copy_sources(&copy)?;
    // The tools are programs, not what is built.
    symlink(workspace::tools_dir(), copy.join("tools")).context("cannot link tools/")?;

    let mut build = command(std::env::current_exe()?);
    build.arg("site").current_dir(&copy).env("CARGO_MANIFEST_DIR", copy.join("xtask"));
    build.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
    run(&mut build)?;

    let (here, there) = (files(&workspace::site_dir())?, files(&copy.join("target/site"))?);
    let names: BTreeSet<_> = here.keys().chain(there.keys()).collect();
    let differ: Vec<_> = names.into_iter().filter(|name| here.get(*name) != there.get(*name)).collect();
    if !differ.is_empty() {
        bail!("built elsewhere, these files are others: {differ:?}");
    }
    eprintln!("{} files of the site, built in two folders, are the same", here.len());
    Ok(())
}

/// What git knows or would take, as it is now.
fn copy_sources(to: &Path) -> Result<()> {
    let root = workspace::root();
    let listed =
        capture(command("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    for name in listed.split('\0').filter(|name| root.join(name).is_file()) {
        let target = to.join(name);
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::copy(root.join(name), &target).with_context(|| format!("cannot copy {name}"))?;
    }
    Ok(())
}

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let named = |path: PathBuf| {
        let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
        Ok((name, fs::read(&path)?))
    };
    files_below(folder)?.into_iter().map(named).collect()
}
