//! Where files go that were received: into one folder, never over another file, never through a link.

use std::fs::{self, File as Target, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The folder for files where none was named. A sender chooses the names of the files, and programs act on names: a
/// shell on `.bashrc`, sshd on `authorized_keys`, `rm *` on `-rf`, make on `Makefile`, Windows on `version.dll`. No list
/// of such names is complete, but nothing acts on a name in a folder that was empty a moment ago.
const NEW_FOLDER: &str = "ikrypt-files";

/// Makes the folder, and tries whether something can be written there: before a view is used up.
pub(crate) fn prepare(folder: &Path) -> Result<(), Failure> {
    let tried = fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
    tried.map(drop).map_err(|error| Failure::file("write into", folder, &error))
}

/// Writes one file under its cleaned name, or the next that is free, readable by its owner alone.
pub(crate) fn into(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let (mut target, path) = create(folder, name)?;
    let written = target.write_all(bytes).and_then(|()| target.sync_all());
    // Half a file would look like a whole one.
    written.inspect_err(|_| drop(fs::remove_file(&path)))?;
    Ok(path)
}

/// Creates a new, empty folder in `parent`, accessible to its owner alone.
pub(crate) fn new_folder(parent: &Path) -> io::Result<PathBuf> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let mut copy = 1;
    loop {
        let name = if copy == 1 { NEW_FOLDER.to_owned() } else { format!("{NEW_FOLDER}-{copy}") };
        let path = parent.join(name);
        match builder.create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && copy < 10_000 => copy += 1,
            created => return created.map(|()| path),
        }
    }
}

/// Writes one file into a new temporary folder: for content that has no other place and must not be lost.
pub(crate) fn rescue(name: &str, bytes: &[u8]) -> Result<PathBuf, Failure> {
    into(&rescue_folder()?, name, bytes).map_err(|error| lost(&error))
}

/// Creates a temporary folder, accessible to its owner alone, that stays after this program has ended.
pub(crate) fn rescue_folder() -> Result<PathBuf, Failure> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("ikrypt-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().map(tempfile::TempDir::keep).map_err(|error| lost(&error))
}

fn lost(error: &io::Error) -> Failure {
    Failure::Here(format!("the view was used, and what was opened could be kept nowhere: {error}"))
}

/// `create_new` neither opens what is there nor follows a symbolic link; the name has no folder in it.
fn create(folder: &Path, name: &str) -> io::Result<(Target, PathBuf)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut copy = 1;
    loop {
        let path = folder.join(if copy == 1 { name.to_owned() } else { numbered(name, copy) });
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && copy < 10_000 => copy += 1,
            opened => return opened.map(|file| (file, path)),
        }
    }
}

/// `report (2).pdf`; a dot in front begins a name, not an extension.
fn numbered(name: &str, copy: u32) -> String {
    match name.rfind('.') {
        Some(dot) if dot > 0 => format!("{} ({copy}){}", &name[..dot], &name[dot..]),
        _ => format!("{name} ({copy})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_replaced_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        let inside = folder.path().join("in");
        fs::create_dir(&inside).unwrap();
        fs::write(inside.join("a.txt"), "theirs").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&outside, inside.join(".env")).unwrap();
        assert_eq!(into(&inside, "a.txt", b"1").unwrap(), inside.join("a (2).txt"));
        assert_eq!(into(&inside, "a.txt", b"2").unwrap(), inside.join("a (3).txt"));
        assert_eq!(into(&inside, ".env", b"3").unwrap(), inside.join(".env (2)"));
        assert_eq!(fs::read(inside.join("a.txt")).unwrap(), b"theirs");
        assert_eq!(fs::read(inside.join("a (3).txt")).unwrap(), b"2");
        assert!(!outside.exists());
    }

    #[test]
    fn new_folder_is_empty_and_private_even_if_the_name_is_taken() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("ikrypt-files"), "theirs").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/", parent.path().join("ikrypt-files-2")).unwrap();
        #[cfg(not(unix))]
        fs::create_dir(parent.path().join("ikrypt-files-2")).unwrap();
        let folder = new_folder(parent.path()).unwrap();
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
    fn only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = rescue("x", b"secret").unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0);
        assert_eq!(path.parent().unwrap().metadata().unwrap().permissions().mode() & 0o077, 0);
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
}
