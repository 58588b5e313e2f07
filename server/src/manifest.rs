//! What this build serves, in hashes: for `ikrypt verify`, and for everybody who wants to look for themselves.

use std::collections::BTreeMap;

use app::pages::Page;
use app::shell::{self, Assets};
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;

use crate::assets;
use crate::headers::{PAGE_POLICY, WORKER_POLICY};
use crate::state::AppState;

/// Where it is served.
pub(crate) const PATH: &str = "/.well-known/ikrypt.json";

/// Hashes are written as subresource integrity writes them: `sha256-` and base64.
#[derive(Serialize)]
struct Manifest<'a> {
    version: &'a str,
    /// Every page there is.
    pages: Vec<&'a str>,
    /// Every file, by its path.
    files: BTreeMap<String, String>,
    /// Every script that stands in a page itself.
    inline_scripts: Vec<String>,
    /// The policy that pages are served with; `{nonce}` stands for the nonce of each answer.
    page_policy: &'a str,
    /// The policy of the worker's script.
    worker_policy: &'a str,
}

/// The manifest of this binary, as JSON.
pub fn manifest(built: &Assets) -> String {
    let scripts = shell::inline_scripts(built);
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION"),
        // A page of ids looks the same for every id, and no id is this one but by a chance of 2^-96.
        pages: Page::ALL
            .into_iter()
            .filter(|page| *page != Page::NotFound)
            .map(|page| if page == Page::Secret { "/s/AAAAAAAAAAAAAAAA" } else { page.route() })
            .collect(),
        files: assets::hashes().map(|(path, hash)| (path, integrity(&hash))).collect(),
        inline_scripts: scripts
            .map(|script| integrity(&shared_crypto::sha256(&[script.as_bytes()])))
            .to_vec(),
        page_policy: PAGE_POLICY,
        worker_policy: WORKER_POLICY,
    };
    serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n"
}

pub(crate) fn routes(built: &Assets) -> Router<AppState> {
    let text = manifest(built);
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    Router::new().route(PATH, get(async move || (headers, text)))
}

fn integrity(hash: &[u8; 32]) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(hash))
}
