use leptos::prelude::*;

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// For information: announced when there is time.
    Info,
    /// Something went wrong: announced at once.
    Alert,
}

/// A message in place, announced to screen readers.
#[component]
pub(crate) fn Notice(
    tone: Tone,
    #[prop(optional)] id: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let (class, role) = match tone {
        Tone::Info => ("notice", "status"),
        Tone::Alert => ("notice notice-alert", "alert"),
    };
    view! { <div id=id class=class role=role>{children()}</div> }
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
