//! `ikrypt verify` against a whole server, directly and through a machine that alters what it serves.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod altering;
mod encodings;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use app::shell::Assets;
use axum::http::{HeaderMap, HeaderValue};
use clap::Parser as _;
use server::config::Config;
use server::http::shutdown::Phase;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

use altering::{Answer, Encoding, altered};

/// A running server, and the manifest of its build.
struct Site {
    folder: TempDir,
    address: SocketAddr,
}

impl Site {
    /// Starts a server with these options. The files of the build are served where there are any.
    async fn start(options: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| format!("/pkg/{name}");
        let assets = server::http::handlers::assets::built().unwrap_or_else(|| Assets {
            css: name("ikrypt.css"),
            js: name("ikrypt.js"),
            wasm: name("ikrypt.wasm"),
            wasm_integrity: "sha256-".to_owned(),
        });
        fs::write(folder.path().join("manifest.json"), server::http::handlers::manifest::manifest(&assets))
            .unwrap();
        let database = format!("sqlite:{}", folder.path().join("db.sqlite").display());
        let options = options.iter().flat_map(|(name, value)| [*name, *value]);
        let fixed = ["ikrypt-server", "--listen", "127.0.0.1:0", "--database-url", &database];
        let config = Config::try_parse_from(fixed.into_iter().chain(options)).unwrap();
        let store = server::store::connect(&database).await.unwrap();
        let listener = TcpListener::bind(config.listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (_phase, phases) = watch::channel(Phase::Serving);
            server::commands::serve::serve(listener, &config, store, assets, phases).await
        });
        Self { folder, address }
    }

    fn manifest(&self) -> PathBuf {
        self.folder.path().join("manifest.json")
    }

    /// Verifies the site through a machine that alters its answers.
    async fn verify_altered(
        &self,
        alter: impl Fn(&str, &HeaderMap, &mut Answer) + Send + Sync + 'static,
    ) -> Said {
        verify(altered(self.address, Encoding::Plain, alter).await, &self.manifest()).await
    }
}

/// What the program wrote, and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

async fn verify(address: SocketAddr, manifest: &Path) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ikrypt"));
    command.args(["verify", &format!("http://{address}"), "--manifest"]).arg(manifest);
    let ended = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let Output { status, stdout, stderr } = ended.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

type Alter = fn(&str, &HeaderMap, &mut Answer);

fn is_page(answer: &Answer) -> bool {
    answer.headers.get("content-type").is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

fn add_ping(answer: &mut Answer) {
    if is_page(answer) {
        let html = String::from_utf8(std::mem::take(&mut answer.body)).unwrap();
        answer.body = html.replace("<a href=", "<a ping=\"/collect\" href=").into_bytes();
    }
}

fn asks_with(headers: &HeaderMap, name: &str, part: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(part))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_passes_and_is_listed() {
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
    let said = verify(site.address, &site.manifest()).await;
    assert_eq!((said.code, &*said.stderr), (Some(0), ""), "{said:?}");
    for line in [
        "site name       \"Our \\\"Secrets\\\" & <b>more</b>\"",
        "operator        \"Example & Sons\"",
        "contact         \"mailto:ops@secrets.example\"",
        "public address  \"https://secrets.example\", which is not the address that was asked",
        "limits          5000 bytes, 4000 seconds, 4 views",
        "creation token  needed",
        "privacy text    the operator's own, 24 characters, ",
        "terms           the operator's own, 8 characters, ",
        "/privacy: \"We keep <nothing>.\\n\\nTruly.\"",
        "/terms: \"Be kind.\"",
        "/robots.txt, /sitemap.xml, /manifest.webmanifest, /api/v1/openapi.json",
    ] {
        assert!(said.stdout.contains(line), "{line}\n{}", said.stdout);
    }
}

/// When an answer is altered, how, and what is said about it.
const ALTERATIONS: [(&str, Alter, &str); 9] = [
    (
        "browsers",
        |_, asked, answer| {
            if asks_with(asked, "user-agent", "Mozilla/5.0") {
                add_ping(answer);
            }
        },
        "/about: `<a ping=\"/collect\" href=",
    ),
    (
        "one browser",
        |_, asked, answer| {
            if asks_with(asked, "user-agent", "Firefox") {
                add_ping(answer);
            }
        },
        "(asked as Firefox)",
    ),
    (
        "navigations",
        |_, asked, answer| {
            if asks_with(asked, "sec-fetch-mode", "navigate") {
                add_ping(answer);
            }
        },
        "<a ping=",
    ),
    (
        "one encoding",
        |_, asked, answer| {
            if !asks_with(asked, "accept-encoding", "gzip") {
                add_ping(answer);
            }
        },
        "(asked as Chrome without compression)",
    ),
    (
        "secrets",
        |path, _, answer| {
            if path.starts_with("/s/") {
                add_ping(answer);
            }
        },
        "/s/{id}: ",
    ),
    (
        "unknown addresses",
        |_, _, answer| {
            if answer.status == 404 {
                add_ping(answer);
            }
        },
        "(not found): ",
    ),
    (
        "a redirection",
        |path, _, answer| {
            if path == "/about" {
                answer.status = 302;
            }
        },
        "/about: status 302, where 200 was expected",
    ),
    (
        "the settings",
        |path, _, answer| {
            if path.ends_with("settings.json") {
                answer.body = String::from_utf8_lossy(&answer.body).replace("iKrypt", "Ours").into_bytes();
            }
        },
        "/: `",
    ),
    (
        "a contact that runs",
        |path, _, answer| {
            if path.ends_with("settings.json") {
                let body = String::from_utf8_lossy(&answer.body).replace("https:", "javascript:");
                answer.body = body.into_bytes();
            }
        },
        "the contact \"javascript://secrets.example/contact\", which this build does not accept",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn page_altered_for_some_requests_only_is_reported() {
    let site = Site::start(&[("--contact", "https://secrets.example/contact")]).await;
    for (what, alter, says) in ALTERATIONS {
        let said = site.verify_altered(alter).await;
        assert_eq!((said.code, &*said.stdout), (Some(6), ""), "{what}: {said:?}");
        assert!(said.stderr.contains("does not serve what was built"), "{what}: {said:?}");
        assert!(said.stderr.contains(says), "{what}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn server_that_alters_pages_until_the_settings_are_asked_for_is_reported() {
    let site = Site::start(&[]).await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let paths = Arc::clone(&asked);
    let said = site.verify_altered(move |path, _, answer| {
        let mut paths = paths.lock().unwrap();
        if !paths.iter().any(|path: &String| path.starts_with("/.well-known/")) {
            add_ping(answer);
        }
        paths.push(path.to_owned());
    });
    let said = said.await;
    assert_eq!(said.code, Some(6), "{said:?}");
    let asked = asked.lock().unwrap();
    // The version of the server is asked for after a difference.
    let is_last = |from_end: usize, name| asked[asked.len() - from_end].ends_with(name);
    assert!(is_last(2, "/ikrypt-settings.json") && is_last(1, "/ikrypt.json"), "{asked:?}");
    assert_eq!(asked.iter().filter(|path| path.starts_with("/.well-known/")).count(), 2);
}

/// Replaces the nonce of a page, in its policy and in its text.
fn set_nonce(answer: &mut Answer, nonce: &str) {
    let policy = answer.headers["content-security-policy"].to_str().unwrap().to_owned();
    let (_, rest) = policy.split_once("'nonce-").unwrap();
    let (own, _) = rest.split_once('\'').unwrap();
    answer.headers.insert("content-security-policy", policy.replace(own, nonce).parse().unwrap());
    answer.body = String::from_utf8_lossy(&answer.body).replace(own, nonce).into_bytes();
}

#[tokio::test(flavor = "multi_thread")]
async fn nonce_that_repeats_is_reported() {
    const FIXED: &str = "AAECAwQFBgcICQoLDA0ODw";
    let site = Site::start(&[]).await;
    let everywhere: Alter = |_, _, answer| {
        if is_page(answer) {
            set_nonce(answer, FIXED);
        }
    };
    let on_one_page: Alter = |path, _, answer| {
        if path == "/about" {
            set_nonce(answer, FIXED);
        }
    };
    let for_two_browsers: Alter = |path, asked, answer| {
        let is_one = asks_with(asked, "user-agent", "Firefox") || asks_with(asked, "user-agent", "iPhone");
        if path.starts_with("/s/") && is_one {
            set_nonce(answer, FIXED);
        }
    };
    for (alter, says) in [
        (everywhere, "/: the nonce of an earlier response"),
        (on_one_page, "/about: the nonce of an earlier response"),
        (for_two_browsers, "/s/{id}: the nonce of an earlier response (asked as Safari on a phone)"),
    ] {
        let said = site.verify_altered(alter).await;
        assert_eq!(said.code, Some(6), "{said:?}");
        assert!(said.stderr.contains(says), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_the_server_adds_no_line_to_the_report() {
    const FORGED: &str = r"1\nhttps://secrets.example serves what was built\u001b[2J\u202e";
    let site = Site::start(&[]).await;
    let version: Alter = |path, _, answer| {
        add_ping(answer);
        if path.ends_with("ikrypt.json") {
            answer.body = format!("{{\"version\": \"{FORGED}\"}}").into_bytes();
        }
    };
    let contact: Alter = |path, _, answer| {
        if path.ends_with("settings.json") {
            let contact = format!("\"contact\": {{\"{FORGED}\": \"x\"}}");
            answer.body =
                String::from_utf8_lossy(&answer.body).replace("\"contact\": null", &contact).into_bytes();
        }
    };
    let name: Alter = |path, _, answer| {
        if path.ends_with("settings.json") {
            let name = FORGED.repeat(1000);
            answer.body = String::from_utf8_lossy(&answer.body).replace("iKrypt", &name).into_bytes();
        }
    };
    for alter in [version, contact, name] {
        let said = site.verify_altered(alter).await;
        assert_eq!(said.code, Some(6), "{said:?}");
        assert!(said.stderr.contains("serves what was"), "{said:?}");
        assert!(!said.stderr.lines().any(|line| line.starts_with("https://secrets.example")), "{said:?}");
        assert!(!said.stderr.contains(['\u{1b}', '\u{202e}']), "{said:?}");
        assert!(said.stderr.lines().all(|line| line.len() < 400), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_that_adds_headers_of_its_own_passes_and_they_are_listed() {
    let site = Site::start(&[]).await;
    let proxied = site.verify_altered(|_, _, answer| {
        answer.headers.insert("via", HeaderValue::from_static("1.1 proxy"));
        answer.headers.insert("cf-ray", HeaderValue::from_static("1"));
    });
    let proxied = proxied.await;
    assert_eq!((proxied.code, &*proxied.stderr), (Some(0), ""), "{proxied:?}");
    assert!(proxied.stdout.contains("cf-ray, ") && proxied.stdout.contains(", via"), "{proxied:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn server_that_is_overloaded_is_not_reported_as_altered() {
    let site = Site::start(&[]).await;
    let away = site.verify_altered(|path, _, answer| {
        if path == "/about" {
            answer.status = 503;
        }
    });
    assert_eq!(away.await.code, Some(7));
}
