//! The secret itself: text, and nothing else.

use std::sync::Arc;

use leptos::prelude::*;
use shared_crypto::Payload;

use crate::islands::copy::CopyButton;
use crate::phrase;

/// Up to so many bytes each line of the text is laid out in its own direction.
const SHORT: usize = 65_536;

#[component]
pub(super) fn Revealed(payload: Arc<Payload>, views_left: u8) -> impl IntoView {
    let text = match &*payload {
        Payload::Text(text) => text.to_string(),
        Payload::Files(bundle) => bundle.note().to_owned(),
        _ => String::new(),
    };
    // A direction for each line takes Chromium seconds on a megabyte.
    let direction = (text.len() <= SHORT).then_some("auto");
    let text = StoredValue::new(text);
    let hidden = RwSignal::new(false);
    view! {
        <h1 id="stage-title" tabindex="-1">"Your secret"</h1>
        <p role="status">
            {if views_left == 0 {
                "It is deleted from the server now. Save what you need before you close this page.".to_owned()
            } else {
                format!("The link can be opened {} more.", phrase::times(views_left))
            }}
        </p>
        // Not a text area, which would turn every line end into a bare line feed.
        <pre
            id="revealed"
            class="secret revealed"
            class:concealed=move || hidden.get()
            role="textbox"
            aria-label="The secret"
            aria-readonly="true"
            aria-multiline="true"
            tabindex="0"
            translate="no"
            dir=direction
        >
            {text.get_value()}
        </pre>
        <div class="row">
            <CopyButton label="Copy" text=Signal::derive(move || text.get_value())/>
            <button
                type="button"
                aria-pressed=move || hidden.get().to_string()
                on:click=move |_| hidden.update(|hidden| *hidden = !*hidden)
            >
                "Hide"
            </button>
        </div>
    }
}
