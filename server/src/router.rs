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
use shared_crypto::wire::Refusal;
use tower_http::compression::CompressionLayer;

use crate::guard::guard;
use crate::headers::{page_policy, security_headers};
use crate::refusal::refuse;
use crate::state::AppState;
use crate::{assets, discovery, health, manifest, settings, telemetry};

/// The five calls of the API.
const CALLS: [&str; 5] = ["create", "open", "reveal", "receipt", "burn"];

/// The whole server.
pub fn router(state: AppState) -> Router {
    let mut api = Router::new();
    for call in CALLS {
        // On the method's own route, so that every other method is 405 before anything is checked.
        let guarded = post(server_function).route_layer(middleware::from_fn_with_state(state.clone(), guard));
        api = api.route(&format!("/api/v1/{call}"), guarded);
    }
    // The guard limits and reads the body; a hidden limit of 2 MB would otherwise be in its way.
    api = api
        .layer(DefaultBodyLimit::disable())
        .route("/api/{*rest}", any(|| async { refuse(&Refusal::Unavailable, None) }));

    let mut files = Router::new().route("/pkg/{file}", get(assets::hashed));
    // What is written at run time wins over a file of that name that an older build has left.
    for name in assets::names().filter(|name| !discovery::PATHS.contains(&name.as_str())) {
        files = files.route(&name, get(assets::named));
    }

    // The only bodies that are made anew each time and are worth it. Nothing secret is in a page, so its
    // compressed length tells nothing.
    let pages = Router::new().fallback(page).layer(CompressionLayer::new());

    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .merge(api)
        .merge(files)
        .merge(discovery::routes(state.public_url().is_some()))
        .merge(discovery::api_description(&state))
        .merge(manifest::routes(&state.site().assets))
        .merge(settings::routes(state.site()))
        .merge(pages)
        .layer(middleware::from_fn_with_state(state.clone(), security_headers))
        .layer(middleware::from_fn_with_state(state.clone(), telemetry::log_request))
        .with_state(state)
}

async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let vault = state.vault().clone();
    leptos_axum::handle_server_fns_with_context(move || provide_context(vault.clone()), request)
        .await
        .into_response()
}

/// A page never touches the database, so that looking never costs a view.
async fn page(State(state): State<AppState>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let page = Page::at(request.uri().path());
    if let Some(path) = without_slash(page, request.uri().path()) {
        return Redirect::permanent(path).into_response();
    }
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

/// The page that was meant, where a slash too many is all that is wrong. Never a part of the request.
fn without_slash(page: Page, path: &str) -> Option<&'static str> {
    if page == Page::NotFound { Page::at(path.strip_suffix('/')?).path() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_too_many_is_put_right_and_nothing_else() {
        let sent_to = |path: &str| without_slash(Page::at(path), path);
        assert_eq!(sent_to("/guides/password/"), Some("/guides/password"));
        assert_eq!(sent_to("//"), Some("/"));
        for path in ["/", "/guides", "/guides//", "//evil.example/", "/receipt/", "/s/x/", "/s/", "/nothing/"]
        {
            assert_eq!(sent_to(path), None, "{path}");
        }
    }
}
