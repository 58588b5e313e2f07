use leptos::prelude::*;

use crate::browser::page;

/// A button that copies a text and says so.
#[component]
pub(super) fn CopyButton(
    /// What is copied.
    text: Signal<String>,
    /// What the button says.
    label: &'static str,
) -> impl IntoView {
    let said = RwSignal::new("");
    let copy = move |_| {
        let text = text.get_untracked();
        leptos::task::spawn_local(async move {
            said.set(if page::copy(&text).await {
                "Copied"
            } else {
                "Copying is not allowed here: select the text and copy it by hand"
            });
        });
    };
    view! {
        <button type="button" on:click=copy>{label}</button>
        <span class="said" role="status">{move || said.get()}</span>
    }
}
