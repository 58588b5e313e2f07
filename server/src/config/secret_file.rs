//! Reads secrets from files: `NAME_FILE` names a file for each setting that is a secret (marked by `hide_env_values`).

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{Command, Error};

use super::environment::{file_variable, value};
use crate::store::may_hold_password;

/// Maximum size of a secret file.
const MAX_FILE_BYTES: u64 = 64 << 10;

/// Reads the secret files, and inserts their contents as arguments. An argument on the command line takes precedence. A
/// setting with both variables is an error.
pub(super) fn insert_secrets(command: &Command, arguments: &mut Vec<OsString>) -> Result<(), Error> {
    for arg in command.get_arguments().filter(|arg| arg.is_hide_env_values_set()) {
        let Some((flag, name)) = arg.get_long().zip(arg.get_env().and_then(|name| name.to_str())) else {
            continue;
        };
        let file = file_variable(name);
        let Some(path) = value(&file) else { continue };
        let invalid = |reason: String| Error::raw(ErrorKind::ValueValidation, format!("{reason}\n"));
        if value(name).is_some() {
            return Err(invalid(format!("{name} and {file} are both set: unset one of them")));
        }
        if has_flag(arguments, flag) {
            continue;
        }
        let secret = read(Path::new(&path)).map_err(|reason| {
            let path = path.to_string_lossy();
            let shown = if may_hold_password(&path) { "it must name a file" } else { &*path };
            invalid(format!("{file} ({shown}): {reason}"))
        })?;
        arguments.insert(arguments.len().min(1), format!("--{flag}={secret}").into());
    }
    Ok(())
}

/// Reports whether the arguments contain the flag.
pub(super) fn has_flag(arguments: &[OsString], flag: &str) -> bool {
    arguments.iter().any(|argument| {
        let argument = argument.to_string_lossy();
        argument.strip_prefix("--").is_some_and(|argument| argument.split('=').next() == Some(flag))
    })
}

/// Returns the content of the file without a line end at its end.
fn read(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
    file.map_err(|error| format!("the file cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(format!("the file has more than {MAX_FILE_BYTES} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "the file is not UTF-8")?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() { Err("the file is empty".to_owned()) } else { Ok(line.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_read_without_one_line_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read_bytes = |bytes: &[u8]| {
            std::fs::write(file.path(), bytes).unwrap();
            read(file.path())
        };
        assert_eq!(read_bytes(b"sqlite:x").as_deref(), Ok("sqlite:x"));
        assert_eq!(read_bytes(b"sqlite:x\n").as_deref(), Ok("sqlite:x"));
        assert_eq!(read_bytes(b"sqlite:x\r\n").as_deref(), Ok("sqlite:x"));
        assert_eq!(read_bytes(b"sqlite:x\n\n").as_deref(), Ok("sqlite:x\n"));
        assert_eq!(read_bytes(b" sqlite:x ").as_deref(), Ok(" sqlite:x "));
        for wrong in [&b""[..], b"\n", b"\xff\xfe", &b"x".repeat(70_000)] {
            assert!(read_bytes(wrong).is_err(), "{} bytes", wrong.len());
        }
        assert!(read(Path::new("/nowhere/at/all")).unwrap_err().contains("cannot be read"));
    }

    #[test]
    fn flag_is_found_with_and_without_equals_sign() {
        let arguments = ["x", "--a=1", "--b", "2", "-c"].map(OsString::from);
        assert!(has_flag(&arguments, "a") && has_flag(&arguments, "b"));
        assert!(!has_flag(&arguments, "c") && !has_flag(&arguments, "x"));
    }
}
