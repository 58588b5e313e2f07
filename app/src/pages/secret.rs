use leptos::prelude::*;

use super::Meta;
use crate::components::{Alert, Asleep, PassphraseField};
use crate::islands::Reveal;

pub(super) const META: Meta = Meta {
    route: "/s/{id}",
    title: "Somebody sent you a secret",
    // Previews that know no Open Graph show this one: it says no more than the title.
    description: "Somebody sent you a secret.",
    indexed: false,
    islands: true,
    questions: &[],
    view: |_| {
        view! {
            <Reveal>
                <Asleep reassurance="nothing was opened"/>
                <p id="exposed" class="notice" role="status" hidden>
                    "Your mail gateway rewrote this link and thereby showed the key to the server. The secret still opens. Tell the sender, if that matters for it."
                </p>
                <section id="looking">
                    <h1>"Somebody sent you a secret"</h1>
                    <p id="looking-status" class="waking" role="status">"One moment, looking at the envelope. This does not open it."</p>
                </section>
                <section id="ready" hidden>{ready()}</section>
                <section id="revealed" hidden>{revealed()}</section>
                <section id="ended" hidden>
                    <div role="alert">
                        <h1 id="ended-title" tabindex="-1">"There is nothing to open"</h1>
                        <p id="ended-text" class="lead"></p>
                    </div>
                    <button id="look-again" type="button" class="primary">"Try again"</button>
                </section>
            </Reveal>
        }
        .into_any()
    },
};

fn ready() -> impl IntoView {
    view! {
        <h1 id="ready-title" tabindex="-1">"Somebody sent you a secret"</h1>
        <p id="promise" class="lead"></p>
        <div id="guarded" hidden>
            <PassphraseField
                help="The sender told it to you another way. A wrong one uses up no view."
                described_by="attempt-alert attempt-wait"
            />
        </div>
        <Alert id="attempt-alert"/>
        <p id="attempt-wait" hidden></p>
        <p id="cost" class="help"></p>
        <button id="reveal" type="button" class="primary">"Reveal secret"</button>
        <p id="attempt-status" class="said" role="status"></p>
        <progress id="progress" aria-label="Working" hidden></progress>
    }
}

fn revealed() -> impl IntoView {
    view! {
        <h1 id="revealed-title" tabindex="-1">"Your secret"</h1>
        <p id="left" role="status"></p>
        <div id="text-part" class="screen-only">
            // Not a text area, which would turn every line end into a bare line feed.
            <pre
                id="text"
                class="secret"
                role="textbox"
                aria-label="The secret"
                aria-readonly="true"
                aria-multiline="true"
                tabindex="0"
                translate="no"
            ></pre>
            <div class="row">
                <button id="copy" type="button">"Copy"</button>
                <button id="download" type="button">"Download"</button>
            </div>
            <p id="copied" class="said" role="status"></p>
        </div>
        <div id="files-part" class="screen-only" hidden>
            <h2>"Files"</h2>
            <ul id="files" class="files"></ul>
        </div>
        <p id="concealed" class="secret concealed screen-only" hidden>"Hidden. It is still in this page: press Show."</p>
        <button id="conceal" type="button" class="screen-only">"Hide"</button>
        <p class="print-only">"The secret is not printed."</p>
    }
}
