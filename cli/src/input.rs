//! What is sent, and with which passphrase.

use std::fs::File as Source;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use shared_crypto::{Bundle, File, Passphrase, Payload};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::terminal;

/// No server takes more by any configuration.
const MOST: u64 = 64 * 1024 * 1024;
/// What a binary from standard input is called.
const NAMELESS: &str = "secret.bin";

/// Files with their names; text from standard input as it is; or a line that is asked for.
pub(crate) fn payload(paths: &[PathBuf]) -> Result<Payload, Failure> {
    let (standard, named): (Vec<_>, Vec<_>) = paths.iter().partition(|path| path.as_os_str() == "-");
    let from_standard = paths.is_empty() || !standard.is_empty();
    let text = if from_standard { Some(standard_input()?) } else { None };
    let mut files = named.into_iter().map(|path| file(path)).collect::<Result<Vec<_>, _>>()?;
    let note = match text.map(|mut bytes| String::from_utf8(std::mem::take(&mut *bytes))) {
        None => String::new(),
        Some(Ok(text)) => text,
        Some(Err(error)) => {
            files.push(File::new(NAMELESS, "application/octet-stream", error.into_bytes())?);
            String::new()
        }
    };
    if !files.is_empty() {
        return Ok(Payload::Files(Bundle::new(note, files)?));
    }
    if note.is_empty() {
        return Err(Failure::Usage("there is nothing to send".to_owned()));
    }
    Ok(Payload::text(note))
}

fn standard_input() -> Result<Zeroizing<Vec<u8>>, Failure> {
    if io::stdin().is_terminal() {
        let line = terminal::hidden("Secret (one line, not shown; several lines: pipe them in): ")?;
        return Ok(Zeroizing::new(line.as_bytes().to_vec()));
    }
    limited(io::stdin().lock(), "standard input")
}

fn file(path: &Path) -> Result<File, Failure> {
    let failed = |error| Failure::file("read", path, &error);
    if path.is_dir() {
        return Err(Failure::Usage(format!("{} is a folder: make an archive of it first", path.display())));
    }
    let mut bytes = limited(Source::open(path).map_err(failed)?, &path.display().to_string())?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let media_type = mime_guess::from_path(path).first_or_octet_stream();
    Ok(File::new(&name, media_type.essence_str(), std::mem::take(&mut *bytes))?)
}

fn limited(source: impl Read, name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = source.take(MOST + 1).read_to_end(&mut bytes);
    match read {
        Err(error) => Err(Failure::file("read", Path::new(name), &error)),
        Ok(read) if read as u64 > MOST => {
            Err(Failure::Usage(format!("{name} is larger than any server takes")))
        }
        Ok(_) => Ok(bytes),
    }
}

/// The passphrase in a file, without the line end behind it.
pub(crate) fn passphrase_file(path: &Path) -> Result<Passphrase, Failure> {
    Ok(Passphrase::new(&line_of(path)?)?)
}

/// What a file holds, without the line end behind it.
pub(crate) fn line_of(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = Source::open(path).and_then(|file| file.take(64 * 1024).read_to_string(&mut text));
    read.map_err(|error| Failure::file("read", path, &error))?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(Zeroizing::new(line.to_owned()))
}

/// A link from the command line, or from standard input.
pub(crate) fn link(argument: Option<&str>) -> Result<Zeroizing<String>, Failure> {
    match argument {
        Some(link) if link != "-" => Ok(Zeroizing::new(link.to_owned())),
        _ if io::stdin().is_terminal() => terminal::hidden("Link (not shown): "),
        _ => {
            let bytes = limited(io::stdin().lock(), "standard input")?;
            Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
        }
    }
}
