use leptos::prelude::*;

use crate::components::hush;

/// A field for a passphrase, with its label, what explains it, and a button to see what is typed.
#[component]
pub(crate) fn PassphraseField(
    /// What it is for.
    help: &'static str,
    /// The id of what is said about it.
    described_by: &'static str,
    /// More buttons beside the field.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for="passphrase">"Passphrase"</label>
            <p id="passphrase-help" class="help">{help}</p>
            <div class="row">
                <input
                    id="passphrase"
                    type="password"
                    aria-describedby=format!("passphrase-help {described_by}")
                    {..hush()}
                />
                <button id="show-passphrase" type="button" aria-controls="passphrase">"Show"</button>
                {children.map(|children| children())}
            </div>
        </div>
    }
}
