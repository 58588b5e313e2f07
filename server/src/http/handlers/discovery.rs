//! Descriptions of the site for programs: `robots.txt`, `sitemap.xml`, the web app manifest, the `OpenAPI` document,
//! and the limits of the API.

use app::pages::Page;
use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::json;
use shared_crypto::messages::CONFIG_PATH;

use crate::http::state::AppState;

/// The paths that [`routes`] serves.
pub(crate) const PATHS: [&str; 3] = [ROBOTS, SITEMAP, MANIFEST];
const ROBOTS: &str = "/robots.txt";
const SITEMAP: &str = "/sitemap.xml";
const MANIFEST: &str = "/manifest.webmanifest";
/// Path of the `OpenAPI` document.
pub(crate) const OPENAPI: &str = "/api/v1/openapi.json";

/// Serves `robots.txt`, the web app manifest, and with a public URL the sitemap: its absolute URLs must not depend on
/// the `Host` that a client sends.
pub(crate) fn routes(has_public_url: bool) -> Router<AppState> {
    let routes = Router::new().route(ROBOTS, get(robots)).route(MANIFEST, get(manifest));
    if has_public_url { routes.route(SITEMAP, get(sitemap)) } else { routes }
}

/// Serves the `OpenAPI` document, which is rendered once.
pub(crate) fn openapi(state: &AppState) -> Router<AppState> {
    let site = state.site();
    let text = app::openapi::document(&site.limits, state.public_url()).to_string();
    Router::new().route(OPENAPI, get(async move || file("application/json", text)))
}

/// Serves the limits of this server, which are rendered once. Does not touch the database.
pub(crate) fn api_config(state: &AppState) -> Router<AppState> {
    let text = serde_json::to_string(&state.site().server_config()).unwrap_or_default();
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=60")];
    Router::new().route(CONFIG_PATH, get(async move || (headers, text)))
}

async fn robots(State(state): State<AppState>) -> impl IntoResponse {
    file("text/plain; charset=utf-8", robots_text(state.public_url()))
}

async fn sitemap(State(state): State<AppState>) -> impl IntoResponse {
    file("application/xml; charset=utf-8", sitemap_text(state.public_url().unwrap_or_default()))
}

async fn manifest(State(state): State<AppState>) -> impl IntoResponse {
    file("application/manifest+json", manifest_text(&state.site().operator.site_name))
}

fn file(media_type: &'static str, text: String) -> impl IntoResponse {
    ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, "public, max-age=3600")], text)
}

fn robots_text(public_url: Option<&str>) -> String {
    let sitemap = public_url.map(|origin| format!("\nSitemap: {origin}{SITEMAP}\n")).unwrap_or_default();
    format!("User-agent: *\nDisallow: /s/\nDisallow: /receipt\nDisallow: /api/\n{sitemap}")
}

/// Renders the sitemap. An origin and fixed paths contain nothing that XML must escape.
fn sitemap_text(origin: &str) -> String {
    let urls = Page::ALL.into_iter().filter_map(Page::path);
    let urls: Vec<_> = urls.map(|path| format!("  <url><loc>{origin}{path}</loc></url>\n")).collect();
    let urls = urls.concat();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{urls}</urlset>\n"
    )
}

fn manifest_text(site_name: &str) -> String {
    json!({
        "name": site_name,
        "short_name": site_name,
        "description": Page::Home.description(),
        "lang": "en",
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "browser",
        "background_color": "#ffffff",
        "theme_color": "#1f5fd1",
        "icons": [
            { "src": "/favicon.svg", "type": "image/svg+xml", "sizes": "any" },
            { "src": "/icon-192.png", "type": "image/png", "sizes": "192x192", "purpose": "maskable" },
            { "src": "/icon-512.png", "type": "image/png", "sizes": "512x512", "purpose": "maskable" },
        ],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sitemap_lists_exactly_the_indexed_pages() {
        let text = sitemap_text("https://secrets.example");
        let listed: Vec<_> = text
            .split("<loc>https://secrets.example")
            .skip(1)
            .map(|rest| Page::at(rest.split_once("</loc>").unwrap().0))
            .collect();
        let indexed: Vec<_> = Page::ALL.into_iter().filter(|page| page.is_indexed()).collect();
        assert_eq!(listed, indexed);
        assert_eq!(text.matches("<url>").count(), indexed.len());
    }

    #[test]
    fn robots_txt_disallows_secrets_and_names_the_sitemap() {
        let text = robots_text(Some("https://secrets.example"));
        for line in [
            "Disallow: /s/",
            "Disallow: /receipt",
            "Disallow: /api/",
            "Sitemap: https://secrets.example/sitemap.xml",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}");
        }
        assert!(!robots_text(None).contains("Sitemap"));
    }

    #[test]
    fn web_app_manifest_names_the_site_and_existing_icons() {
        let read: serde_json::Value = serde_json::from_str(&manifest_text("A \"quoted\" name")).unwrap();
        assert_eq!(
            (read["name"].as_str(), read["start_url"].as_str()),
            (Some("A \"quoted\" name"), Some("/"))
        );
        for icon in read["icons"].as_array().unwrap() {
            let file = format!("{}/../public{}", env!("CARGO_MANIFEST_DIR"), icon["src"].as_str().unwrap());
            assert!(std::path::Path::new(&file).exists(), "{file}");
        }
    }
}
