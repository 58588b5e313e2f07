use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::components::hush;

/// A field for a passphrase, hidden until somebody asks to see it.
#[component]
pub(super) fn PassphraseField(
    /// What is typed.
    value: RwSignal<String>,
    /// The ids of what explains it.
    described_by: &'static str,
    /// Whether it was wrong.
    #[prop(optional, into)]
    invalid: Signal<bool>,
    /// Whether it can't be changed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Called for every key.
    on_key: impl Fn(KeyboardEvent) + 'static,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    view! {
        <div class="row">
            <input
                id="passphrase"
                type=move || if shown.get() { "text" } else { "password" }
                aria-describedby=described_by
                aria-invalid=move || invalid.get().then_some("true")
                disabled=move || disabled.get()
                {..hush()}
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
                on:keydown=on_key
            />
            <button
                type="button"
                aria-pressed=move || shown.get().to_string()
                on:click=move |_| shown.update(|shown| *shown = !*shown)
            >
                "Show"
            </button>
        </div>
    }
}
