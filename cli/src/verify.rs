//! `ikrypt verify`: is what a server serves what was built from this source?
//!
//! Every file is compared by its hash, in each of its encodings. A page holds what its operator says, so it
//! is not compared as a whole: it is read as a browser reads it, and whatever could run or load something in
//! it must be known.

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use shared_crypto::SecretId;
use ureq::http::HeaderMap;

use crate::args::Verify;
use crate::failure::Failure;
use crate::server::Server;
use crate::terminal;

/// The build that this program belongs to.
const OWN: &str = include_str!(concat!(env!("OUT_DIR"), "/manifest.json"));
/// Where every server says what it serves.
const WELL_KNOWN: &str = "/.well-known/ikrypt.json";
/// A browser takes what it is given, so each is looked at.
const ENCODINGS: [&str; 3] = ["identity", "gzip", "br"];
const POLICY: &str = "content-security-policy";
const WORKER: &str = "/worker.js";

/// What a build serves; see `ikrypt-server manifest`.
#[derive(Deserialize)]
struct Manifest {
    version: String,
    pages: Vec<String>,
    files: BTreeMap<String, String>,
    inline_scripts: BTreeSet<String>,
    page_policy: String,
    worker_policy: String,
}

pub(crate) fn run(args: &Verify) -> Result<(), Failure> {
    let manifest = manifest(args)?;
    let server = Server::at(&args.url)?;
    let mut differences = BTreeSet::new();
    let progress = terminal::spinner("Fetching and comparing");
    let looked = look(&manifest, &server, &mut differences);
    drop(progress);
    // What was found stands, also where the rest could not be had.
    if differences.is_empty() {
        looked?;
    }

    if differences.is_empty() {
        let (pages, files) = (manifest.pages.len() as u64, manifest.files.len() as u64);
        let what = format!("{} and {}", terminal::count(pages, "page"), terminal::count(files, "file"));
        let (origin, version) = (server.origin(), &manifest.version);
        return crate::print(
            format!("{origin} serves what was built from this source: version {version}, {what}\n")
                .as_bytes(),
        );
    }
    let hint = version_hint(&server, &manifest.version);
    Err(Failure::Tampered(format!(
        "{} does not serve what was built from this source:\n  {}{hint}",
        server.origin(),
        differences.into_iter().collect::<Vec<_>>().join("\n  ")
    )))
}

/// Fetches everything in each of its encodings.
fn look(manifest: &Manifest, server: &Server, differences: &mut BTreeSet<String>) -> Result<(), Failure> {
    let mut note = |path: &str, difference: String| {
        differences.insert(format!("{path}: {difference}"));
    };
    for page in &manifest.pages {
        // No id is known to be looked at: this one is another each time.
        let path = if page.starts_with("/s/") {
            format!("/s/{}", SecretId::generate()?.encode())
        } else {
            page.clone()
        };
        for encoding in ENCODINGS {
            let (headers, html) = server.fetch(&path, encoding)?;
            check_encoding(&headers, |difference| note(page, difference));
            page::check(manifest, &headers, &html, |difference| note(page, difference));
        }
    }
    for (path, hash) in &manifest.files {
        for encoding in ENCODINGS {
            let (headers, bytes) = server.fetch(path, encoding)?;
            check_encoding(&headers, |difference| note(path, difference));
            if integrity(&bytes) != *hash {
                note(path, format!("other bytes than were built ({encoding})"));
            }
            let policy = headers.get(POLICY).and_then(|value| value.to_str().ok());
            if path == WORKER && policy != Some(&*manifest.worker_policy) {
                note(path, "another content security policy".to_owned());
            }
        }
    }
    Ok(())
}

/// What was decoded has no encoding any more: what still has one was not looked at as a browser would.
fn check_encoding(headers: &HeaderMap, note: impl FnOnce(String)) {
    if headers.contains_key("content-encoding") {
        note("in an encoding that was not asked for".to_owned());
    }
}

fn manifest(args: &Verify) -> Result<Manifest, Failure> {
    let (name, text) = match &args.manifest {
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
            (path.display().to_string(), text)
        }
        None if OWN.is_empty() => {
            return Err(Failure::Usage(
                "this program was built without the hashes of a release: build it with `cargo xtask build`, or give --manifest".to_owned(),
            ));
        }
        None => ("the manifest of this release".to_owned(), OWN.to_owned()),
    };
    serde_json::from_str(&text).map_err(|error| Failure::Usage(format!("{name}: {error}")))
}

/// Another release is no attack, but this program cannot tell: it says so.
fn version_hint(server: &Server, own: &str) -> String {
    let said = server.fetch(WELL_KNOWN, ENCODINGS[0]).ok();
    match said.and_then(|(_, text)| serde_json::from_slice::<Manifest>(&text).ok()) {
        Some(said) if said.version != own => format!(
            "\nIt says that it is version {}, and this program is {own}: compare with the release that it claims to be",
            said.version
        ),
        _ => String::new(),
    }
}

fn integrity(bytes: &[u8]) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(bytes)))
}
