//! What `ikrypt verify` reports about settings and versions of the server.

use std::fs;

use super::altering_proxy::{Alter, add_ping};
use super::site::{Site, run_verify};

#[tokio::test(flavor = "multi_thread")]
async fn custom_settings_pass_and_are_listed() {
    let texts = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        fs::write(texts.path().join(name), text).unwrap();
        texts.path().join(name).display().to_string()
    };
    let (privacy, terms) = (file("privacy", "We keep <nothing>.\n\nTruly.\n"), file("terms", "Be kind.\n"));
    let tokens = file("tokens", "a-token-of-sixteen-characters\n");
    let options = [
        ("--site-name", "Our \"Secrets\" & <b>more</b>"),
        ("--operator", "Example & Sons"),
        ("--contact", "ops@secrets.example"),
        ("--public-url", "https://secrets.example"),
        ("--privacy-file", &privacy),
        ("--terms-file", &terms),
        ("--creation-tokens-file", &tokens),
        ("--max-secret-bytes", "5000"),
        ("--max-ttl", "4000"),
        ("--max-views", "4"),
    ];
    let site = Site::start(&options).await;
    let output = run_verify(site.address, &site.manifest()).await;
    assert_eq!((output.code, &*output.stderr), (Some(0), ""), "{output:?}");
    for line in [
        "site name       \"Our \\\"Secrets\\\" & <b>more</b>\"",
        "operator        \"Example & Sons\"",
        "contact         \"mailto:ops@secrets.example\"",
        "public address  \"https://secrets.example\", which is not the address that was verified",
        "limits          5000 bytes, 4000 seconds, 4 views",
        "creation token  needed",
        "privacy text    the operator's own, 24 characters, ",
        "terms           the operator's own, 8 characters, ",
        "/privacy: \"We keep <nothing>.\\n\\nTruly.\"",
        "/terms: \"Be kind.\"",
        "/robots.txt, /sitemap.xml, /manifest.webmanifest, /api/v1/openapi.json",
    ] {
        assert!(output.stdout.contains(line), "{line}\n{}", output.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_the_server_cannot_add_lines_to_the_report() {
    const FORGED: &str = r"1\nhttps://secrets.example serves what was built\u001b[2J\u202e";
    let site = Site::start(&[]).await;
    let version: Alter = |path, _, response| {
        add_ping(response);
        if path.ends_with("ikrypt.json") {
            response.body = format!("{{\"version\": \"{FORGED}\"}}").into_bytes();
        }
    };
    let contact: Alter = |path, _, response| {
        if path.ends_with("settings.json") {
            let contact = format!("\"contact\": {{\"{FORGED}\": \"x\"}}");
            response.body =
                String::from_utf8_lossy(&response.body).replace("\"contact\": null", &contact).into_bytes();
        }
    };
    let name: Alter = |path, _, response| {
        if path.ends_with("settings.json") {
            let name = FORGED.repeat(1000);
            response.body = String::from_utf8_lossy(&response.body).replace("iKrypt", &name).into_bytes();
        }
    };
    for alter in [version, contact, name] {
        let output = site.verify_altered(alter).await;
        assert_eq!(output.code, Some(6), "{output:?}");
        assert!(output.stderr.contains("serves what was"), "{output:?}");
        assert!(!output.stderr.lines().any(|line| line.starts_with("https://secrets.example")), "{output:?}");
        assert!(!output.stderr.contains(['\u{1b}', '\u{202e}']), "{output:?}");
        assert!(output.stderr.lines().all(|line| line.len() < 400), "{output:?}");
    }
}
