//! The files of a database: their names, their creation, and their permissions.

use std::io;
use std::path::{Path, PathBuf};

/// A database file that other accounts of the machine can access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExposedFile {
    /// The database, its write-ahead log, or the index of that.
    pub path: PathBuf,
    /// Its permissions, like 0o644.
    pub mode: u32,
}

/// Read and write access for the owner, and no access for other accounts.
#[cfg(unix)]
const OWNER_ONLY: u32 = 0o600;

/// Returns the path of a file that SQLite keeps next to the database: of a symbolic link, next to its target.
pub(super) fn with_suffix(database: &Path, suffix: &str) -> PathBuf {
    let target = std::fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
    let mut name = target.into_os_string();
    name.push(suffix);
    name.into()
}

/// Creates the folder, and an empty file that only the owner can access, unless they exist.
pub(super) fn create_private(database: &Path) -> io::Result<()> {
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, OWNER_ONLY);
    options.open(database).map(|_| ())
}

/// Returns the existing files of a database that other accounts can access.
#[cfg(unix)]
pub(super) fn exposed_files(database: &Path) -> Vec<ExposedFile> {
    use std::os::unix::fs::PermissionsExt as _;
    let files = ["", "-wal", "-shm", "-journal"].into_iter().map(|suffix| with_suffix(database, suffix));
    let exposed = files.filter_map(|path| {
        let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o7777;
        (mode & !OWNER_ONLY != 0).then_some(ExposedFile { path, mode })
    });
    exposed.collect()
}

/// Removes the permissions of other accounts. A failure is logged only: some file systems have no permissions, and a file
/// may belong to another account that grants access through its group.
#[cfg(unix)]
pub(super) fn make_files_private(database: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for ExposedFile { path, mode } in exposed_files(database) {
        let corrected = std::fs::set_permissions(&path, std::fs::Permissions::from_mode(OWNER_ONLY));
        let (path, mode) = (path.display(), format!("{mode:04o}"));
        match corrected {
            Ok(()) => {
                tracing::warn!(%path, mode, "other accounts had access to a database file: it is 0600 now");
            }
            Err(error) => {
                tracing::warn!(%path, mode, %error, "other accounts have access to a database file");
            }
        }
    }
}

#[cfg(not(unix))]
pub(super) fn exposed_files(_: &Path) -> Vec<ExposedFile> {
    Vec::new()
}

#[cfg(not(unix))]
pub(super) fn make_files_private(_: &Path) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn log_of_a_linked_database_is_next_to_the_target_of_the_link() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let (target, link) = (folder.join("real.sqlite"), folder.join("link.sqlite"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        // Neither file exists yet: SQLite creates it where the link points to, and so does `create_private`.
        create_private(&link).unwrap();
        assert_eq!(with_suffix(&link, "-wal"), folder.join("real.sqlite-wal"));
        assert_eq!(with_suffix(&target, "-shm"), folder.join("real.sqlite-shm"));
        assert_eq!(with_suffix(&folder.join("none"), "-wal"), folder.join("none-wal"));
    }
}
