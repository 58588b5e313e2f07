//! Requests pages, files and settings as browsers do.

use shared_crypto::SecretId;

use super::browser::{BROWSERS, Browser};
use super::encoding;
use super::format::quote;
use super::manifest::{Manifest, Page};
use super::settings::{self, Settings};
use crate::client::{Client, GetResponse};
use crate::error::CommandError;

/// What was requested.
pub(super) enum Subject<'a> {
    Page(&'a Page),
    File { path: &'a str, hash: &'a str },
}

/// A response, with what was requested and as which browser.
pub(super) struct FetchedSubject<'a> {
    pub browser: &'static Browser,
    pub subject: Subject<'a>,
    pub response: GetResponse,
}

/// Requests every page and file as each of the browsers. Keeps the responses that came before an error.
pub(super) fn fetch_all<'a>(
    manifest: &'a Manifest,
    client: &Client,
    fetched: &mut Vec<FetchedSubject<'a>>,
) -> Result<(), CommandError> {
    for browser in &BROWSERS {
        for page in &manifest.pages {
            let response = client.get(&request_path(page)?, &browser.headers(&page.path, true))?;
            fetched.push(FetchedSubject { browser, subject: Subject::Page(page), response });
        }
        for (path, hash) in &manifest.files {
            let response = client.get(path, &browser.headers(path, false))?;
            fetched.push(FetchedSubject { browser, subject: Subject::File { path, hash }, response });
        }
    }
    Ok(())
}

/// Returns the path to request for a page. Each request has a new random id, so that a server cannot recognise it.
fn request_path(page: &Page) -> Result<String, CommandError> {
    let id = SecretId::generate()?.encode();
    Ok(if page.path.starts_with('(') { format!("/{id}") } else { page.path.replace("{id}", &id) })
}

/// Returns the settings that the server reports, or why this build does not accept them.
pub(super) fn fetch_settings(client: &Client) -> Result<Result<Settings, String>, CommandError> {
    let browser = &BROWSERS[0];
    let response = client.get(settings::PATH, &browser.headers(settings::PATH, false))?;
    if response.status != 200 {
        return Ok(Err(format!("status {}, where 200 was expected", response.status)));
    }
    Ok(encoding::decode(browser, &response).and_then(|body| {
        let settings: Settings = serde_json::from_slice(&body)
            .map_err(|error| format!("not the settings of this build: {}", quote(&error.to_string())))?;
        settings.validate().map(|()| settings)
    }))
}
