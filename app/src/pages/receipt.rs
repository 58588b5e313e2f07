use leptos::prelude::*;

use super::Meta;
use crate::components::Asleep;
use crate::islands::Receipt;

pub(super) const META: Meta = Meta {
    route: "/receipt",
    title: "What became of your secret",
    description: "What became of a secret that somebody sent.",
    indexed: false,
    islands: true,
    questions: &[],
    view: |_| {
        view! {
            <Receipt>
                <Asleep reassurance="nothing was changed"/>
                <section id="looking">
                    <h1>"What became of your secret"</h1>
                    <p class="waking" role="status">"One moment, looking it up."</p>
                </section>
                <section id="shown" hidden>{shown()}</section>
                <section id="failed" hidden>
                    <h1 id="failed-title" tabindex="-1">"There is nothing to show"</h1>
                    <p id="failed-text" class="notice notice-alert" role="alert"></p>
                    <button id="ask-again" type="button">"Try again"</button>
                </section>
            </Receipt>
        }
        .into_any()
    },
};

fn shown() -> impl IntoView {
    view! {
        <h1 id="shown-title" tabindex="-1">"What became of your secret"</h1>
        <p id="views"></p>
        <ol id="timeline" class="timeline"></ol>
        <p id="wrong" hidden></p>
        <p id="news" class="visually-hidden" role="status"></p>
        <div id="live">
            <div class="row">
                <button id="refresh" type="button">"Refresh"</button>
                <button id="burn" type="button">"Burn now"</button>
                // Where the first click was, a second one changes nothing.
                <button id="keep" type="button" hidden>"Keep it"</button>
                <button id="burn-indeed" type="button" class="danger" hidden>"Yes, burn it"</button>
            </div>
            <p id="asking" class="help" role="status"></p>
            <p class="help">"Burning deletes the secret before it expires. It cannot be undone, and takes back nothing that was opened before."</p>
        </div>
    }
}
