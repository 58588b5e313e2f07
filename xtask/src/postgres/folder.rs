//! The temporary folder of a cluster, and who owns it.

use std::env;
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context as _, Result};

use crate::process::{capture, command};
use crate::tools;

/// The user PostgreSQL runs as when we are root, which it refuses to be.
pub(super) struct Owner {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Owner {
    /// The user `postgres`, whom every package of PostgreSQL creates, if we are root.
    pub(super) fn find() -> Result<Option<Self>> {
        if !tools::is_root() {
            return Ok(None);
        }
        let id = |what| -> Result<u32> {
            let answer = capture(command("id").args([what, "postgres"]))
                .context("PostgreSQL does not run as root, and there is no user postgres")?;
            Ok(answer.trim().parse()?)
        };
        Ok(Some(Self { uid: id("-u")?, gid: id("-g")? }))
    }
}

/// Creates an empty folder that only the owner can look into.
pub(super) fn create(owner: Option<&Owner>) -> Result<PathBuf> {
    let parent = match env::temp_dir() {
        ours if owner.is_some() && !everybody_can_enter(&ours) => PathBuf::from("/tmp"),
        fine => fine,
    };
    let folder = (0..)
        .map(|attempt: u32| parent.join(format!("ikrypt-postgres-{}-{attempt}", process::id())))
        .find_map(|folder| match DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
            created => Some(created.map(|()| folder)),
        })
        .context("no name for a temporary folder is left")?
        .with_context(|| format!("cannot create a folder in {}", parent.display()))?;
    if let Some(owner) = owner {
        chown(&folder, Some(owner.uid), Some(owner.gid))?;
    }
    Ok(folder)
}

/// Whether all users may pass through it and everything above it.
fn everybody_can_enter(folder: &Path) -> bool {
    let open = |path: &Path| fs::metadata(path).is_ok_and(|it| it.permissions().mode() & 0o001 != 0);
    folder.ancestors().all(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_folder_closes_what_is_in_it() -> Result<()> {
        let private = create(None)?;
        let inside = private.join("inside");
        fs::create_dir(&inside)?;
        assert!(!everybody_can_enter(&inside));
        fs::remove_dir_all(&private)?;
        Ok(())
    }
}
