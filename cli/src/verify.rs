//! `ikrypt verify`: compares what a server serves with what was built from this source.
//!
//! Files are compared by their hashes. Pages are compared as a whole: the settings that the server reports are filled
//! into the templates of the build, and the result must be the page, byte for byte. Everything is asked for as
//! several browsers ask for it, and in each encoding.
//!
//! ```text
//! manifest  what the build serves        template  pages, filled in and compared
//! settings  what the operator has set    headers   of responses, compared
//! browser   headers of requests            encoding  of bodies, decoded strictly
//! ```

mod browser;
mod encoding;
mod headers;
mod manifest;
mod settings;
mod template;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use shared_crypto::SecretId;

use crate::args::Verify;
use crate::failure::Failure;
use crate::server::{Fetched, Server};
use crate::terminal;
use browser::{BROWSERS, Browser};
use manifest::{Manifest, Page};
use settings::Settings;

/// Where a server reports the version and manifest of its build.
const WELL_KNOWN: &str = "/.well-known/ikrypt.json";
const WORKER: &str = "/worker.js";
/// How much of a text of the server a message quotes, in characters.
const QUOTED: usize = 120;
const POLICY: &str = "content-security-policy";

/// What was found.
#[derive(Default)]
struct Findings {
    /// The browsers that were given something else, by what was found.
    differences: BTreeMap<String, BTreeSet<&'static str>>,
    /// The names of headers that were not compared.
    ignored: BTreeSet<String>,
}

pub(crate) fn run(args: &Verify) -> Result<(), Failure> {
    let manifest = Manifest::of(args)?;
    let server = Server::at(&args.url)?;
    let mut findings = Findings::default();
    let progress = terminal::spinner("Fetching and comparing");
    let compared = compare(&manifest, &server, &mut findings);
    drop(progress);
    // Differences are reported even where a later request failed.
    if findings.differences.is_empty()
        && let Some(settings) = compared?
    {
        return crate::print(success(&manifest, &settings, &findings, server.origin()).as_bytes());
    }
    let hint = version_hint(&server, &manifest.version);
    Err(Failure::Tampered(format!(
        "{} does not serve what was built from this source:\n  {}{hint}",
        server.origin(),
        findings.describe().join("\n  ")
    )))
}

impl Findings {
    fn note(&mut self, path: &str, browser: &Browser, differences: Vec<String>) {
        for difference in differences {
            self.differences.entry(format!("{path}: {difference}")).or_default().insert(browser.name);
        }
    }

    /// One line for each difference. Browsers are named where others were given what was built.
    fn describe(&self) -> Vec<String> {
        let line = |(difference, browsers): (&String, &BTreeSet<&'static str>)| {
            if browsers.len() == BROWSERS.len() {
                return difference.clone();
            }
            let browsers: Vec<_> = browsers.iter().copied().collect();
            format!("{difference} (asked as {})", browsers.join(", "))
        };
        self.differences.iter().map(line).collect()
    }
}

fn success(manifest: &Manifest, settings: &Settings, findings: &Findings, origin: &str) -> String {
    let (pages, files) = (manifest.pages.len() as u64, manifest.files.len() as u64);
    let ignored: Vec<_> = findings.ignored.iter().map(String::as_str).collect();
    format!(
        "{origin} serves what was built from this source: version {}, {} and {}\n\n\
         Set by the operator, and shown in the pages:\n{}\n\
         Not compared:\n  {}\n  the headers {}\n  the answers of the API\n  \
         what this server gives to others, or at another time\n",
        manifest.version,
        terminal::count(pages, "page"),
        terminal::count(files, "file"),
        settings.list(origin),
        manifest.not_compared.join(", "),
        ignored.join(", "),
    )
}

/// What was asked for.
enum Subject<'a> {
    Page(&'a Page),
    File { path: &'a str, hash: &'a str },
}

/// An answer, and as which browser it was asked for.
struct Answer<'a> {
    browser: &'static Browser,
    subject: Subject<'a>,
    fetched: Fetched,
}

/// Fetches everything, and compares what was fetched. Without valid settings, pages cannot be compared, and files are.
fn compare(
    manifest: &Manifest,
    server: &Server,
    findings: &mut Findings,
) -> Result<Option<Settings>, Failure> {
    let mut answers = Vec::new();
    let fetched = fetch_all(manifest, server, &mut answers);
    // Last, since browsers do not ask for the settings: a server that sees this request has sent its pages.
    let settings = reported_settings(server);
    if let Ok(Err(why)) = &settings {
        for browser in &BROWSERS {
            findings.note(settings::PATH, browser, vec![why.clone()]);
        }
    }
    let mut nonces = BTreeSet::new();
    for Answer { browser, subject, fetched } in &answers {
        if let Subject::Page(page) = subject {
            let nonce = headers::nonce(fetched.headers.get(POLICY));
            if !nonce.is_empty() && !nonces.insert(nonce) {
                findings.note(&page.path, browser, vec!["the nonce of an earlier response".to_owned()]);
            }
        }
        match (subject, &settings) {
            (Subject::Page(page), Ok(Ok(settings))) => {
                let answer = (*browser, fetched);
                let differences = check_page(manifest, page, settings, answer, &mut findings.ignored);
                findings.note(&page.path, browser, differences);
            }
            (Subject::Page(_), _) => {}
            (Subject::File { path, hash }, _) => {
                let differences =
                    check_file(manifest, (path, hash), (browser, fetched), &mut findings.ignored);
                findings.note(path, browser, differences);
            }
        }
    }
    fetched?;
    Ok(settings?.ok())
}

/// Fetches every page and file as each of the browsers. Keeps the answers that came before a failure.
fn fetch_all<'a>(
    manifest: &'a Manifest,
    server: &Server,
    answers: &mut Vec<Answer<'a>>,
) -> Result<(), Failure> {
    for browser in &BROWSERS {
        for page in &manifest.pages {
            let fetched = server.fetch(&path(page)?, &browser.headers(&page.path, true))?;
            answers.push(Answer { browser, subject: Subject::Page(page), fetched });
        }
        for (path, hash) in &manifest.files {
            let fetched = server.fetch(path, &browser.headers(path, false))?;
            answers.push(Answer { browser, subject: Subject::File { path, hash }, fetched });
        }
    }
    Ok(())
}

/// The settings that the server reports, or why this build does not accept them.
fn reported_settings(server: &Server) -> Result<Result<Settings, String>, Failure> {
    let answer = server.fetch(settings::PATH, &BROWSERS[0].headers(settings::PATH, false))?;
    if answer.status != 200 {
        return Ok(Err(format!("status {}, where 200 was expected", answer.status)));
    }
    Ok(encoding::decode(&BROWSERS[0], &answer).and_then(|body| {
        let settings: Settings = serde_json::from_slice(&body)
            .map_err(|error| format!("not the settings of this build: {}", quoted(&error.to_string())))?;
        settings.check().map(|()| settings)
    }))
}

/// The path of a page. Each request has a new random id, so that a server cannot recognise it.
fn path(page: &Page) -> Result<String, Failure> {
    let id = SecretId::generate()?.encode();
    Ok(if page.path.starts_with('(') { format!("/{id}") } else { page.path.replace("{id}", &id) })
}

/// Everything in which a page differs from what the build makes with these settings.
fn check_page(
    manifest: &Manifest,
    page: &Page,
    settings: &Settings,
    (browser, answer): (&Browser, &Fetched),
    ignored: &mut BTreeSet<String>,
) -> Vec<String> {
    if answer.status != page.status {
        return vec![format!("status {}, where {} was expected", answer.status, page.status)];
    }
    let nonce = headers::nonce(answer.headers.get(POLICY));
    let policy = manifest.page_policy.replace("{nonce}", &nonce);
    let own = [("content-type", "text/html; charset=utf-8"), (POLICY, &*policy)];
    let mut differences = headers::check(&answer.headers, manifest.headers().chain(own), ignored);
    match encoding::decode(browser, answer).map(String::from_utf8) {
        Ok(Ok(served)) => {
            let built = template::fill(&page.template, settings, &nonce);
            differences.extend(template::difference(&built, &served));
        }
        Ok(Err(_)) => differences.push("not UTF-8".to_owned()),
        Err(why) => differences.push(why),
    }
    differences
}

fn check_file(
    manifest: &Manifest,
    (path, hash): (&str, &str),
    (browser, answer): (&Browser, &Fetched),
    ignored: &mut BTreeSet<String>,
) -> Vec<String> {
    if answer.status != 200 {
        return vec![format!("status {}, where 200 was expected", answer.status)];
    }
    let policy = if path == WORKER { &manifest.worker_policy } else { &manifest.file_policy };
    let media_type = manifest.media_types.get(path).map_or("", String::as_str);
    let own = [("content-type", media_type), (POLICY, policy)];
    let mut differences = headers::check(&answer.headers, manifest.headers().chain(own), ignored);
    match encoding::decode(browser, answer) {
        Ok(bytes) if integrity(&bytes) == hash => {}
        Ok(_) => differences.push("other bytes than were built".to_owned()),
        Err(why) => differences.push(why),
    }
    differences
}

/// Names the version that the server reports, where it differs from this one: it may be another release.
fn version_hint(server: &Server, own: &str) -> String {
    #[derive(Deserialize)]
    struct Said {
        version: String,
    }
    let said = server.fetch(WELL_KNOWN, &BROWSERS[0].headers(WELL_KNOWN, false)).ok();
    let body = said.and_then(|answer| encoding::decode(&BROWSERS[0], &answer).ok());
    match body.and_then(|body| serde_json::from_slice::<Said>(&body).ok()) {
        Some(said) if said.version != own => format!(
            "\nIt says that it is version {}, and this program is {own}: compare with the release that it claims to be",
            quoted(&said.version)
        ),
        _ => String::new(),
    }
}

/// Quotes the start of a text of the server, on one line and without control characters.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

fn integrity(bytes: &[u8]) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(bytes)))
}
