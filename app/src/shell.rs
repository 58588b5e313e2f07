//! Renders the HTML document around every page. It is written by hand, since the content security policy allows no
//! inline styles, and only scripts with the nonce.

mod metadata;
mod template;

use std::sync::Arc;

use hydration_context::SsrSharedContext;
use leptos::prelude::*;

use crate::components::Layout;
use crate::pages::Page;
use crate::site::{Assets, Site};
pub use template::{Case, Format, Part, template};

/// Applies the colour scheme that the user chose, before the first paint. It is the only value that this site stores in a
/// browser.
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

/// Returns the script that loads the WebAssembly and hydrates the islands. The browser verifies the integrity hash, and
/// rejects the WebAssembly if it does not match.
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

/// Renders a page. Of the request, only the nonce has an influence on it.
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
