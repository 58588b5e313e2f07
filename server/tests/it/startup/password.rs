//! ACCEPTANCE 58: no part of a database password is printed, by any command, wherever it was given.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::{program, said};

/// URLs with the word `Tail` in the password. Where one can be connected to, it names a socket that does not exist: sqlx
/// tries again for a while where a port refuses.
const URLS: [&str; 10] = [
    "postgres://user:/Tail@127.0.0.1:1/db",
    "postgres://user:1?Tail@127.0.0.1:1/db",
    "postgres://user:1#Tail@127.0.0.1:1/db",
    "postgres://user:a@Tail@h/db?host=/nowhere",
    "postgres://user:a:Tail%@h/db?host=/nowhere",
    "postgres://user:a Tail@h/db?host=/nowhere",
    "postgres:///db?user=user&password=Tail&host=/nowhere",
    "postgres://user:x?sslmode=Tail@127.0.0.1:1/db",
    "postgres:user:Tail@127.0.0.1:1/db",
    "mysql://user:/Tail@127.0.0.1/db",
];

const COMMANDS: [&[&str]; 3] = [&[], &["check"], &["admin", "stats"]];

#[track_caller]
fn assert_hidden(mut command: std::process::Command) -> String {
    let output = command.output().unwrap();
    let said = said(&output);
    assert!(!output.status.success(), "{command:?}: {said}");
    assert!(!said.contains("Tail") && !said.is_empty(), "{command:?}: {said}");
    said
}

#[test]
fn password_in_the_variable_is_never_printed() {
    for url in URLS {
        for arguments in COMMANDS {
            let mut command = program(&[("DATABASE_URL", url), ("IKRYPT_LOG", "trace")]);
            command.args(arguments);
            let said = assert_hidden(command);
            assert!(said.contains("DATABASE_URL"), "{url}: {said}");
        }
    }
    let said = assert_hidden(program(&[("DATABASE_URL", URLS[0])]));
    assert!(said.contains("percent-encode") && said.contains("postgres://"), "{said}");
}

#[test]
fn password_on_the_command_line_is_never_printed() {
    for url in URLS {
        let mut command = program::<&str>(&[]);
        command.args(["--database-url", url]);
        assert_hidden(command);
        // Without the flag, behind a misspelt one, as a variable, after a command, and for another setting.
        for arguments in [
            &[url] as &[&str],
            &["--databse-url", url],
            &[&format!("DATABASE_URL={url}")],
            &["check", url],
            &["--listen", url],
            &["--public-url", url],
        ] {
            let mut command = program(&[("DATABASE_URL", "postgres://127.0.0.1:1/x")]);
            command.args(arguments);
            assert_hidden(command);
        }
    }
    // As a shell splits what has a space and no quotes.
    for tail in
        [&["Tail@127.0.0.1:1/db"] as &[&str], &["Tail", "words@127.0.0.1:1/db"], &["-Tail@127.0.0.1:1/db"]]
    {
        let mut command = program::<&str>(&[]);
        command.args(["--database-url", "postgres://user:a"]).args(tail);
        let said = assert_hidden(command);
        assert!(said.contains("percent-encoded"), "{said}");
    }
}

#[test]
fn password_that_is_not_utf8_is_never_printed() {
    let url = OsStr::from_bytes(b"postgres://user:\xffTail@127.0.0.1:1/db");
    let said = assert_hidden(program(&[("DATABASE_URL", url)]));
    assert!(said.contains("DATABASE_URL") && said.contains("UTF-8"), "{said}");
    for flag in ["--database-url", "--public-url", "check"] {
        let mut command = program::<&str>(&[]);
        command.arg(flag).arg(url);
        assert_hidden(command);
    }
}

#[test]
fn password_in_a_wrong_variable_or_file_is_never_printed() {
    for url in &URLS[..4] {
        for name in ["IKRYPT_PUBLIC_URL", "IKRYPT_LISTEN", "IKRYPT_TRUSTED_PROXIES", "DATABASE_URL_FILE"] {
            let said = assert_hidden(program(&[(name, url)]));
            assert!(said.contains(name), "{name}: {said}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{url}\n")).unwrap();
        let said = assert_hidden(program(&[("DATABASE_URL_FILE", file.path())]));
        assert!(said.contains("DATABASE_URL"), "{said}");
        let mut command = program(&[("DATABASE_URL_FILE", OsString::from(file.path()))]);
        command.args(["--listen", "nowhere"]);
        assert_hidden(command);
    }
}
