//! Writes the content of an opened secret. Its view is used, so content that cannot be written where it should go is
//! written to a temporary folder.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use shared_crypto::{Bundle, File};

use crate::error::CommandError;
use crate::terminal::notice;
use crate::{save, terminal};

/// Name of the file for a text that cannot be written to standard output.
const TEXT_FILE_NAME: &str = "secret.txt";

/// Writes a text or a note to standard output.
pub(super) fn write_text(text: &str) -> Result<(), CommandError> {
    write_to_standard_output(TEXT_FILE_NAME, text.as_bytes())
}

/// Writes content to standard output: byte for byte, or with symbols for control characters if it is a terminal. If
/// that fails, saves it as a temporary file with this name.
fn write_to_standard_output(name: &str, content: &[u8]) -> Result<(), CommandError> {
    if io::stdout().is_terminal() {
        let text = String::from_utf8_lossy(content);
        let escaped = terminal::escape_control_characters(&text);
        if *escaped != text.replace("\r\n", "\n") {
            notice!("Control characters are shown as symbols. Use `> FILE` to get the exact bytes.");
        }
        let end = if escaped.ends_with('\n') { "" } else { "\n" };
        return terminal::print(format!("{}{end}", *escaped).as_bytes());
    }
    terminal::print(content).or_else(|error| {
        let path = save::write_temporary_file(name, content)?;
        Err(CommandError::Local(format!("{error}. The view was used; the secret is in {}", path.display())))
    })
}

/// Saves files and writes their note. One file without a note goes to standard output if that is not a terminal and no
/// folder was named.
pub(super) fn save_files(folder: Option<&Path>, bundle: &Bundle) -> Result<(), CommandError> {
    if let ([file], "", None, false) = (bundle.files(), bundle.note(), folder, io::stdout().is_terminal()) {
        return write_to_standard_output(&file.safe_name(), file.bytes());
    }
    // The sender chose the names: they are shown before a file with one of them exists.
    notice!("{}:", terminal::count(bundle.files().len() as u64, "file"));
    for file in bundle.files() {
        notice!("  {} ({})", file.safe_name(), size(file));
    }
    let saved = FileSaver::new(folder).save_all(bundle.files());
    let note = match bundle.note() {
        "" => Ok(()),
        note => write_text(note),
    };
    match (saved, note) {
        (Err(SaveError::Lost(error)), note) => {
            if let Err(error) = note {
                notice!("{error}");
            }
            Err(error)
        }
        (_, Err(error)) => Err(error),
        (Err(SaveError::Moved), Ok(())) => Err(CommandError::Local(
            "some files were saved in a temporary folder instead of the intended one".to_owned(),
        )),
        (Ok(()), Ok(())) => Ok(()),
    }
}

fn size(file: &File) -> String {
    terminal::count(file.bytes().len() as u64, "byte")
}

/// What went wrong while files were saved. The worst of several problems is reported.
enum SaveError {
    /// Files were saved in a temporary folder.
    Moved,
    /// Files could not be saved at all.
    Lost(CommandError),
}

/// Saves files in a folder, or in a temporary folder if that fails.
struct FileSaver {
    /// `None` if neither the intended folder nor a temporary one could be created.
    folder: Option<PathBuf>,
    uses_temporary_folder: bool,
}

impl FileSaver {
    /// Selects the folder: the named one, else a new folder in the current one, else a temporary folder.
    fn new(folder: Option<&Path>) -> Self {
        if let Some(folder) = folder {
            return Self { folder: Some(folder.to_owned()), uses_temporary_folder: false };
        }
        match save::create_new_folder(Path::new("")) {
            Ok(folder) => Self { folder: Some(folder), uses_temporary_folder: false },
            Err(error) => {
                notice!("{}", CommandError::file("write into", Path::new("."), &error));
                Self { folder: save::create_temporary_folder().ok(), uses_temporary_folder: true }
            }
        }
    }

    /// Saves every file, and prints its path. A file that cannot be saved does not prevent the next ones.
    fn save_all(mut self, files: &[File]) -> Result<(), SaveError> {
        let mut lost = None;
        for file in files {
            match self.save(file) {
                Ok(path) => notice!("saved {} ({})", path.display(), size(file)),
                Err(error) => {
                    notice!("lost {}: {error}", file.safe_name());
                    lost = Some(error);
                }
            }
        }
        match lost {
            Some(error) => Err(SaveError::Lost(error)),
            None if self.uses_temporary_folder => Err(SaveError::Moved),
            None => Ok(()),
        }
    }

    fn save(&mut self, file: &File) -> Result<PathBuf, CommandError> {
        let name = file.safe_name();
        let Some(folder) = &self.folder else { return save::write_temporary_file(&name, file.bytes()) };
        save::write_file(folder, &name, file.bytes()).or_else(|error| {
            notice!("{}", CommandError::file("write into", folder, &error));
            self.uses_temporary_folder = true;
            save::write_temporary_file(&name, file.bytes())
        })
    }
}
