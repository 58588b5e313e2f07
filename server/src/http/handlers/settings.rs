//! `/.well-known/ikrypt-settings.json`: the settings that pages show. `ikrypt verify` fills them into the page
//! templates of the manifest.

use app::site::{Contact, Site};
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use serde::Serialize;

use crate::http::state::AppState;

/// Path of the settings.
pub(crate) const PATH: &str = "/.well-known/ikrypt-settings.json";

/// The parts of pages that depend on the configuration. All of them are public.
#[derive(Serialize)]
struct Settings<'a> {
    public_url: Option<&'a str>,
    needs_token: bool,
    max_secret_bytes: usize,
    max_ttl: u32,
    max_views: u8,
    site_name: &'a str,
    operator: Option<&'a str>,
    contact: Option<ContactSetting<'a>>,
    /// The paragraphs of the operator's privacy notice.
    privacy: Option<Vec<&'a str>>,
    terms: Option<Vec<&'a str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum ContactSetting<'a> {
    Mail(&'a str),
    Web(&'a str),
}

/// Renders the settings of a site as JSON.
pub fn settings(site: &Site) -> String {
    let Site { public_url, limits, needs_token, assets: _, operator } = site;
    let settings = Settings {
        public_url: public_url.as_deref(),
        needs_token: *needs_token,
        max_secret_bytes: limits.max_secret_bytes,
        max_ttl: limits.max_ttl,
        max_views: limits.max_views,
        site_name: &operator.site_name,
        operator: operator.name.as_deref(),
        contact: operator.contact.as_ref().map(|contact| match contact {
            Contact::Mail(address) => ContactSetting::Mail(address),
            Contact::Web(url) => ContactSetting::Web(url),
        }),
        privacy: operator.privacy.as_ref().map(|text| text.paragraphs().collect()),
        terms: operator.terms.as_ref().map(|text| text.paragraphs().collect()),
    };
    serde_json::to_string_pretty(&settings).unwrap_or_default() + "\n"
}

/// Serves the settings, which are rendered once.
pub(crate) fn routes(site: &Site) -> Router<AppState> {
    let text = settings(site);
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    Router::new().route(PATH, get(async move || (headers, text)))
}
