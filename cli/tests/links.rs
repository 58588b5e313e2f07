//! `ikrypt` reads links that mail gateways and editors altered, and explains what is wrong with the others.
#![allow(clippy::unwrap_used, reason = "a failure in a test may panic")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{ikrypt, send, stderr, stub_server};

const ID: &str = "c2VjcmV0IGlkIDEy";

/// Runs a command that must print nothing to standard output. Returns its exit code and standard error.
fn run_refused(command: &str, text: &str) -> (Option<i32>, String) {
    let output = ikrypt(Path::new("."), &[command, "-"], text);
    assert!(output.stdout.is_empty());
    (output.status.code(), stderr(&output))
}

#[test]
fn altered_link_opens() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "hunter2").unwrap();
    let link = send(&stub_server::storing(), folder.path(), &["secret"]);
    let encoded = link.replace(':', "%3A").replace('/', "%2F").replace('#', "%23").replace('=', "%3D");
    let quoted = format!("> {}\r\n> {}\r\n> Bye", &link[..40], &link[40..]);
    for (text, exposed) in [
        (
            format!("https://nam02.safelinks.protection.outlook.com/?url={encoded}&data=05%7C02&reserved=0"),
            true,
        ),
        (format!("https://urldefense.com/v3/__{}__;Iw!!PZ0!Y_-9Ck$", link.replace('#', "*")), true),
        (link.replace('_', "\\_").replace('-', "\\-").replace('#', "\\#"), false),
        (link.replace('#', "&#35;").replace('=', "&equals;"), false),
        (quoted, false),
    ] {
        let opened = ikrypt(folder.path(), &["open", "-"], &text);
        assert_eq!(String::from_utf8_lossy(&opened.stdout), "hunter2", "{text}: {}", stderr(&opened));
        assert_eq!(stderr(&opened).contains("sends the key to a server"), exposed, "{text}");
    }
}

#[test]
fn link_of_another_kind_is_refused_with_its_kind() {
    let receipt = format!("https://a.example/receipt#t={}", "A".repeat(43));
    let share = format!("https://a.example/s/{ID}#k={}", "E".repeat(48));
    let request = format!("https://a.example/r/{ID}#q={}", "E".repeat(48));
    let collect = format!("https://a.example/collect#c={}", "E".repeat(48));
    let wrapped =
        |link: &str| format!("https://gateway.example/?u={}&x", link.replace('/', "%2F").replace('#', "%23"));
    for (command, link, expected) in [
        ("open", &receipt, "a receipt link"),
        ("open", &request, "a request link"),
        ("open", &collect, "a collect link"),
        ("receipt", &share, "the link that opens the secret"),
        ("receipt", &request, "a request link"),
        ("burn", &collect, "a collect link"),
    ] {
        for text in [link.clone(), format!("<{link}>"), wrapped(link), link.replace('#', "\\#")] {
            let (code, stderr) = run_refused(command, &text);
            assert_eq!(code, Some(2), "{text}: {stderr}");
            assert!(stderr.contains(expected), "{text}: {stderr}");
        }
    }
}

#[test]
fn truncated_link_is_refused_with_its_length() {
    for (command, link, length, expected) in [
        ("open", format!("https://a.example/s/{ID}#k="), 0, "0 of the 48 characters after #k="),
        ("open", format!("https://a.example/s/{ID}#k="), 20, "20 of the 48 characters after #k="),
        ("open", format!("https://a.example/s/{ID}%23k%3D"), 45, "45 of the 48 characters after #k="),
        ("receipt", "https://a.example/receipt#t=".to_owned(), 42, "42 of the 43 characters after #t="),
    ] {
        let (code, stderr) = run_refused(command, &format!("{link}{}", "E".repeat(length)));
        assert_eq!(code, Some(5), "{stderr}");
        assert!(stderr.contains("is cut off") && stderr.contains(expected), "{stderr}");
    }
    for text in [
        format!("https://a.example/s/{ID}"),
        format!("https://a.example/s/{ID}#"),
        "https%3A%2F%2Fa.example%2Fs%2Fc2VjcmV0IGlkIDEy".to_owned(),
    ] {
        let (code, stderr) = run_refused("open", &text);
        assert_eq!(code, Some(5), "{stderr}");
        assert!(stderr.contains("the part of the link after # is missing"), "{stderr}");
    }
}

#[test]
fn wrapped_link_is_refused_with_its_host() {
    for (text, host) in [
        ("https://protect-eu.mimecast.com/s/AbCdEfGhIjKlMnO?domain=a.example", "protect-eu.mimecast.com"),
        ("Look: <https://t.co/AbCdEfGhIj>", "t.co"),
        ("https://shared.outlook.inky.com/link?domain=a.example&t=h.eJxVj0", "shared.outlook.inky.com"),
        ("[open](http://bit.ly/3xYz)", "bit.ly"),
        ("https://jane:hunter2@t.co/AbCd", "t.co"),
        ("https://a@b@bit.ly", "bit.ly"),
        (&format!("https://{}", "x".repeat(5000)), &"x".repeat(253)),
    ] {
        for command in ["open", "receipt"] {
            let (code, stderr) = run_refused(command, text);
            assert_eq!(code, Some(5), "{stderr}");
            assert!(stderr.contains(&format!("an address of {host}, which hides the link")), "{stderr}");
        }
    }
}

#[test]
fn damaged_link_is_refused() {
    for text in [
        format!("https://a.example/s/{ID}#k={}", "E".repeat(48)),
        format!("https://a.example/s/{ID}#k={}", "E".repeat(46)),
        format!(
            "https://gateway.example/?url=https%3A%2F%2Fa.example%2Fs%2F{ID}%23k%3D{}&d=1",
            "E".repeat(48)
        ),
    ] {
        let (code, stderr) = run_refused("open", &text);
        assert_eq!(code, Some(5), "{stderr}");
        assert!(stderr.contains("at least one character was lost or changed"), "{stderr}");
    }
}

#[test]
fn link_without_a_scheme_after_other_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "hunter2").unwrap();
    let link = send(&stub_server::storing(), folder.path(), &["secret"]);
    let bare = link.replace(link.split("/s/").next().unwrap(), "secrets.invalid");
    let receipt = format!("secrets.invalid/receipt#t={}", "A".repeat(43));
    for head in ["Please open ", "See https://intranet.invalid or ", "https://a.invalid, ", "a\n"] {
        for (command, link) in [("open", &bare), ("receipt", &receipt)] {
            let (code, stderr) = run_refused(command, &format!("{head}{link}"));
            assert_eq!(code, Some(5), "{stderr}");
            assert!(stderr.contains("not clear which server"), "{stderr}");
        }
    }
}

#[test]
fn server_of_a_link_without_a_scheme_is_shown_before_a_request() {
    for host in ["127.0.0.1:1", "localhost:1", "[::1]:1"] {
        let link = format!("{host}/receipt#t={}", "A".repeat(43));
        let mut command = Command::new(env!("CARGO_BIN_EXE_ikrypt"));
        let mut child =
            command.args(["receipt", &link]).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut notice = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut notice).unwrap();
        // No server listens there: the call would be repeated until its timeout.
        child.kill().unwrap();
        child.wait().unwrap();
        let expected = format!("The link has no https://. Using the server https://{host}.\n");
        assert_eq!(notice, expected);
    }
}
