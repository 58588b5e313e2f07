//! Byte order marks and line breaks that editors and shells add are not part of a passphrase, a token or a setting.
#![allow(clippy::unwrap_used, reason = "a failure in a test may panic")]

mod common;

use std::fs;
use std::io::BufReader;
use std::sync::{Arc, Mutex};

use common::{ikrypt, ikrypt_with, stderr, stub_server};

#[test]
fn byte_order_mark_and_line_break_are_not_part_of_a_passphrase() {
    let origin = stub_server::storing();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("typed"), "right").unwrap();
    for saved in ["\u{FEFF}right", "\u{FEFF}right\r\n", "right\r\n", "right\n"] {
        fs::write(path("saved"), saved).unwrap();
        let args = ["send", "--server", &origin, "--passphrase-file", "saved"];
        let sent = ikrypt(folder.path(), &args, "\u{FEFF}hunter2\r\n");
        assert!(sent.status.success(), "{}", stderr(&sent));
        let link = String::from_utf8(sent.stdout).unwrap();
        for file in ["typed", "saved"] {
            let opened = ikrypt(folder.path(), &["open", "--passphrase-file", file, link.trim()], "");
            // The secret itself is sent byte for byte.
            assert_eq!(opened.stdout, "\u{FEFF}hunter2\r\n".as_bytes(), "{saved:?}: {}", stderr(&opened));
        }
    }
}

#[test]
fn utf_16_file_is_refused_before_a_request_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let utf_16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("right\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    fs::write(folder.path().join("saved"), &utf_16).unwrap();
    fs::create_dir(folder.path().join("ikrypt")).unwrap();
    fs::write(folder.path().join("ikrypt/config.toml"), &utf_16).unwrap();
    let config_home = folder.path().to_str().unwrap();
    // No server listens on this port.
    let server = ["--server", "http://127.0.0.1:9"];
    for args in [
        ["send", server[0], server[1], "--passphrase-file", "saved"].as_slice(),
        &["send", server[0], server[1], "--token-file", "saved"],
        &["send"],
    ] {
        let result = ikrypt_with(folder.path(), args, "x", &[("XDG_CONFIG_HOME", config_home)]);
        assert_eq!(result.status.code(), Some(2), "{args:?}: {}", stderr(&result));
        assert!(
            stderr(&result).contains("UTF-16") && stderr(&result).contains("save it as UTF-8"),
            "{}",
            stderr(&result)
        );
    }
}

#[test]
fn byte_order_mark_and_line_break_are_not_part_of_a_token_or_a_setting() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&seen);
    let origin = stub_server::listen(move |stream| {
        let mut reader = BufReader::new(stream);
        let mut request = stub_server::read_head(&mut reader);
        stub_server::read_body(&mut reader, &mut request);
        if request.line.starts_with("GET") {
            return stub_server::respond(reader.get_ref(), "404 Not Found", "");
        }
        recorded.lock().unwrap().push(request.header("authorization").unwrap_or_default().to_owned());
        stub_server::respond(reader.get_ref(), "401 Unauthorized", r#"{"error":"unauthorized"}"#);
    });
    let folder = tempfile::tempdir().unwrap();
    let config_home = folder.path().to_str().unwrap();
    fs::create_dir(folder.path().join("ikrypt")).unwrap();
    for token in [
        "\u{FEFF}a-token-of-sixteen\r\n",
        "a-token-of-sixteen\r",
        "\u{FEFF}a-token-of-sixteen",
        "a-token-of-sixteen\n",
    ] {
        fs::write(folder.path().join("token"), token).unwrap();
        ikrypt(folder.path(), &["send", "--server", &origin, "--token-file", "token"], "x");
        ikrypt_with(folder.path(), &["send", "--server", &origin], "x", &[("IKRYPT_TOKEN", token)]);
        let config = format!(
            "\u{FEFF}server = \"{origin}\"\r\ntoken = \"{}\"\r\n",
            token.trim().trim_matches('\u{FEFF}')
        );
        fs::write(folder.path().join("ikrypt/config.toml"), config).unwrap();
        ikrypt_with(folder.path(), &["send"], "x", &[("XDG_CONFIG_HOME", config_home)]);
        let seen: Vec<String> = seen.lock().unwrap().drain(..).collect();
        assert_eq!(seen, ["Bearer a-token-of-sixteen"; 3], "{token:?}");
    }
}
