//! The built site, inside the binary: scripts, WebAssembly, styles and icons, compressed at build time.

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

use crate::http::middleware::headers::WORKER_POLICY;

/// The script of the worker that stretches passphrases.
const WORKER: &str = "worker.js";

/// Debug builds read the folder at run time, so that `cargo leptos watch` shows what changed.
#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
#[exclude = "*.d.ts*"]
struct Site;

/// Its name holds the hash of its content, so it never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// It is asked for again each time, and sent only where it has changed: files that belong together stay so.
const UNTIL_IT_CHANGES: &str = "no-cache";

/// The message of a binary that was built before the site.
pub const MISSING: &str = "this binary was built without its pages: build it with `cargo xtask build`";

/// Where the built files are; `None` where the site was not built.
pub fn built() -> Option<Assets> {
    let find = |extension: &str| {
        Site::iter().find(|path| path.starts_with("pkg/") && path.ends_with(extension)).map(Cow::into_owned)
    };
    let wasm = find(".wasm")?;
    let hash = Site::get(&wasm)?.metadata.sha256_hash();
    Some(Assets {
        css: format!("/{}", find(".css")?),
        js: format!("/{}", find(".js")?),
        wasm_integrity: format!("sha256-{}", BASE64_STANDARD.encode(hash)),
        wasm: format!("/{wasm}"),
    })
}

/// `GET /pkg/{file}`: names with a hash in them.
pub(crate) async fn hashed(Path(file): Path<String>, headers: HeaderMap) -> Response {
    serve(&format!("pkg/{file}"), &headers, FOREVER)
}

/// Files of the assets folder, under their own names.
pub(crate) async fn named(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let mut response = serve(path, &headers, UNTIL_IT_CHANGES);
    if path == WORKER {
        // A worker lives under the policy of its own script.
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(WORKER_POLICY));
    }
    response
}

/// Every file that is served, with the SHA-256 of its content.
pub(crate) fn hashes() -> impl Iterator<Item = (String, [u8; 32])> {
    Site::iter()
        .filter(|path| media_type(path).is_some())
        .filter_map(|path| Some((format!("/{path}"), Site::get(&path)?.metadata.sha256_hash())))
}

/// Every file that is served, with its media type.
pub(crate) fn media_types() -> impl Iterator<Item = (String, &'static str)> {
    Site::iter().filter_map(|path| Some((format!("/{path}"), media_type(&path)?)))
}

/// The names in the assets folder, each a route of its own.
pub(crate) fn names() -> impl Iterator<Item = String> {
    Site::iter()
        .filter(|path| !path.starts_with("pkg/") && media_type(path).is_some())
        .map(|path| format!("/{path}"))
}

/// A path is only ever a key: nothing is looked up in a file system.
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
    let known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { body(file).into_response() };
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

/// What is served at all.
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

/// Whether the client takes this encoding, by name and not with `q=0`.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            let (name, weight) = item.split_once(';').unwrap_or((item, ""));
            let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
            name.trim().eq_ignore_ascii_case(encoding) && !refused
        })
}
