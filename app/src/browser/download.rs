//! Saving what was revealed.

use js_sys::{Array, Uint8Array};
use leptos::prelude::{document, set_timeout};
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// Hands bytes to the browser's downloads. Never under a type that a browser would show or run.
pub fn save(name: &str, bytes: &[u8]) {
    // It fails only where a browser has no objects of these kinds.
    drop(try_save(name, bytes));
}

fn try_save(name: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type("application/octet-stream");
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let anchor: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    // The download has begun by then, and holds the bytes itself.
    set_timeout(move || drop(Url::revoke_object_url(&url)), Duration::from_secs(10));
    Ok(())
}
