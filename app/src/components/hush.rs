use leptos::attr::Attribute;
use leptos::attr::custom::custom_attribute;
use leptos::prelude::*;

/// What every field that holds a secret has: no browser, keyboard or password manager keeps, corrects or
/// translates what is in it.
pub(crate) fn hush() -> impl Attribute {
    let known = view! {
        <{..}
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            translate="no"
            data-1p-ignore=""
            data-bwignore=""
            data-lpignore="true"
        />
    };
    (known, custom_attribute("autocorrect", "off"))
}
