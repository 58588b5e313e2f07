//! ACCEPTANCE 58: no part of a database password is printed, by any command, wherever it was given.

use std::ffi::{OsStr, OsString};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
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

/// A PostgreSQL that refuses every connection with this error. Returns its port.
fn refusing(code: &str, message: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            // No TLS, and then the user's name.
            let mut ask = [0; 8];
            client.read_exact(&mut ask).unwrap();
            client.write_all(b"N").unwrap();
            let mut start = [0; 1024];
            let _ = client.read(&mut start).unwrap();
            client.write_all(b"E").unwrap();
            client.write_all(&u32::try_from(fields.len() + 4).unwrap().to_be_bytes()).unwrap();
            client.write_all(fields.as_bytes()).unwrap();
        }
    });
    port
}

#[test]
fn password_in_a_message_of_postgresql_is_never_printed() {
    // `@` in place of `:` makes the password a part of the user's name, which PostgreSQL repeats.
    for (code, message) in [
        ("28000", r#"role "user@Tail" does not exist"#),
        ("28P01", r#"password authentication failed for user "user@Tail""#),
        ("3D000", r#"database "Tail" does not exist"#),
    ] {
        let port = refusing(code, message);
        for arguments in COMMANDS {
            let url = format!("postgres://user@Tail@127.0.0.1:{port}/db");
            let mut command = program(&[("DATABASE_URL", url)]);
            command.args(arguments);
            let said = assert_hidden(command);
            assert!(said.contains("percent-encoded"), "{said}");
        }
    }
    let port = refusing("28P01", "password authentication failed");
    let said = assert_hidden(program(&[("DATABASE_URL", format!("postgres://u:Tail@127.0.0.1:{port}/db"))]));
    assert!(said.contains("PostgreSQL refused the password") && said.contains("percent-encoded"), "{said}");
    // What PostgreSQL says of a strict URL is shown.
    let port = refusing("3D000", r#"database "db" does not exist"#);
    let said = assert_hidden(program(&[("DATABASE_URL", format!("postgres://u:Tail@127.0.0.1:{port}/db"))]));
    assert!(said.contains(r#"database "db" does not exist"#), "{said}");
}
