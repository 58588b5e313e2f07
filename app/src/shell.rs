//! The document around every page, written by hand: no inline style, and only scripts that have the nonce.

mod metadata;
mod operator;
mod template;

use std::sync::Arc;

use hydration_context::SsrSharedContext;
use leptos::prelude::*;
use shared_crypto::MAX_FILES;
use shared_crypto::messages::ServerConfig;

use crate::components::Layout;
use crate::pages::Page;
pub use operator::{Contact, LegalText, Operator};
pub use template::{Case, Format, Part, template};
use vault::{MIN_TTL, SecretLimits};

/// What the pages know of the instance that serves them.
#[derive(Debug, Clone)]
pub struct Site {
    /// Scheme, host and port under which people reach it, where the operator has said so.
    pub public_url: Option<String>,
    /// What the operator allows.
    pub limits: SecretLimits,
    /// Whether a link can only be created with a token.
    pub needs_token: bool,
    /// Where the built files are.
    pub assets: Assets,
    /// What the operator says of it.
    pub operator: Operator,
}

impl Site {
    /// What clients are told by `GET /api/v1/config`.
    pub fn server_config(&self) -> ServerConfig {
        ServerConfig {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            max_secret_bytes: u64::try_from(self.limits.max_secret_bytes).unwrap_or(u64::MAX),
            max_files: u16::try_from(MAX_FILES).unwrap_or(u16::MAX),
            min_ttl_seconds: MIN_TTL,
            max_ttl_seconds: self.limits.max_ttl,
            fixed_ttl_seconds: None,
            max_views: self.limits.max_views,
            fixed_max_views: None,
            creation_token: self.needs_token,
            requests: false,
            notifications: false,
        }
    }
}

/// Addresses of the built files, hashes in their names.
#[derive(Debug, Clone)]
pub struct Assets {
    /// The style sheet.
    pub css: String,
    /// The module that loads the WebAssembly.
    pub js: String,
    /// The WebAssembly.
    pub wasm: String,
    /// Its hash, as subresource integrity writes it.
    pub wasm_integrity: String,
}

/// Light or dark, where somebody has chosen one: applied before anything is drawn. The only thing that this
/// site keeps in a browser.
const THEME: &str = "\
    {\n\
    const root = document.documentElement, key = 'theme';\n\
    const apply = (theme) => theme ? (root.dataset.theme = theme) : delete root.dataset.theme;\n\
    try { apply(localStorage.getItem(key)); } catch {}\n\
    addEventListener('DOMContentLoaded', () => {\n\
    const choice = document.getElementById('theme');\n\
    choice.value = root.dataset.theme ?? '';\n\
    choice.parentElement.hidden = false;\n\
    choice.onchange = () => {\n\
    apply(choice.value);\n\
    try { choice.value ? localStorage.setItem(key, choice.value) : localStorage.removeItem(key); } catch {}\n\
    };\n\
    });\n\
    }";

/// Loads the WebAssembly and hydrates the islands. The integrity holds for what is streamed, and stops the
/// start when it does not match.
fn boot_script(Assets { js, wasm, wasm_integrity, .. }: &Assets) -> String {
    format!(
        "try {{\n\
         const app = await import({js:?});\n\
         await app.default({{ module_or_path: fetch({wasm:?}, {{ integrity: {wasm_integrity:?} }}) }});\n\
         app.hydrate();\n\
         for (const island of document.querySelectorAll('leptos-island')) app[island.dataset.component]?.(island);\n\
         }} catch (error) {{\n\
         document.documentElement.dataset.boot = 'failed';\n\
         console.error(error);\n\
         }}"
    )
}

/// Renders one page. Nothing in it depends on who asks, but for the nonce.
pub fn render(page: Page, site: &Site, nonce: &str) -> String {
    let owner = Owner::new_root(Some(Arc::new(SsrSharedContext::new_islands())));
    let html = owner.with(|| document(page, site, nonce).to_html());
    owner.unset_with_forced_cleanup();
    format!("<!DOCTYPE html>{html}")
}

fn document(page: Page, site: &Site, nonce: &str) -> impl IntoView + use<> {
    let Assets { css, js, wasm, .. } = site.assets.clone();
    let metadata = metadata::metadata(page, site, nonce);
    let theme = view! { <script nonce=nonce.to_owned() inner_html=THEME></script> };
    let nonce = nonce.to_owned();
    let boot = page.has_islands().then(|| {
        view! {
            <link rel="modulepreload" href=js/>
            <link rel="preload" href=wasm r#as="fetch" crossorigin="anonymous"/>
            <script type="module" nonce=nonce inner_html=boot_script(&site.assets)></script>
        }
    });
    let content = page.view(site);
    let site_name = site.operator.site_name.clone();
    view! {
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="referrer" content="no-referrer"/>
                {metadata}
                {theme}
                <link rel="stylesheet" href=css/>
                {boot}
            </head>
            <body>
                <Layout page site_name>{content}</Layout>
            </body>
        </html>
    }
}
