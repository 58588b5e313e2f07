//! Where PostgreSQL's programs are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::process::{executable, which};
use crate::tools::{self, Version};

/// All that a cluster needs; Debian keeps them off the `PATH`.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];
/// Debian's folders are `<here>/<version>/bin`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Makes sure that they are there, unless `DATABASE_URL` names a server anyway.
pub(crate) fn ensure() -> Result<()> {
    if super::given().is_none() {
        ensured()?;
    }
    Ok(())
}

/// The folder with the programs, installed if need be.
pub(super) fn ensured() -> Result<PathBuf> {
    if let Some(folder) = find() {
        return Ok(folder);
    }
    tools::apt_install(&["postgresql"])?;
    find().context(
        "PostgreSQL is needed (initdb, pg_ctl, postgres): install your system's package, \
         or set DATABASE_URL to a server that tests may use",
    )
}

fn find() -> Option<PathBuf> {
    on_path().or_else(|| newest(versions_in(Path::new(DEBIAN)))).filter(|folder| complete(folder))
}

/// The folder of the `initdb` on the `PATH`, which may be a link to one that stands elsewhere.
fn on_path() -> Option<PathBuf> {
    let initdb = which("initdb")?.canonicalize().ok()?;
    initdb.parent().map(Path::to_path_buf).filter(|folder| complete(folder))
}

fn complete(folder: &Path) -> bool {
    NEEDED.iter().all(|program| executable(&folder.join(program)))
}

fn versions_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join("bin")).filter(|bin| complete(bin)).collect()
}

/// Of folders named `.../<version>/bin` the one with the highest version.
fn newest(folders: Vec<PathBuf>) -> Option<PathBuf> {
    let version = |bin: &PathBuf| bin.parent()?.file_name()?.to_str().and_then(Version::parse);
    folders.into_iter().max_by_key(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_chosen_by_number() {
        let folders = ["9.6", "15", "17", "old"].map(|v| Path::new(DEBIAN).join(v).join("bin"));
        assert_eq!(newest(folders.to_vec()), Some(folders[2].clone()));
        assert_eq!(newest(Vec::new()), None);
    }
}
