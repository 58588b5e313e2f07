//! The page itself: its address, its focus, the clipboard, and leaving it.

use leptos::prelude::{document, request_animation_frame, set_timeout, window, window_event_listener};
use std::time::Duration;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, Event, HtmlElement};

/// The whole address, fragment included.
pub fn href() -> String {
    window().location().href().unwrap_or_default()
}

/// Scheme, host and port.
pub fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Puts another path into the address bar, without a request and without a way back to the old one.
pub fn replace_path(path: &str) {
    if let Ok(history) = window().history() {
        // It fails only for another origin, which a path never is.
        drop(history.replace_state_with_url(&JsValue::NULL, "", Some(path)));
    }
}

/// Starts the page anew when another key is put into its address: a browser takes that for the same page.
pub fn reload_on_new_fragment() {
    // Stays for as long as the page does.
    let _ = window_event_listener(leptos::ev::hashchange, |_| {
        let hash = window().location().hash().unwrap_or_default();
        if hash.starts_with("#k=") || hash.starts_with("#t=") {
            drop(window().location().reload());
        }
    });
}

/// Moves the focus, once what is new has been drawn.
pub fn focus(id: &'static str) {
    request_animation_frame(move || {
        set_timeout(
            move || {
                let element = document().get_element_by_id(id).and_then(|element| element.dyn_into().ok());
                if let Some(element) = element as Option<HtmlElement> {
                    drop(element.focus());
                }
            },
            Duration::ZERO,
        );
    });
}

/// Copies a text; whether it worked.
pub async fn copy(text: &str) -> bool {
    JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}

/// The text of a paste, as the clipboard has it.
pub fn pasted_text(event: &ClipboardEvent) -> String {
    event.clipboard_data().and_then(|data| data.get_data("text/plain").ok()).unwrap_or_default()
}

/// Asks before the page is left, for as long as it lives.
pub struct LeaveGuard(Closure<dyn FnMut(Event)>);

impl LeaveGuard {
    const EVENT: &'static str = "beforeunload";

    /// From now on.
    pub fn new() -> Self {
        let guard = Self(Closure::new(|event: Event| event.prevent_default()));
        drop(window().add_event_listener_with_callback(Self::EVENT, guard.0.as_ref().unchecked_ref()));
        guard
    }
}

impl Default for LeaveGuard {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for LeaveGuard {
    fn drop(&mut self) {
        drop(window().remove_event_listener_with_callback(Self::EVENT, self.0.as_ref().unchecked_ref()));
    }
}
