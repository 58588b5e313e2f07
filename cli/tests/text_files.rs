//! What editors and shells put around the text of a file is no part of a passphrase, a token or a setting.
#![allow(clippy::unwrap_used, reason = "in a test, what fails may panic")]

mod common;

use std::fs;
use std::io::BufReader;
use std::sync::{Arc, Mutex};

use common::{ikrypt, ikrypt_with, said, server};

#[test]
fn passphrase_of_a_file_with_a_byte_order_mark_can_be_typed() {
    let origin = server::storing();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("typed"), "right").unwrap();
    for saved in ["\u{FEFF}right", "\u{FEFF}right\r\n", "right\r\n", "right\n"] {
        fs::write(at("saved"), saved).unwrap();
        let args = ["send", "--server", &origin, "--passphrase-file", "saved"];
        let sent = ikrypt(folder.path(), &args, "\u{FEFF}hunter2\r\n");
        assert!(sent.status.success(), "{}", said(&sent));
        let link = String::from_utf8(sent.stdout).unwrap();
        for file in ["typed", "saved"] {
            let opened = ikrypt(folder.path(), &["open", "--passphrase-file", file, link.trim()], "");
            // The secret itself is sent byte for byte.
            assert_eq!(opened.stdout, "\u{FEFF}hunter2\r\n".as_bytes(), "{saved:?}: {}", said(&opened));
        }
    }
}

#[test]
fn utf_16_is_refused_before_anything_is_sent_or_opened() {
    let folder = tempfile::tempdir().unwrap();
    let utf_16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("right\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    fs::write(folder.path().join("saved"), &utf_16).unwrap();
    fs::create_dir(folder.path().join("ikrypt")).unwrap();
    fs::write(folder.path().join("ikrypt/config.toml"), &utf_16).unwrap();
    let here = folder.path().to_str().unwrap();
    // A port on which nothing listens.
    let server = ["--server", "http://127.0.0.1:9"];
    for args in [
        ["send", server[0], server[1], "--passphrase-file", "saved"].as_slice(),
        &["send", server[0], server[1], "--token-file", "saved"],
        &["send"],
    ] {
        let refused = ikrypt_with(folder.path(), args, "x", &[("XDG_CONFIG_HOME", here)]);
        assert_eq!(refused.status.code(), Some(2), "{args:?}: {}", said(&refused));
        assert!(
            said(&refused).contains("UTF-16") && said(&refused).contains("save it as UTF-8"),
            "{}",
            said(&refused)
        );
    }
}

#[test]
fn token_and_settings_lose_the_mark_and_the_line_end() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let origin = server::listen(move |stream| {
        let mut reader = BufReader::new(stream);
        let mut request = server::head(&mut reader);
        server::body(&mut reader, &mut request);
        if request.line.starts_with("GET") {
            return server::answer(reader.get_ref(), "404 Not Found", "");
        }
        noted.lock().unwrap().push(request.header("authorization").unwrap_or_default().to_owned());
        server::answer(reader.get_ref(), "401 Unauthorized", r#"{"error":"unauthorized"}"#);
    });
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().to_str().unwrap();
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
        ikrypt_with(folder.path(), &["send"], "x", &[("XDG_CONFIG_HOME", here)]);
        let seen: Vec<String> = seen.lock().unwrap().drain(..).collect();
        assert_eq!(seen, ["Bearer a-token-of-sixteen"; 3], "{token:?}");
    }
}
