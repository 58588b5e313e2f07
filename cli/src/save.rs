//! Writes received files: never replaces a file, and never follows a link.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::CommandError;

/// Name of the folder for received files if the recipient names none.
///
/// The sender chooses the names of the files, and programs act on names: a shell on `.bashrc`, sshd on
/// `authorized_keys`, `rm *` on `-rf`, make on `Makefile`, Windows on `version.dll`. No list of such names is
/// complete, but no program acts on a name in a folder that did not exist before.
const NEW_FOLDER: &str = "ikrypt-files";
/// Most numbered names that are tried if a name is taken.
const MAX_COPIES: u32 = 10_000;

/// Creates the folder, and checks that files can be written to it: before a view is used.
pub(crate) fn prepare_folder(folder: &Path) -> Result<(), CommandError> {
    let result = fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
    result.map(drop).map_err(|error| CommandError::file("write into", folder, &error))
}

/// Writes a file that only its owner can read, under its sanitized name or the next numbered one that is free. Returns
/// its path.
pub(crate) fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let (mut file, path) = create_file(folder, name)?;
    let result = file.write_all(bytes).and_then(|()| file.sync_all());
    // A partial file would look like a complete one.
    result.inspect_err(|_| drop(fs::remove_file(&path)))?;
    Ok(path)
}

/// Creates a new folder in `parent` that only its owner can access.
pub(crate) fn create_new_folder(parent: &Path) -> io::Result<PathBuf> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let numbered = |copy| if copy == 1 { NEW_FOLDER.to_owned() } else { format!("{NEW_FOLDER}-{copy}") };
    let ((), path) = create_unique(parent, numbered, |path| builder.create(path))?;
    Ok(path)
}

/// Writes a file into a new temporary folder, for content that could not be written anywhere else.
pub(crate) fn write_temporary_file(name: &str, bytes: &[u8]) -> Result<PathBuf, CommandError> {
    write_file(&create_temporary_folder()?, name, bytes).map_err(|error| content_lost(&error))
}

/// Creates a temporary folder that only its owner can access and that remains after this program has ended.
pub(crate) fn create_temporary_folder() -> Result<PathBuf, CommandError> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("ikrypt-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().map(tempfile::TempDir::keep).map_err(|error| content_lost(&error))
}

fn content_lost(error: &io::Error) -> CommandError {
    CommandError::Local(format!("the view was used, but the content could not be saved anywhere: {error}"))
}

/// Creates a new file. `create_new` neither opens an existing file nor follows a symbolic link. The name contains no
/// folder.
fn create_file(folder: &Path, name: &str) -> io::Result<(File, PathBuf)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    create_unique(folder, |copy| numbered_name(name, copy), |path| options.open(path))
}

/// Calls `create` with numbered names, from 1 on, until one does not exist yet.
fn create_unique<T>(
    parent: &Path,
    name: impl Fn(u32) -> String,
    create: impl Fn(&Path) -> io::Result<T>,
) -> io::Result<(T, PathBuf)> {
    let mut copy = 1;
    loop {
        let path = parent.join(name(copy));
        match create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && copy < MAX_COPIES => copy += 1,
            result => return result.map(|created| (created, path)),
        }
    }
}

/// Returns `report.pdf`, `report (2).pdf`, and so on. A dot at the start belongs to the name, not to an extension.
fn numbered_name(name: &str, copy: u32) -> String {
    match name.rfind('.') {
        _ if copy == 1 => name.to_owned(),
        Some(dot) if dot > 0 => format!("{} ({copy}){}", &name[..dot], &name[dot..]),
        _ => format!("{name} ({copy})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn existing_file_is_not_replaced_and_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        let inside = folder.path().join("in");
        fs::create_dir(&inside).unwrap();
        fs::write(inside.join("a.txt"), "existing").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&outside, inside.join(".env")).unwrap();
        assert_eq!(write_file(&inside, "a.txt", b"1").unwrap(), inside.join("a (2).txt"));
        assert_eq!(write_file(&inside, "a.txt", b"2").unwrap(), inside.join("a (3).txt"));
        assert_eq!(write_file(&inside, ".env", b"3").unwrap(), inside.join(".env (2)"));
        assert_eq!(fs::read(inside.join("a.txt")).unwrap(), b"existing");
        assert_eq!(fs::read(inside.join("a (3).txt")).unwrap(), b"2");
        assert!(!outside.exists());
    }

    #[test]
    fn new_folder_is_empty_and_private_if_the_name_is_taken() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("ikrypt-files"), "existing").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/", parent.path().join("ikrypt-files-2")).unwrap();
        #[cfg(not(unix))]
        fs::create_dir(parent.path().join("ikrypt-files-2")).unwrap();
        let folder = create_new_folder(parent.path()).unwrap();
        assert_eq!(folder, parent.path().join("ikrypt-files-3"));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&folder.metadata().unwrap().permissions()) & 0o077,
            0
        );
    }

    #[cfg(unix)]
    #[test]
    fn temporary_file_is_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = write_temporary_file("x", b"secret").unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0);
        assert_eq!(path.parent().unwrap().metadata().unwrap().permissions().mode() & 0o077, 0);
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
