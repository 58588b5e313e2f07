//! Wakes the islands up in the browser.

use wasm_bindgen::prelude::wasm_bindgen;

// Without a reference the islands vanish from the build.
extern crate app as _;

/// Called by the page, once the WebAssembly is there.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
