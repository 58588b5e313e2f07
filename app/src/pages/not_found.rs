use leptos::prelude::*;

use super::Meta;

pub(super) const META: Meta = Meta {
    route: "(not found)",
    title: "There is no such page",
    description: "There is nothing at this address.",
    indexed: false,
    islands: false,
    questions: &[],
    view: |_| view().into_any(),
};

fn view() -> impl IntoView {
    view! {
        <h1>"There is no such page"</h1>
        <p class="lead">"Nothing was opened, and no view of any secret was used up."</p>
        <div class="prose">
            <h2>"If somebody sent you a secret"</h2>
            <p>"A part of the link was lost or changed on the way. The whole link has "<code>"/s/"</code>" in the middle, then 16 characters, then "<code>"#k="</code>" and a long row of letters. Copy all of it from the message, in one go. If that does not help, ask the sender for the link again."</p>
            <h2>"If you sent one"</h2>
            <p>"Your receipt link has "<code>"/receipt#t="</code>" in it. Without it nobody can look up what became of the secret. It ends by itself when its time is up."</p>
            <h2>"Otherwise"</h2>
            <ul>
                <li><a href="/">"Send a secret"</a></li>
                <li><a href="/one-time-secret-link">"How one-time secret links work"</a></li>
                <li><a href="/guides">"Guides, for passwords, keys and files"</a></li>
                <li><a href="/security">"What is encrypted, stored and deleted"</a></li>
            </ul>
        </div>
    }
}
