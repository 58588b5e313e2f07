//! The routes, and the order of the middleware.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use shared_crypto::messages::Call;
use tower_http::compression::CompressionLayer;

use crate::http::handlers::{api, assets, discovery, health, manifest, pages, security_txt, settings};
use crate::http::middleware::limit_requests::limit_requests;
use crate::http::middleware::log_request::log_request;
use crate::http::middleware::security_headers::set_security_headers;
use crate::http::middleware::validate_request::{validate_create, validate_request};
use crate::http::state::AppState;

/// Returns the application. A request passes the layers of a router from the last one to the first.
pub fn router(state: AppState) -> Router {
    let limited = Router::new()
        .merge(api_routes(&state))
        .merge(asset_routes())
        .merge(discovery::routes(state.public_url().is_some()))
        .merge(discovery::openapi(&state))
        .merge(discovery::api_config(&state))
        .merge(security_txt::routes(&state))
        .merge(manifest::routes(&state.site().assets))
        .merge(settings::routes(state.site()))
        .merge(page_routes())
        // 3. Limits the requests of each client, except probes: they come from the operator's own machines.
        .layer(from_fn_with_state(state.clone(), limit_requests));

    Router::new()
        .route(health::LIVE, get(health::live))
        .route(health::READY, get(health::ready))
        .merge(limited)
        // 2. Adds security headers to every response, also to those of the layers below.
        .layer(from_fn_with_state(state.clone(), set_security_headers))
        // 1. Logs every request, and measures the time of all other layers.
        .layer(from_fn_with_state(state.clone(), log_request))
        .with_state(state)
}

/// Routes the calls of the API to their server functions.
fn api_routes(state: &AppState) -> Router<AppState> {
    let mut routes = Router::new();
    for call in Call::ALL {
        let handler = post(api::server_function);
        // 5. Checks a call. A layer of the method and not of the router, so that another method is 405 without checks.
        let handler = match call {
            Call::Create => handler.route_layer(from_fn_with_state(state.clone(), validate_create)),
            _ => handler.route_layer(from_fn_with_state(state.clone(), validate_request)),
        };
        routes = routes.route(call.path(), handler);
    }
    routes
        // 4. Turns off axum's limit of 2 MB on bodies: the checks have their own.
        .layer(DefaultBodyLimit::disable())
        .route("/api/{*rest}", any(api::not_found))
}

fn asset_routes() -> Router<AppState> {
    let mut routes = Router::new().route("/pkg/{file}", get(assets::hashed));
    // Responses that are rendered at run time replace files of the same name from an older build.
    for name in assets::names().filter(|name| !discovery::PATHS.contains(&name.as_str())) {
        routes = routes.route(&name, get(assets::named));
    }
    routes
}

/// Routes all other paths to the pages.
fn page_routes() -> Router<AppState> {
    // 4. Compresses pages: files are compressed at build time, everything else is small. A page contains no secret that
    // its compressed length could reveal.
    Router::new().fallback(pages::page).layer(CompressionLayer::new())
}
