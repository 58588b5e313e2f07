//! Pages that a proxy alters for some requests only.

use std::sync::{Arc, Mutex};

use super::altering_proxy::{Alter, ProxiedResponse, add_ping, has_header, is_page};
use super::site::Site;

/// Which responses are altered, the alteration, and a part of the report.
const ALTERATIONS: [(&str, Alter, &str); 9] = [
    (
        "browsers",
        |_, request, response| {
            if has_header(request, "user-agent", "Mozilla/5.0") {
                add_ping(response);
            }
        },
        "/about: `<a ping=\"/collect\" href=",
    ),
    (
        "one browser",
        |_, request, response| {
            if has_header(request, "user-agent", "Firefox") {
                add_ping(response);
            }
        },
        "(asked as Firefox)",
    ),
    (
        "navigations",
        |_, request, response| {
            if has_header(request, "sec-fetch-mode", "navigate") {
                add_ping(response);
            }
        },
        "<a ping=",
    ),
    (
        "one encoding",
        |_, request, response| {
            if !has_header(request, "accept-encoding", "gzip") {
                add_ping(response);
            }
        },
        "(asked as Chrome without compression)",
    ),
    (
        "secrets",
        |path, _, response| {
            if path.starts_with("/s/") {
                add_ping(response);
            }
        },
        "/s/{id}: ",
    ),
    (
        "unknown addresses",
        |_, _, response| {
            if response.status == 404 {
                add_ping(response);
            }
        },
        "(not found): ",
    ),
    (
        "a redirection",
        |path, _, response| {
            if path == "/about" {
                response.status = 302;
            }
        },
        "/about: status 302, where 200 was expected",
    ),
    (
        "the settings",
        |path, _, response| {
            if path.ends_with("settings.json") {
                response.body =
                    String::from_utf8_lossy(&response.body).replace("iKrypt", "Ours").into_bytes();
            }
        },
        "/: `",
    ),
    (
        "a contact that runs",
        |path, _, response| {
            if path.ends_with("settings.json") {
                let body = String::from_utf8_lossy(&response.body).replace("https:", "javascript:");
                response.body = body.into_bytes();
            }
        },
        "the contact \"javascript://secrets.example/contact\", which this build does not accept",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn page_altered_for_some_requests_only_is_reported() {
    let site = Site::start(&[("--contact", "https://secrets.example/contact")]).await;
    for (what, alter, expected) in ALTERATIONS {
        let output = site.verify_altered(alter).await;
        assert_eq!((output.code, &*output.stdout), (Some(6), ""), "{what}: {output:?}");
        assert!(output.stderr.contains("does not serve what was built"), "{what}: {output:?}");
        assert!(output.stderr.contains(expected), "{what}: {output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn page_altered_before_the_settings_are_requested_is_reported() {
    let site = Site::start(&[]).await;
    let requested = Arc::new(Mutex::new(Vec::new()));
    let paths = Arc::clone(&requested);
    let output = site.verify_altered(move |path, _, response| {
        let mut paths = paths.lock().unwrap();
        if !paths.iter().any(|path: &String| path.starts_with("/.well-known/")) {
            add_ping(response);
        }
        paths.push(path.to_owned());
    });
    let output = output.await;
    assert_eq!(output.code, Some(6), "{output:?}");
    let requested = requested.lock().unwrap();
    // A difference makes the client request the version of the server, after the settings.
    let is_last = |from_end: usize, name| requested[requested.len() - from_end].ends_with(name);
    assert!(is_last(2, "/ikrypt-settings.json") && is_last(1, "/ikrypt.json"), "{requested:?}");
    assert_eq!(requested.iter().filter(|path| path.starts_with("/.well-known/")).count(), 2);
}

/// Replaces the nonce of a page, in its policy and in its text.
fn set_nonce(response: &mut ProxiedResponse, nonce: &str) {
    let policy = response.headers["content-security-policy"].to_str().unwrap().to_owned();
    let (_, rest) = policy.split_once("'nonce-").unwrap();
    let (own, _) = rest.split_once('\'').unwrap();
    response.headers.insert("content-security-policy", policy.replace(own, nonce).parse().unwrap());
    response.body = String::from_utf8_lossy(&response.body).replace(own, nonce).into_bytes();
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_nonce_is_reported() {
    const FIXED: &str = "AAECAwQFBgcICQoLDA0ODw";
    let site = Site::start(&[]).await;
    let everywhere: Alter = |_, _, response| {
        if is_page(response) {
            set_nonce(response, FIXED);
        }
    };
    let on_one_page: Alter = |path, _, response| {
        if path == "/about" {
            set_nonce(response, FIXED);
        }
    };
    let for_two_browsers: Alter = |path, request, response| {
        let is_one =
            has_header(request, "user-agent", "Firefox") || has_header(request, "user-agent", "iPhone");
        if path.starts_with("/s/") && is_one {
            set_nonce(response, FIXED);
        }
    };
    for (alter, expected) in [
        (everywhere, "/: the nonce of an earlier response"),
        (on_one_page, "/about: the nonce of an earlier response"),
        (for_two_browsers, "/s/{id}: the nonce of an earlier response (asked as Safari on a phone)"),
    ] {
        let output = site.verify_altered(alter).await;
        assert_eq!(output.code, Some(6), "{output:?}");
        assert!(output.stderr.contains(expected), "{output:?}");
    }
}
