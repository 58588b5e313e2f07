//! The files of the built site: scripts, WebAssembly, styles and icons, compressed at build time and embedded in the
//! binary.
//!
//! `tower_http::services::ServeDir` reads files from the disk.

use std::borrow::Cow;

use app::site::Assets;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::http::security_headers::WORKER_POLICY;

/// The script of the worker that runs Argon2id.
const WORKER_SCRIPT: &str = "worker.js";

/// The folder of the built site. Debug builds read it at run time, so that `cargo leptos watch` shows changes.
#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
#[exclude = "*.d.ts*"]
struct Site;

/// `Cache-Control` of files whose name contains a hash of their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// `Cache-Control` of other files: browsers revalidate them, so that files of two versions are never mixed.
const REVALIDATE: &str = "no-cache";

/// The error message of a binary that was built before the site.
pub const MISSING: &str = "this binary was built without its pages: build it with `cargo xtask build`";

/// Returns the paths of the built files, or `None` if the site was not built.
pub fn built() -> Option<Assets> {
    let find = |extension: &str| {
        Site::iter().find(|path| path.starts_with("pkg/") && path.ends_with(extension)).map(Cow::into_owned)
    };
    let wasm = find(".wasm")?;
    let hash = Site::get(&wasm)?.metadata.sha256_hash();
    Some(Assets {
        css: format!("/{}", find(".css")?),
        js: format!("/{}", find(".js")?),
        wasm_integrity: integrity(&hash),
        wasm: format!("/{wasm}"),
    })
}

/// `GET /pkg/{file}`: files with a hash in their name.
pub(crate) async fn hashed(Path(file): Path<String>, headers: HeaderMap) -> Response {
    serve(&format!("pkg/{file}"), &headers, IMMUTABLE)
}

/// `GET /{name}`: files of the assets folder.
pub(crate) async fn named(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let mut response = serve(path, &headers, REVALIDATE);
    if path == WORKER_SCRIPT {
        // A worker has the policy of the response with its script.
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(WORKER_POLICY));
    }
    response
}

/// Returns the path of every file, and the hash of its content as in subresource integrity.
pub(crate) fn integrities() -> impl Iterator<Item = (String, String)> {
    Site::iter()
        .filter(|path| media_type(path).is_some())
        .filter_map(|path| Some((format!("/{path}"), integrity(&Site::get(&path)?.metadata.sha256_hash()))))
}

/// Formats a SHA-256 hash as in subresource integrity.
fn integrity(hash: &[u8; 32]) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(hash))
}

/// Returns the path and media type of every file.
pub(crate) fn media_types() -> impl Iterator<Item = (String, &'static str)> {
    Site::iter().filter_map(|path| Some((format!("/{path}"), media_type(&path)?)))
}

/// Returns the paths of the files in the assets folder. Each has a route of its own.
pub(crate) fn names() -> impl Iterator<Item = String> {
    Site::iter()
        .filter(|path| !path.starts_with("pkg/") && media_type(path).is_some())
        .map(|path| format!("/{path}"))
}

/// Looks up a file by its path, which is only a key in the binary and never a path in a file system.
fn serve(path: &str, headers: &HeaderMap, cache: &'static str) -> Response {
    let Some(media_type) = media_type(path) else { return StatusCode::NOT_FOUND.into_response() };
    let encoded =
        ["br", "gzip"].into_iter().filter(|encoding| accepts(headers, encoding)).find_map(|encoding| {
            let suffix = if encoding == "br" { "br" } else { "gz" };
            Some((Site::get(&format!("{path}.{suffix}"))?, Some(encoding)))
        });
    let Some((file, encoding)) = encoded.or_else(|| Some((Site::get(path)?, None))) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let etag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&file.metadata.sha256_hash()[..16]));
    let is_cached = headers.get(IF_NONE_MATCH).is_some_and(|cached| cached.as_bytes() == etag.as_bytes());
    let mut response =
        if is_cached { StatusCode::NOT_MODIFIED.into_response() } else { body(file).into_response() };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(etag) = etag.try_into() {
        headers.insert(ETAG, etag);
    }
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn body(file: EmbeddedFile) -> Body {
    match file.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    }
}

/// Returns the media type of a file, or `None` if the file is not served. An explicit list, so that no other file in
/// the folder is published.
fn media_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    })
}

/// Reports whether `Accept-Encoding` lists this encoding without `q=0`. `tower_http` does not export its parser.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            let (name, weight) = item.split_once(';').unwrap_or((item, ""));
            let is_refused =
                weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
            name.trim().eq_ignore_ascii_case(encoding) && !is_refused
        })
}
