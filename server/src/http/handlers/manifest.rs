//! `/.well-known/ikrypt.json`: hashes of the files and templates of the pages in this binary. `ikrypt verify`
//! compares a site with them.

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
use bytes::Bytes;
use serde::Serialize;
use shared_crypto::messages::CONFIG_PATH;

use crate::http::handlers::{assets, discovery, security_txt, settings};
use crate::http::security_headers::{FILE_POLICY, FIXED_HEADERS, PAGE_POLICY, WORKER_POLICY};
use crate::http::state::AppState;

/// Path of the manifest.
pub(crate) const PATH: &str = "/.well-known/ikrypt.json";

/// The parts of a build that do not depend on the configuration.
#[derive(Serialize)]
struct Manifest<'a> {
    version: &'a str,
    /// Every page.
    pages: Vec<PageTemplate>,
    /// Path and hash of every file, as in subresource integrity.
    files: BTreeMap<String, String>,
    /// The `Content-Type` of each file.
    media_types: BTreeMap<String, &'a str>,
    /// The security headers of every response.
    headers: BTreeMap<&'a str, &'a str>,
    /// The content security policy of pages; `{nonce}` is the placeholder of the nonce.
    page_policy: &'a str,
    /// The policy of files.
    file_policy: &'a str,
    /// The policy of the worker's script.
    worker_policy: &'a str,
    /// Paths of responses that depend on the configuration, which the build cannot contain.
    not_compared: Vec<&'a str>,
}

/// The template of a page, with placeholders for settings and for the nonce.
#[derive(Serialize)]
struct PageTemplate {
    /// The path. `{id}` is the placeholder of a secret's id; a path in parentheses stands for all paths without a page.
    path: &'static str,
    status: u16,
    template: Vec<Part>,
}

/// Renders the manifest of this binary as JSON.
pub fn manifest(built: &Assets) -> String {
    let page = |page: Page| PageTemplate {
        path: page.route(),
        status: if page == Page::NotFound { StatusCode::NOT_FOUND } else { StatusCode::OK }.as_u16(),
        template: template(page, built),
    };
    let fixed_headers = FIXED_HEADERS;
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION"),
        pages: Page::ALL.map(page).into(),
        files: assets::integrities().collect(),
        media_types: assets::media_types().collect(),
        headers: fixed_headers.iter().map(|(name, value)| (name.as_str(), *value)).collect(),
        page_policy: PAGE_POLICY,
        file_policy: FILE_POLICY,
        worker_policy: WORKER_POLICY,
        not_compared: discovery::PATHS
            .into_iter()
            .chain([discovery::OPENAPI, CONFIG_PATH, security_txt::PATH, PATH, settings::PATH])
            .collect(),
    };
    serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n"
}

/// Serves the manifest. It takes hundreds of page renderings, and is rendered at the first request.
pub(crate) fn routes(built: &Assets) -> Router<AppState> {
    let built = built.clone();
    let text = Arc::new(LazyLock::new(move || Bytes::from(manifest(&built))));
    Router::new().route(PATH, get(async move || response(move || Bytes::clone(&text)).await))
}

async fn response(render: impl FnOnce() -> Bytes + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(render).await {
        Ok(text) => ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
