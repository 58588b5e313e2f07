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

/// The passphrase in a file, for a new secret: one that can also be typed.
pub(crate) fn new_passphrase_file(path: &Path) -> Result<Passphrase, Failure> {
    let line = line_of(path)?;
    if line.contains(char::is_control) {
        return Err(Failure::Usage(format!(
            "{}: a passphrase is one line, without control characters: this one cannot be typed",
            path.display()
        )));
    }
    Ok(Passphrase::new(&line)?)
}

/// What a file holds, without the line end behind it.
pub(crate) fn line_of(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let file = Source::open(path).map_err(|error| Failure::file("read", path, &error))?;
    let name = path.display().to_string();
    Ok(line(&text(limited(file, &name)?, &name)?))
}

/// A text without the byte order mark before it and the line end behind it: editors and shells add both.
pub(crate) fn line(text: &str) -> Zeroizing<String> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    Zeroizing::new(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// The text in the bytes of a file, without a byte order mark.
pub(crate) fn text(mut bytes: Zeroizing<Vec<u8>>, name: &str) -> Result<Zeroizing<String>, Failure> {
    let wrong = |what: &str| Failure::Usage(format!("{name} is {what}: save it as UTF-8"));
    // ASCII in UTF-16 has a NUL in every second place.
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) || bytes.contains(&0) {
        return Err(wrong("UTF-16, as PowerShell writes it, or no text"));
    }
    let text =
        Zeroizing::new(String::from_utf8(std::mem::take(&mut *bytes)).map_err(|_| wrong("not UTF-8"))?);
    Ok(Zeroizing::new(text.strip_prefix('\u{FEFF}').unwrap_or(&text).to_owned()))
}

/// A link from the command line, or from standard input.
pub(crate) fn link(argument: Option<&str>) -> Result<Zeroizing<String>, Failure> {
    match argument {
        Some(link) if link != "-" => Ok(Zeroizing::new(link.to_owned())),
        _ if io::stdin().is_terminal() => terminal::hidden("Link (not shown): "),
        _ => {
            let bytes = limited(io::stdin().lock(), "standard input")?;
            // The words around a link may be in any encoding, but UTF-16.
            if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
                return text(bytes, "standard input");
            }
            Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn byte_order_mark_and_line_end_are_no_part_of_a_line() {
        for (bytes, read) in [
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
            assert_eq!(&*line_of(written(bytes.as_bytes()).path()).unwrap(), read, "{bytes:?}");
        }
    }

    #[test]
    fn utf_16_and_other_encodings_are_refused_with_what_to_do() {
        let utf_16 = |text: &str, mark: &[u8], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect()
        };
        for bytes in [
            utf_16("right\r\n", &[0xFF, 0xFE], u16::to_le_bytes),
            utf_16("right", &[0xFE, 0xFF], u16::to_be_bytes),
            utf_16("right", &[], u16::to_le_bytes),
            b"gr\xFC\xDFe".to_vec(),
        ] {
            for refused in
                [passphrase_file(written(&bytes).path()), new_passphrase_file(written(&bytes).path())]
            {
                let said = refused.err().map(|failure| failure.to_string()).unwrap_or_default();
                assert!(said.contains("save it as UTF-8"), "{bytes:?}: {said}");
            }
        }
    }

    #[test]
    fn new_passphrase_is_one_that_can_be_typed() {
        for bytes in ["one\ntwo", "right\n\n", "bell\x07", "tab\there"] {
            assert!(
                matches!(new_passphrase_file(written(bytes.as_bytes()).path()), Err(Failure::Usage(_))),
                "{bytes:?}"
            );
            // A secret that an older version sent with it still opens.
            assert!(passphrase_file(written(bytes.as_bytes()).path()).is_ok(), "{bytes:?}");
        }
    }
}
