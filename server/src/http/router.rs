//! Which path leads where.

use app::pages::Page;
use app::shell;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get, post};
use leptos::prelude::provide_context;
use shared_crypto::SecretId;
use shared_crypto::messages::{Call, ErrorBody};
use tower_http::compression::CompressionLayer;

use crate::commands::manifest;
use crate::http::error_response::refuse;
use crate::http::handlers::{assets, discovery, health, security_txt, settings};
use crate::http::middleware::headers::{page_policy, security_headers};
use crate::http::middleware::request_limits::limit_requests;
use crate::http::middleware::validate_request::{validate_create, validate_request};
use crate::http::state::AppState;
use crate::telemetry;

/// The whole server.
pub fn router(state: AppState) -> Router {
    // On the method's own route, so that every other method is 405 before anything is checked.
    let mut api = Router::new();
    for call in Call::ALL {
        let handler = post(server_function);
        let checked = match call {
            Call::Create => {
                handler.route_layer(middleware::from_fn_with_state(state.clone(), validate_create))
            }
            _ => handler.route_layer(middleware::from_fn_with_state(state.clone(), validate_request)),
        };
        api = api.route(call.path(), checked);
    }
    // The checks limit and read the body and reads the body; a hidden limit of 2 MB would otherwise be in its way.
    api = api
        .layer(DefaultBodyLimit::disable())
        .route("/api/{*rest}", any(|| async { refuse(&ErrorBody::NotFound, None) }));

    let mut files = Router::new().route("/pkg/{file}", get(assets::hashed));
    // What is written at run time wins over a file of that name that an older build has left.
    for name in assets::names().filter(|name| !discovery::PATHS.contains(&name.as_str())) {
        files = files.route(&name, get(assets::named));
    }

    // The only bodies that are made anew each time and are worth it. Nothing secret is in a page, so its
    // compressed length tells nothing.
    let pages = Router::new().fallback(page).layer(CompressionLayer::new());

    Router::new()
        .route(health::LIVE, get(health::live))
        .route(health::READY, get(health::ready))
        .merge(api)
        .merge(files)
        .merge(discovery::routes(state.public_url().is_some()))
        .merge(discovery::api_description(&state))
        .merge(discovery::api_config(&state))
        .merge(security_txt::routes(&state))
        .merge(manifest::routes(&state.site().assets))
        .merge(settings::routes(state.site()))
        .merge(pages)
        .layer(middleware::from_fn_with_state(state.clone(), limit_requests))
        .layer(middleware::from_fn_with_state(state.clone(), security_headers))
        .layer(middleware::from_fn_with_state(state.clone(), telemetry::log_request))
        .with_state(state)
}

async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let service = state.service().clone();
    leptos_axum::handle_server_fns_with_context(move || provide_context(service.clone()), request)
        .await
        .into_response()
}

/// A page never touches the database, so that looking never costs a view.
async fn page(State(state): State<AppState>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if let Some(path) = without_slash(request.uri().path()) {
        return Redirect::permanent(&path).into_response();
    }
    let page = Page::at(request.uri().path());
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

/// The path of the page that is meant by a path with slashes at its end, which links get on their way.
///
/// It is made of the page's own route and of an id that was decoded, and never of the request's text: so it cannot lead
/// to another site. The query is dropped; the browser keeps the fragment.
fn without_slash(path: &str) -> Option<String> {
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
        // A receipt's path may hold its token, which the page must see.
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
            assert_eq!(without_slash(path).as_deref(), Some(location), "{path}");
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
            assert_eq!(without_slash(path), None, "{path}");
        }
    }
}
