//! Finds or installs PostgreSQL's programs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::apt;
use crate::process::{is_executable, which};
use crate::version::Version;

/// The programs that a cluster needs. Debian does not put them on the `PATH`.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];
/// Debian installs the programs into `<this folder>/<version>/bin`.
const DEBIAN_DIR: &str = "/usr/lib/postgresql";

/// Returns the folder with the programs, and installs them if they are missing.
pub(super) fn find_or_install() -> Result<PathBuf> {
    if let Some(folder) = find() {
        return Ok(folder);
    }
    apt::install(&["postgresql"])?;
    find().context(
        "PostgreSQL is needed (initdb, pg_ctl, postgres): install your system's package, \
         or set DATABASE_URL to a server that tests may use",
    )
}

fn find() -> Option<PathBuf> {
    on_path().or_else(|| newest(versions_in(Path::new(DEBIAN_DIR)))).filter(|folder| has_all_programs(folder))
}

/// Returns the folder of the `initdb` on the `PATH`, after following links.
fn on_path() -> Option<PathBuf> {
    let initdb = which("initdb")?.canonicalize().ok()?;
    initdb.parent().map(Path::to_path_buf).filter(|folder| has_all_programs(folder))
}

fn has_all_programs(folder: &Path) -> bool {
    NEEDED.iter().all(|program| is_executable(&folder.join(program)))
}

fn versions_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join("bin")).filter(|bin| has_all_programs(bin)).collect()
}

/// Returns the folder with the highest version, of folders named `.../<version>/bin`.
fn newest(folders: Vec<PathBuf>) -> Option<PathBuf> {
    let version = |bin: &PathBuf| bin.parent()?.file_name()?.to_str().and_then(Version::parse);
    folders.into_iter().max_by_key(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_version_is_chosen_by_number() {
        let folders = ["9.6", "15", "17", "old"].map(|v| Path::new(DEBIAN_DIR).join(v).join("bin"));
        assert_eq!(newest(folders.to_vec()), Some(folders[2].clone()));
        assert_eq!(newest(Vec::new()), None);
    }
}
