//! Who can read the database's files.

use std::path::{Path, PathBuf};

use super::files;

/// A file that others on this machine could read or write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WideFile {
    /// The database, its write-ahead log or the index of that.
    pub path: PathBuf,
    /// Its permissions, like 0o644.
    pub mode: u32,
}

/// The owner may read and write; other accounts have no access.
const PRIVATE: u32 = 0o600;

/// The database and whatever SQLite keeps with it.
fn files_of(database: &Path) -> impl Iterator<Item = PathBuf> {
    ["", "-wal", "-shm", "-journal"].into_iter().map(|end| files::file_beside(database, end))
}

/// The files that exist with wider permissions than the owner's own.
#[cfg(unix)]
pub(super) fn wide_files(database: &Path) -> Vec<WideFile> {
    use std::os::unix::fs::PermissionsExt as _;
    let wide = files_of(database).filter_map(|path| {
        let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o7777;
        (mode & !PRIVATE != 0).then_some(WideFile { path, mode })
    });
    wide.collect()
}

/// Takes all permissions away that are not the owner's. Where that fails it is only logged: some file systems know no
/// permissions, and a file may belong to another account that grants ours access through its group.
#[cfg(unix)]
pub(super) fn make_files_private(database: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for WideFile { path, mode } in wide_files(database) {
        let corrected = std::fs::set_permissions(&path, std::fs::Permissions::from_mode(PRIVATE));
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
pub(super) fn wide_files(_: &Path) -> Vec<WideFile> {
    Vec::new()
}

#[cfg(not(unix))]
pub(super) fn make_files_private(_: &Path) {}
