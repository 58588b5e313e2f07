//! Reads payloads, passphrases, tokens and links from files, standard input or the terminal.

use std::fs;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use shared_crypto::{Bundle, File, Passphrase, Payload};
use zeroize::Zeroizing;

use crate::error::CommandError;
use crate::terminal;

/// Largest limit that a server can be configured with, in bytes.
pub(crate) const MAX_SECRET_BYTES: u64 = 64 * 1024 * 1024;
/// Name of the file that binary data from standard input becomes.
const BINARY_FILE_NAME: &str = "secret.bin";

/// Reads the payload: files with their names, text from standard input, or one line from the terminal.
pub(crate) fn read_payload(paths: &[PathBuf]) -> Result<Payload, CommandError> {
    let (dashes, named): (Vec<_>, Vec<_>) = paths.iter().partition(|path| path.as_os_str() == "-");
    let uses_standard_input = paths.is_empty() || !dashes.is_empty();
    let input = if uses_standard_input { Some(read_standard_input()?) } else { None };
    let mut files = named.into_iter().map(|path| read_file(path)).collect::<Result<Vec<_>, _>>()?;
    let note = match input.map(|mut bytes| String::from_utf8(std::mem::take(&mut *bytes))) {
        None => String::new(),
        Some(Ok(text)) => text,
        Some(Err(error)) => {
            files.push(File::new(BINARY_FILE_NAME, "application/octet-stream", error.into_bytes())?);
            String::new()
        }
    };
    if !files.is_empty() {
        return Ok(Payload::Files(Bundle::new(note, files)?));
    }
    if note.is_empty() {
        return Err(CommandError::Usage("there is nothing to send: the input is empty".to_owned()));
    }
    Ok(Payload::text(note))
}

fn read_standard_input() -> Result<Zeroizing<Vec<u8>>, CommandError> {
    if io::stdin().is_terminal() {
        let line = terminal::hidden_line("Secret (one line, not shown; pipe several lines in): ")?;
        return Ok(Zeroizing::new(line.as_bytes().to_vec()));
    }
    read_limited(io::stdin().lock(), "standard input")
}

fn read_file(path: &Path) -> Result<File, CommandError> {
    let failed = |error| CommandError::file("read", path, &error);
    if path.is_dir() {
        return Err(CommandError::Usage(format!(
            "{} is a folder: make an archive of it first",
            path.display()
        )));
    }
    let mut bytes = read_limited(fs::File::open(path).map_err(failed)?, &path.display().to_string())?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let media_type = mime_guess::from_path(path).first_or_octet_stream();
    Ok(File::new(&name, media_type.essence_str(), std::mem::take(&mut *bytes))?)
}

/// Reads a source to its end. Fails if it holds more than [`MAX_SECRET_BYTES`].
fn read_limited(source: impl Read, name: &str) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let mut bytes = Zeroizing::new(Vec::new());
    match source.take(MAX_SECRET_BYTES + 1).read_to_end(&mut bytes) {
        Err(error) => Err(CommandError::file("read", Path::new(name), &error)),
        Ok(length) if length as u64 > MAX_SECRET_BYTES => {
            Err(CommandError::Usage(format!("{name} is larger than any server takes")))
        }
        Ok(_) => Ok(bytes),
    }
}

/// Reads a passphrase from a file.
pub(crate) fn read_passphrase(path: &Path) -> Result<Passphrase, CommandError> {
    Ok(Passphrase::new(&read_line(path)?)?)
}

/// Reads a passphrase for a new secret from a file. Fails if the passphrase could not be typed.
pub(crate) fn read_new_passphrase(path: &Path) -> Result<Passphrase, CommandError> {
    let line = read_line(path)?;
    if line.contains(char::is_control) {
        return Err(CommandError::Usage(format!(
            "{}: this passphrase cannot be typed: it has several lines or control characters",
            path.display()
        )));
    }
    Ok(Passphrase::new(&line)?)
}

/// Reads a file, without its byte order mark and without the line break at its end.
pub(crate) fn read_line(path: &Path) -> Result<Zeroizing<String>, CommandError> {
    let file = fs::File::open(path).map_err(|error| CommandError::file("read", path, &error))?;
    let name = path.display().to_string();
    Ok(strip_line(&decode_text(read_limited(file, &name)?, &name)?))
}

/// Removes the byte order mark at the start and the line break at the end, which editors and shells add.
pub(crate) fn strip_line(text: &str) -> Zeroizing<String> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    Zeroizing::new(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// Decodes UTF-8, and removes a byte order mark. `name` is the name of the file in errors.
pub(crate) fn decode_text(
    mut bytes: Zeroizing<Vec<u8>>,
    name: &str,
) -> Result<Zeroizing<String>, CommandError> {
    let invalid = |what: &str| CommandError::Usage(format!("{name} is {what}: save it as UTF-8"));
    // UTF-16 without a byte order mark shows by its NUL bytes.
    if has_utf_16_mark(&bytes) || bytes.contains(&0) {
        return Err(invalid("UTF-16, as PowerShell writes it, or not text"));
    }
    let text = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|_| invalid("not UTF-8"))?;
    let text = Zeroizing::new(text);
    Ok(Zeroizing::new(text.strip_prefix('\u{FEFF}').unwrap_or(&text).to_owned()))
}

fn has_utf_16_mark(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF])
}

/// Reads a link from the command line, the terminal or standard input.
pub(crate) fn read_link(argument: Option<&str>) -> Result<Zeroizing<String>, CommandError> {
    match argument {
        Some(link) if link != "-" => Ok(Zeroizing::new(link.to_owned())),
        _ if io::stdin().is_terminal() => terminal::hidden_line("Link (not shown): "),
        _ => {
            let bytes = read_limited(io::stdin().lock(), "standard input")?;
            // The text around a link may be in any encoding that includes ASCII, which UTF-16 does not.
            if has_utf_16_mark(&bytes) {
                return decode_text(bytes, "standard input");
            }
            Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_with(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn byte_order_mark_and_final_line_break_are_removed() {
        for (bytes, expected) in [
            ("\u{FEFF}right", "right"),
            ("\u{FEFF}right\r\n", "right"),
            ("right\n", "right"),
            ("right\r", "right"),
            ("right", "right"),
            (" häßlich  und gut \r\n", " häßlich  und gut "),
            ("one\ntwo\n", "one\ntwo"),
            ("inner\u{FEFF}mark", "inner\u{FEFF}mark"),
            ("\u{FEFF}", ""),
        ] {
            assert_eq!(&*read_line(file_with(bytes.as_bytes()).path()).unwrap(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn file_in_another_encoding_is_refused_with_advice() {
        let utf_16 = |text: &str, mark: &[u8], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect()
        };
        for bytes in [
            utf_16("right\r\n", &[0xFF, 0xFE], u16::to_le_bytes),
            utf_16("right", &[0xFE, 0xFF], u16::to_be_bytes),
            utf_16("right", &[], u16::to_le_bytes),
            b"gr\xFC\xDFe".to_vec(),
        ] {
            for result in
                [read_passphrase(file_with(&bytes).path()), read_new_passphrase(file_with(&bytes).path())]
            {
                let message = result.err().map(|error| error.to_string()).unwrap_or_default();
                assert!(message.contains("save it as UTF-8"), "{bytes:?}: {message}");
            }
        }
    }

    #[test]
    fn new_passphrase_with_control_characters_is_refused() {
        for bytes in ["one\ntwo", "right\n\n", "bell\x07", "tab\there"] {
            assert!(
                matches!(
                    read_new_passphrase(file_with(bytes.as_bytes()).path()),
                    Err(CommandError::Usage(_))
                ),
                "{bytes:?}"
            );
            // It still opens a secret that an older version sent with it.
            assert!(read_passphrase(file_with(bytes.as_bytes()).path()).is_ok(), "{bytes:?}");
        }
    }
}
