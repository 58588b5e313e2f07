//! Renders the pages on the server.

use app::pages::Page;
use app::shell;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use shared_crypto::SecretId;

use crate::http::security_headers::page_policy;
use crate::http::state::AppState;

/// Renders the page of a path. Does not touch the database, so that loading a link costs no view.
pub(crate) async fn page(State(state): State<AppState>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if let Some(path) = without_trailing_slashes(request.uri().path()) {
        return Redirect::permanent(&path).into_response();
    }
    let page = Page::at(request.uri().path());
    // A claim is 16 bytes from the operating system's random number generator, as a nonce must be.
    let Ok(nonce) = shared_crypto::Claim::generate().map(|bytes| bytes.encode()) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let status = if page == Page::NotFound { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let mut response = (status, shell::render(page, state.site(), &nonce)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&page_policy(&nonce)) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Returns the path of a page for a path with slashes at its end, which other programs append to links.
///
/// The result consists of the page's own route and a decoded id, and never of text of the request, so that it cannot
/// lead to another site. The query is dropped; the browser keeps the fragment. Only a trailing `%2F` is decoded:
/// decoding the whole path, as `percent-encoding` does, would accept other spellings of a page.
fn without_trailing_slashes(path: &str) -> Option<String> {
    let mut rest = path.trim_end_matches('/');
    while let Some(shorter) = rest.strip_suffix("%2f").or_else(|| rest.strip_suffix("%2F")) {
        rest = shorter.trim_end_matches('/');
    }
    if rest.len() == path.len() || path == "/" {
        return None;
    }
    if rest.is_empty() {
        return Some(Page::Home.route().to_owned());
    }
    match Page::at(rest) {
        Page::Secret => {
            SecretId::decode(rest.strip_prefix("/s/")?).ok().map(|id| format!("/s/{}", id.encode()))
        }
        // The path of a receipt may contain its token, which a redirect to the plain route would lose.
        page => (page.route() == rest).then(|| page.route().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_slashes_are_dropped_from_pages_and_ids() {
        for (path, location) in [
            ("/guides/password/", "/guides/password"),
            ("/guides//", "/guides"),
            ("//", "/"),
            ("/receipt/", "/receipt"),
            ("/receipt%2F", "/receipt"),
            ("/s/wMHCw8TFxsfIycrL/", "/s/wMHCw8TFxsfIycrL"),
            ("/s/wMHCw8TFxsfIycrL///", "/s/wMHCw8TFxsfIycrL"),
            ("/s/wMHCw8TFxsfIycrL%2f", "/s/wMHCw8TFxsfIycrL"),
            ("/s/wMHCw8TFxsfIycrL/%2F/", "/s/wMHCw8TFxsfIycrL"),
        ] {
            assert_eq!(without_trailing_slashes(path).as_deref(), Some(location), "{path}");
        }
    }

    #[test]
    fn path_that_is_no_page_is_never_redirected() {
        for path in [
            "/",
            "/guides",
            "/receipt",
            "/s/wMHCw8TFxsfIycrL",
            "//evil.example/",
            "//evil.example%2f",
            "/\\evil.example/",
            "/%5cevil.example/",
            "/s//evil.example/",
            "/s/evil.example/",
            "/s/..%2f..%2fevil/",
            "/s/wMHCw8TFxsfIycrL%0d%0aset-cookie:x/",
            "/s/wMHCw8TFxsfIycrL%23k=EAAB/",
            "/s/wMHCw8TFxsfIycr%4c/",
            "/receipt%23t=YGFi/",
            "/s/x/",
            "/s/",
            "/nothing/",
        ] {
            assert_eq!(without_trailing_slashes(path), None, "{path}");
        }
    }
}
