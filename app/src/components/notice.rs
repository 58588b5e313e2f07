use leptos::prelude::*;

/// Where something that went wrong is said, at once. Hidden as long as there is nothing to say.
#[component]
pub(crate) fn Alert(id: &'static str) -> impl IntoView {
    view! { <p id=id class="notice notice-alert" role="alert" hidden></p> }
}

/// Says what is missing as long as the page is not awake: without JavaScript, or where the WebAssembly
/// did not start. The style sheet shows the one that is true.
#[component]
pub(crate) fn Asleep(
    /// What did not happen: "nothing was opened".
    reassurance: &'static str,
) -> impl IntoView {
    view! {
        <noscript>
            <div class="notice notice-alert" role="alert">
                "This page needs JavaScript, since your browser does the encryption itself. It is switched off here, and "
                {reassurance} "."
            </div>
        </noscript>
        <div class="notice notice-alert boot-failed" role="alert">
            "This page could not start: it needs WebAssembly, which this browser does not have or does not allow, and "
            {reassurance} ". Try to reload the page, or open it in another browser."
        </div>
    }
}
