//! Entry point of the WebAssembly: hydrates the islands.

use wasm_bindgen::prelude::wasm_bindgen;

// Without this reference, the linker removes the islands.
extern crate app as _;

/// Hydrates the islands. The page calls it when the WebAssembly is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
