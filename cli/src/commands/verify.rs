//! `ikrypt verify`: compares what a server serves with this release.
//!
//! Files are compared by their hashes. Pages are compared as a whole: the settings that the server reports are filled
//! into the templates of the build, and the result must equal the page, byte for byte. Everything is requested as
//! several browsers request it, and in each encoding.
//!
//! ```text
//! manifest  what the build serves         fetch     requests for pages, files and settings
//! template  templates of pages            compare   responses against the build
//! settings  what the operator configured  headers   response headers against the build
//! format    values as pages write them    encoding  strict decoding of bodies
//! page      pages from templates          findings  what differs, and for which browsers
//! browser   request headers of browsers
//! ```

mod browser;
mod compare;
mod encoding;
mod fetch;
mod findings;
mod format;
mod headers;
mod manifest;
mod page;
mod settings;
mod template;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::args::Verify;
use crate::client::Client;
use crate::error::CommandError;
use crate::terminal;
use browser::BROWSERS;
use findings::Findings;
use format::quote;
use manifest::Manifest;
use settings::Settings;

/// Path at which a server reports the version and manifest of its build.
const VERSION_PATH: &str = "/.well-known/ikrypt.json";

pub(crate) fn run(args: &Verify) -> Result<(), CommandError> {
    let manifest = Manifest::load(args)?;
    let client = Client::new(&args.url)?;
    let mut findings = Findings::default();
    let progress = terminal::spinner("Requesting and comparing");
    let settings = compare::compare_all(&manifest, &client, &mut findings);
    drop(progress);
    // Differences are reported even if a later request failed.
    if findings.is_empty()
        && let Some(settings) = settings?
    {
        let report = describe_success(&manifest, &settings, &findings, client.origin());
        return terminal::print(report.as_bytes());
    }
    let hint = version_hint(&client, &manifest.version);
    Err(CommandError::Tampered(format!(
        "{} does not serve what was built from this source:\n  {}{hint}",
        client.origin(),
        findings.describe().join("\n  ")
    )))
}

fn describe_success(manifest: &Manifest, settings: &Settings, findings: &Findings, origin: &str) -> String {
    let (pages, files) = (manifest.pages.len() as u64, manifest.files.len() as u64);
    let ignored: Vec<_> = findings.ignored_headers.iter().map(String::as_str).collect();
    format!(
        "{origin} serves what was built from this source: version {}, {} and {}\n\n\
         Set by the operator, and shown in the pages:\n{}\n\
         Not compared:\n  {}\n  the headers {}\n  the responses of the API\n  \
         what this server sends to others, or at another time\n",
        manifest.version,
        terminal::count(pages, "page"),
        terminal::count(files, "file"),
        settings.describe(origin),
        manifest.not_compared.join(", "),
        ignored.join(", "),
    )
}

/// Names the version that the server reports if it differs from this one, since the server may run another release.
fn version_hint(client: &Client, own_version: &str) -> String {
    #[derive(Deserialize)]
    struct ServerBuild {
        version: String,
    }
    let response = client.get(VERSION_PATH, &BROWSERS[0].headers(VERSION_PATH, false)).ok();
    let body = response.and_then(|response| encoding::decode(&BROWSERS[0], &response).ok());
    match body.and_then(|body| serde_json::from_slice::<ServerBuild>(&body).ok()) {
        Some(build) if build.version != own_version => format!(
            "\nThe server reports version {}, and this program has version {own_version}: compare with the release that the server reports",
            quote(&build.version)
        ),
        _ => String::new(),
    }
}
