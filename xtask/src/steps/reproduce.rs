//! Checks that the build of the site is reproducible, which `ikrypt verify` relies on.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::build::files_below;
use crate::process::{capture, command, run};
use crate::workspace;

/// Copies the sources into a folder whose name has another length, builds the site there from nothing, and compares
/// the files with those of this folder.
pub(super) fn check() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("ikrypt-elsewhere-").tempdir()?;
    let copy = folder.path().join("a-folder-with-a-name-of-another-length");
    copy_sources(&copy)?;
    // The tools may be shared: they are not part of the build's result.
    symlink(workspace::tools_dir(), copy.join("tools")).context("cannot link tools/")?;

    let mut build = command(env::current_exe()?);
    build.arg("site").current_dir(&copy).env("CARGO_MANIFEST_DIR", copy.join("xtask"));
    build.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
    run(&mut build)?;

    let (here, there) = (read_files(&workspace::site_dir())?, read_files(&copy.join("target/site"))?);
    let names: BTreeSet<_> = here.keys().chain(there.keys()).collect();
    let different: Vec<_> = names.into_iter().filter(|name| here.get(*name) != there.get(*name)).collect();
    if !different.is_empty() {
        bail!("these files differ when they are built in another folder: {different:?}");
    }
    eprintln!("{} files of the site are identical when they are built in two folders", here.len());
    Ok(())
}

/// Copies the files that git tracks or would add, with their current contents.
fn copy_sources(to: &Path) -> Result<()> {
    let root = workspace::root();
    let names =
        capture(command("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    for name in names.split('\0').filter(|name| root.join(name).is_file()) {
        let target = to.join(name);
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::copy(root.join(name), &target).with_context(|| format!("cannot copy {name}"))?;
    }
    Ok(())
}

/// Returns the contents of every file below a folder, by relative path.
fn read_files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let read = |path: PathBuf| {
        let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
        Ok((name, fs::read(&path)?))
    };
    files_below(folder)?.into_iter().map(read).collect()
}
