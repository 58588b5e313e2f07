//! Reads secrets from files: `NAME_FILE` for every setting that holds a secret (`hide_env_values` marks such a setting).

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{Command, Error};

use super::environment::value;
use crate::store::may_hold_password;

/// The most bytes that a secret may have.
const LARGEST: u64 = 64 << 10;

/// Returns the name of the variable that names the file.
pub(super) fn variable(name: &str) -> String {
    format!("{name}_FILE")
}

/// Reads the files that variables name, and puts what they hold before the arguments, as if it had been given there.
/// A flag on the command line wins; two variables for one setting are an error.
pub(super) fn insert(command: &Command, arguments: &mut Vec<OsString>) -> Result<(), Error> {
    for arg in command.get_arguments().filter(|arg| arg.is_hide_env_values_set()) {
        let Some((flag, name)) = arg.get_long().zip(arg.get_env().and_then(|name| name.to_str())) else {
            continue;
        };
        let file = variable(name);
        let Some(path) = value(&file) else { continue };
        let refused = |why: String| Error::raw(ErrorKind::ValueValidation, format!("{why}\n"));
        if value(name).is_some() {
            return Err(refused(format!("{name} and {file} are both set: unset one of them")));
        }
        if is_given(arguments, flag) {
            continue;
        }
        let secret = read(Path::new(&path)).map_err(|why| {
            let path = path.to_string_lossy();
            let shown = if may_hold_password(&path) { "it must name a file" } else { &*path };
            refused(format!("{file} ({shown}): {why}"))
        })?;
        arguments.insert(arguments.len().min(1), format!("--{flag}={secret}").into());
    }
    Ok(())
}

/// Whether the flag is on the command line.
pub(super) fn is_given(arguments: &[OsString], flag: &str) -> bool {
    arguments.iter().any(|argument| {
        let argument = argument.to_string_lossy();
        argument.strip_prefix("--").is_some_and(|argument| argument.split('=').next() == Some(flag))
    })
}

/// Returns what the file holds, without one line end behind it.
fn read(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    file.map_err(|error| format!("the file cannot be read: {error}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("the file has more than {LARGEST} bytes"));
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
        let holding = |bytes: &[u8]| {
            std::fs::write(file.path(), bytes).unwrap();
            read(file.path())
        };
        assert_eq!(holding(b"sqlite:x").as_deref(), Ok("sqlite:x"));
        assert_eq!(holding(b"sqlite:x\n").as_deref(), Ok("sqlite:x"));
        assert_eq!(holding(b"sqlite:x\r\n").as_deref(), Ok("sqlite:x"));
        assert_eq!(holding(b"sqlite:x\n\n").as_deref(), Ok("sqlite:x\n"));
        assert_eq!(holding(b" sqlite:x ").as_deref(), Ok(" sqlite:x "));
        for wrong in [&b""[..], b"\n", b"\xff\xfe", &b"x".repeat(70_000)] {
            assert!(holding(wrong).is_err(), "{} bytes", wrong.len());
        }
        assert!(read(Path::new("/nowhere/at/all")).unwrap_err().contains("cannot be read"));
    }

    #[test]
    fn flag_is_found_with_and_without_equals_sign() {
        let arguments = ["x", "--a=1", "--b", "2", "-c"].map(OsString::from);
        assert!(is_given(&arguments, "a") && is_given(&arguments, "b"));
        assert!(!is_given(&arguments, "c") && !is_given(&arguments, "x"));
    }
}
