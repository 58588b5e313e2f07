//! The page itself: its address, its focus, the clipboard, and leaving it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::Reflect;
use leptos::prelude::{document, request_animation_frame, set_timeout, window};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, Event, PageTransitionEvent, ShareData};

use super::dom;

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
    dom::listen(
        &window(),
        "hashchange",
        Box::new(|_| {
            let hash = window().location().hash().unwrap_or_default();
            if hash.starts_with("#k=") || hash.starts_with("#t=") {
                drop(window().location().reload());
            }
        }),
    );
}

/// Whether nothing has the focus yet.
pub fn has_no_focus() -> bool {
    document().active_element().is_none_or(|element| element.tag_name() == "BODY")
}

/// Moves the focus, once what is new has been drawn.
pub fn focus(id: &'static str) {
    request_animation_frame(move || {
        set_timeout(move || drop(dom::at(id).focus()), Duration::ZERO);
    });
}

/// Copies a text; whether it worked.
pub async fn copy(text: &str) -> bool {
    // A page that came over plain http has no clipboard at all.
    let navigator = window().navigator();
    let has_clipboard =
        Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| !clipboard.is_undefined());
    has_clipboard && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

/// The text of a paste, as the clipboard has it.
pub fn pasted_text(event: &ClipboardEvent) -> String {
    event.clipboard_data().and_then(|data| data.get_data("text/plain").ok()).unwrap_or_default()
}

/// Calls `wipe` when the page is left. A browser may keep a page that was left and show it again at
/// *Back*: it then starts anew.
pub fn on_leave(mut wipe: impl FnMut() + 'static) {
    dom::listen(&window(), "pagehide", Box::new(move |_| wipe()));
    dom::listen(
        &window(),
        "pageshow",
        Box::new(|event| {
            if event.unchecked_into::<PageTransitionEvent>().persisted() {
                drop(window().location().reload());
            }
        }),
    );
}

/// Calls `hide` when the page was out of sight for this long.
pub fn on_absence(patience: Duration, hide: impl Fn() + Clone + 'static) {
    let absences = Rc::new(Cell::new(0_u32));
    let left_at = Cell::new(None);
    on_visibility(move |visible| {
        absences.set(absences.get() + 1);
        if visible {
            // Timers of a sleeping device do not run.
            let away = left_at.take().map_or(0.0, |left| js_sys::Date::now() - left);
            if away >= patience.as_secs_f64() * 1000.0 {
                hide();
            }
            return;
        }
        left_at.set(Some(js_sys::Date::now()));
        let (absence, absences, hide) = (absences.get(), Rc::clone(&absences), hide.clone());
        set_timeout(
            move || {
                if absences.get() == absence {
                    hide();
                }
            },
            patience,
        );
    });
}

/// Calls `changed` when the page comes into sight or leaves it.
pub fn on_visibility(mut changed: impl FnMut(bool) + 'static) {
    dom::listen(&document(), "visibilitychange", Box::new(move |_| changed(is_visible())));
}

/// Whether somebody can see the page.
pub fn is_visible() -> bool {
    !document().hidden()
}

/// Whether the system has a share sheet.
pub fn can_share() -> bool {
    Reflect::has(&window().navigator(), &"share".into()).unwrap_or(false)
}

/// Opens the system's share sheet. Whatever comes of it is between it and its user.
pub fn share(title: &str, text: &str) {
    let data = ShareData::new();
    data.set_title(title);
    data.set_text(text);
    // The promise is rejected where somebody closes the sheet: that must not end as an error of the page.
    let shared = JsFuture::from(window().navigator().share_with_data(&data));
    wasm_bindgen_futures::spawn_local(async { drop(shared.await) });
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
