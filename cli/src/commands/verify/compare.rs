//! Compares responses with the build.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::browser::{BROWSERS, Browser, WORKER_PATH};
use super::fetch::{FetchedSubject, Subject, fetch_all, fetch_settings};
use super::findings::Findings;
use super::manifest::{Manifest, Page};
use super::settings::{self, Settings};
use super::{encoding, headers, page};
use crate::client::{Client, GetResponse};
use crate::error::CommandError;

/// Name of the header with the content security policy.
pub(super) const POLICY: &str = "content-security-policy";

/// Requests everything, and compares the responses. Returns the settings of the server if they are valid. Without valid
/// settings, only files are compared.
pub(super) fn compare_all(
    manifest: &Manifest,
    client: &Client,
    findings: &mut Findings,
) -> Result<Option<Settings>, CommandError> {
    let mut fetched = Vec::new();
    let fetch_result = fetch_all(manifest, client, &mut fetched);
    // The settings come last, since browsers do not request them: when a server sees this request, it has sent its
    // pages.
    let settings = fetch_settings(client);
    if let Ok(Err(why)) = &settings {
        for browser in &BROWSERS {
            findings.add(settings::PATH, browser, vec![why.clone()]);
        }
    }
    let mut nonces = BTreeSet::new();
    for FetchedSubject { browser, subject, response } in &fetched {
        match subject {
            Subject::Page(page) => {
                let nonce = headers::nonce(response.headers.get(POLICY));
                if !nonce.is_empty() && !nonces.insert(nonce) {
                    findings.add(&page.path, browser, vec!["the nonce of an earlier response".to_owned()]);
                }
                if let Ok(Ok(settings)) = &settings {
                    let ignored = &mut findings.ignored_headers;
                    let differences = compare_page(manifest, page, settings, (browser, response), ignored);
                    findings.add(&page.path, browser, differences);
                }
            }
            Subject::File { path, hash } => {
                let ignored = &mut findings.ignored_headers;
                let differences = compare_file(manifest, (path, hash), (browser, response), ignored);
                findings.add(path, browser, differences);
            }
        }
    }
    fetch_result?;
    Ok(settings?.ok())
}

/// Returns everything in which a page differs from the one that the build makes with these settings.
pub(super) fn compare_page(
    manifest: &Manifest,
    page: &Page,
    settings: &Settings,
    (browser, response): (&Browser, &GetResponse),
    ignored_headers: &mut BTreeSet<String>,
) -> Vec<String> {
    if response.status != page.status {
        return vec![format!("status {}, where {} was expected", response.status, page.status)];
    }
    let nonce = headers::nonce(response.headers.get(POLICY));
    let policy = manifest.page_policy.replace("{nonce}", &nonce);
    let own = [("content-type", "text/html; charset=utf-8"), (POLICY, &*policy)];
    let mut differences = headers::compare(&response.headers, manifest.headers().chain(own), ignored_headers);
    match encoding::decode(browser, response).map(String::from_utf8) {
        Ok(Ok(served)) => {
            let built = page::fill(&page.template, settings, &nonce);
            differences.extend(page::first_difference(&built, &served));
        }
        Ok(Err(_)) => differences.push("not UTF-8".to_owned()),
        Err(why) => differences.push(why),
    }
    differences
}

/// Returns everything in which a file differs from the build.
fn compare_file(
    manifest: &Manifest,
    (path, hash): (&str, &str),
    (browser, response): (&Browser, &GetResponse),
    ignored_headers: &mut BTreeSet<String>,
) -> Vec<String> {
    if response.status != 200 {
        return vec![format!("status {}, where 200 was expected", response.status)];
    }
    let policy = if path == WORKER_PATH { &manifest.worker_policy } else { &manifest.file_policy };
    let media_type = manifest.media_types.get(path).map_or("", String::as_str);
    let own = [("content-type", media_type), (POLICY, policy)];
    let mut differences = headers::compare(&response.headers, manifest.headers().chain(own), ignored_headers);
    match encoding::decode(browser, response) {
        Ok(bytes) if integrity(&bytes) == hash => {}
        Ok(_) => differences.push("the bytes differ from the build".to_owned()),
        Err(why) => differences.push(why),
    }
    differences
}

/// Returns the hash of a file in the form of subresource integrity, which the manifest uses too.
fn integrity(bytes: &[u8]) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(shared_crypto::sha256(&[bytes])))
}
