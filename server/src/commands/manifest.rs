//! What this build serves: for `ikrypt verify`, and for everybody who wants to look for themselves.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use app::pages::Page;
use app::shell::{Part, template};
use app::site::Assets;
use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Serialize;
use shared_crypto::messages::CONFIG_PATH;

use crate::http::handlers::{assets, discovery, security_txt, settings};
use crate::http::middleware::headers::{FIXED, PAGE_POLICY, SEALED_POLICY, WORKER_POLICY};
use crate::http::state::AppState;

/// Where it is served.
pub(crate) const PATH: &str = "/.well-known/ikrypt.json";

/// What a build serves, whatever its operator configures.
#[derive(Serialize)]
struct Manifest<'a> {
    version: &'a str,
    /// Every page.
    pages: Vec<PageTemplate>,
    /// Every file: its path and its hash, written as subresource integrity writes it.
    files: BTreeMap<String, String>,
    /// The `Content-Type` of each file.
    media_types: BTreeMap<String, &'a str>,
    /// The security headers that every response has.
    headers: BTreeMap<&'a str, &'a str>,
    /// The content security policy of pages; `{nonce}` stands for the nonce of each response.
    page_policy: &'a str,
    /// The policy of files.
    file_policy: &'a str,
    /// The policy of the worker's script.
    worker_policy: &'a str,
    /// The paths of responses that are written from the configuration, which no build knows.
    not_compared: Vec<&'a str>,
}

/// A page as the build fixes it, with placeholders for settings and for the nonce.
#[derive(Serialize)]
struct PageTemplate {
    /// Its path. `{id}` stands for the id of any secret; a path in parentheses for one without a page.
    path: &'static str,
    status: u16,
    template: Vec<Part>,
}

/// The manifest of this binary, as JSON.
pub fn manifest(built: &Assets) -> String {
    let page = |page: Page| PageTemplate {
        path: page.route(),
        status: if page == Page::NotFound { StatusCode::NOT_FOUND } else { StatusCode::OK }.as_u16(),
        template: template(page, built),
    };
    let headers = FIXED;
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION"),
        pages: Page::ALL.map(page).into(),
        files: assets::hashes().map(|(path, hash)| (path, integrity(&hash))).collect(),
        media_types: assets::media_types().collect(),
        headers: headers.iter().map(|(name, value)| (name.as_str(), *value)).collect(),
        page_policy: PAGE_POLICY,
        file_policy: SEALED_POLICY,
        worker_policy: WORKER_POLICY,
        not_compared: discovery::PATHS
            .into_iter()
            .chain([discovery::API, CONFIG_PATH, security_txt::PATH, PATH, settings::PATH])
            .collect(),
    };
    serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n"
}

/// The manifest takes hundreds of renderings, so it is made when it is first asked for.
pub(crate) fn routes(built: &Assets) -> Router<AppState> {
    let built = built.clone();
    let text = Arc::new(LazyLock::new(move || Bytes::from(manifest(&built))));
    Router::new().route(PATH, get(async move || served(move || Bytes::clone(&text)).await))
}

async fn served(text: impl FnOnce() -> Bytes + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(text).await {
        Ok(text) => ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn integrity(hash: &[u8; 32]) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(hash))
}
