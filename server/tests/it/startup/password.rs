//! No command prints any part of a database password, wherever it was given.

use std::ffi::{OsStr, OsString};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt as _;

use super::{combined_output, server_command};

/// URLs with the word `Tail` in the password. Valid URLs name a socket that does not exist, since sqlx retries for a while
/// if a port refuses the connection.
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

/// Runs the command, asserts that it fails without printing the password, and returns the output.
#[track_caller]
fn assert_hidden(mut command: std::process::Command) -> String {
    let output = command.output().unwrap();
    let text = combined_output(&output);
    assert!(!output.status.success(), "{command:?}: {text}");
    assert!(!text.contains("Tail") && !text.is_empty(), "{command:?}: {text}");
    text
}

#[test]
fn password_in_the_variable_is_never_printed() {
    for url in URLS {
        for arguments in COMMANDS {
            let mut command = server_command(&[("DATABASE_URL", url), ("IKRYPT_LOG", "trace")]);
            command.args(arguments);
            let text = assert_hidden(command);
            assert!(text.contains("DATABASE_URL"), "{url}: {text}");
        }
    }
    let text = assert_hidden(server_command(&[("DATABASE_URL", URLS[0])]));
    assert!(text.contains("percent-encode") && text.contains("postgres://"), "{text}");
}

#[test]
fn password_on_the_command_line_is_never_printed() {
    for url in URLS {
        let mut command = server_command::<&str>(&[]);
        command.args(["--database-url", url]);
        assert_hidden(command);
        // Without the flag, after a misspelt flag, as an assignment, after a command, and for other settings.
        for arguments in [
            &[url] as &[&str],
            &["--databse-url", url],
            &[&format!("DATABASE_URL={url}")],
            &["check", url],
            &["--listen", url],
            &["--public-url", url],
        ] {
            let mut command = server_command(&[("DATABASE_URL", "postgres://127.0.0.1:1/x")]);
            command.args(arguments);
            assert_hidden(command);
        }
    }
    // Split at a space by a shell, since quotes are missing.
    for tail in
        [&["Tail@127.0.0.1:1/db"] as &[&str], &["Tail", "words@127.0.0.1:1/db"], &["-Tail@127.0.0.1:1/db"]]
    {
        let mut command = server_command::<&str>(&[]);
        command.args(["--database-url", "postgres://user:a"]).args(tail);
        let text = assert_hidden(command);
        assert!(text.contains("percent-encoded"), "{text}");
    }
}

#[test]
fn password_that_is_not_utf8_is_never_printed() {
    let url = OsStr::from_bytes(b"postgres://user:\xffTail@127.0.0.1:1/db");
    let text = assert_hidden(server_command(&[("DATABASE_URL", url)]));
    assert!(text.contains("DATABASE_URL") && text.contains("UTF-8"), "{text}");
    for flag in ["--database-url", "--public-url", "check"] {
        let mut command = server_command::<&str>(&[]);
        command.arg(flag).arg(url);
        assert_hidden(command);
    }
}

#[test]
fn password_in_a_wrong_variable_or_file_is_never_printed() {
    for url in &URLS[..4] {
        for name in ["IKRYPT_PUBLIC_URL", "IKRYPT_LISTEN", "IKRYPT_TRUSTED_PROXIES", "DATABASE_URL_FILE"] {
            let text = assert_hidden(server_command(&[(name, url)]));
            assert!(text.contains(name), "{name}: {text}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{url}\n")).unwrap();
        let text = assert_hidden(server_command(&[("DATABASE_URL_FILE", file.path())]));
        assert!(text.contains("DATABASE_URL"), "{text}");
        let mut command = server_command(&[("DATABASE_URL_FILE", OsString::from(file.path()))]);
        command.args(["--listen", "nowhere"]);
        assert_hidden(command);
    }
}

/// Starts a server that refuses every connection with this PostgreSQL error, and returns its port.
fn start_refusing_server(code: &str, message: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            // Declines TLS, and reads the start message.
            let mut tls_request = [0; 8];
            client.read_exact(&mut tls_request).unwrap();
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
fn password_in_a_postgresql_error_is_never_printed() {
    // `@` in place of `:` makes the password part of the user name, which PostgreSQL repeats in its error.
    for (code, message) in [
        ("28000", r#"role "user@Tail" does not exist"#),
        ("28P01", r#"password authentication failed for user "user@Tail""#),
        ("3D000", r#"database "Tail" does not exist"#),
    ] {
        let port = start_refusing_server(code, message);
        for arguments in COMMANDS {
            let url = format!("postgres://user@Tail@127.0.0.1:{port}/db");
            let mut command = server_command(&[("DATABASE_URL", url)]);
            command.args(arguments);
            let text = assert_hidden(command);
            assert!(text.contains("percent-encoded"), "{text}");
        }
    }
    let port = start_refusing_server("28P01", "password authentication failed");
    let text =
        assert_hidden(server_command(&[("DATABASE_URL", format!("postgres://u:Tail@127.0.0.1:{port}/db"))]));
    assert!(text.contains("PostgreSQL refused the password") && text.contains("percent-encoded"), "{text}");
    // The error of PostgreSQL for a strictly valid URL is printed.
    let port = start_refusing_server("3D000", r#"database "db" does not exist"#);
    let text =
        assert_hidden(server_command(&[("DATABASE_URL", format!("postgres://u:Tail@127.0.0.1:{port}/db"))]));
    assert!(text.contains(r#"database "db" does not exist"#), "{text}");
}
