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
    let mut differences = Vec::new();
    let mut note = |path: &str, difference: String| differences.push(format!("{path}: {difference}"));

    let progress = terminal::spinner("Fetching and comparing");
    for path in &manifest.pages {
        for encoding in ENCODINGS {
            let (policy, html) = server.fetch(path, encoding, POLICY)?;
            let html = String::from_utf8_lossy(&html);
            page::check(&manifest, policy.as_deref(), &html, |difference| note(path, difference));
        }
    }
    for (path, hash) in &manifest.files {
        for encoding in ENCODINGS {
            let (policy, bytes) = server.fetch(path, encoding, POLICY)?;
            if integrity(&bytes) != *hash {
                note(path, format!("other bytes than were built ({encoding})"));
            }
            if path == WORKER && policy.as_ref() != Some(&manifest.worker_policy) {
                note(path, "another content security policy".to_owned());
            }
        }
    }
    drop(progress);

    differences.dedup();
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
        differences.join("\n  ")
    )))
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
    let said = server.fetch(WELL_KNOWN, ENCODINGS[0], POLICY).ok();
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
