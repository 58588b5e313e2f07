//! The temporary folder of a cluster, and its owner.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::apt;
use crate::process::{capture, command};

/// The user that PostgreSQL runs as if this process is root: it refuses to run as root.
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    /// Returns the user `postgres`, which every package of PostgreSQL creates, or `None` without root.
    pub(super) fn find() -> Result<Option<Self>> {
        if !apt::is_root() {
            return Ok(None);
        }
        let id = |option| -> Result<u32> {
            let output = capture(command("id").args([option, "postgres"]))
                .context("PostgreSQL does not run as root, and there is no user postgres")?;
            Ok(output.trim().parse()?)
        };
        Ok(Some(Self { uid: id("-u")?, gid: id("-g")? }))
    }
}

/// Creates an empty folder that only its owner can access. The caller deletes it.
pub(super) fn create(owner: Option<&Owner>) -> Result<PathBuf> {
    let parent = match env::temp_dir() {
        private if owner.is_some() && !is_reachable_by_all(&private) => PathBuf::from("/tmp"),
        reachable => reachable,
    };
    let folder = tempfile::Builder::new()
        .prefix("ikrypt-postgres-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(&parent)
        .with_context(|| format!("cannot create a folder in {}", parent.display()))?
        .keep();
    if let Some(owner) = owner {
        chown(&folder, Some(owner.uid), Some(owner.gid))?;
    }
    Ok(folder)
}

/// Reports whether all users may enter the folder and every folder above it.
fn is_reachable_by_all(folder: &Path) -> bool {
    let is_enterable =
        |path: &Path| fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0);
    folder.ancestors().all(is_enterable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_inside_a_private_folder_is_not_reachable_by_all() -> Result<()> {
        let private = create(None)?;
        let inside = private.join("inside");
        fs::create_dir(&inside)?;
        assert!(!is_reachable_by_all(&inside));
        fs::remove_dir_all(&private)?;
        Ok(())
    }
}
